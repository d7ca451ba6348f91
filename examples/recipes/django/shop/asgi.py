import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.async_settings")
django = get_asgi_application()


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    else:
        await django(scope, receive, send)


async def lifespan(receive, send):
    from .async_views import users  # Imported late, because it needs the settings.

    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await users.aclose()
    await send({"type": "lifespan.shutdown.complete"})
