from .settings import ALLOWED_HOSTS, MIDDLEWARE, SECRET_KEY

__all__ = [
    "ALLOWED_HOSTS",
    "MIDDLEWARE",
    "ROOT_URLCONF",
    "SECRET_KEY",
]

ROOT_URLCONF = "shop.async_urls"
