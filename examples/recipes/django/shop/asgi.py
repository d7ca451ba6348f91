import os

from asgiref.typing import (
    ASGIReceiveCallable,
    ASGISendCallable,
    Scope,
)
from django.core.asgi import get_asgi_application

os.environ.setdefault(
    "DJANGO_SETTINGS_MODULE", "shop.settings"
)
django = get_asgi_application()

# They need the settings.
from .async_views import users  # noqa: E402


async def application(
    scope: Scope,
    receive: ASGIReceiveCallable,
    send: ASGISendCallable,
) -> None:
    if scope["type"] != "lifespan":
        await django(scope, receive, send)
        return
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await users.aclose()
    await send({"type": "lifespan.shutdown.complete"})
