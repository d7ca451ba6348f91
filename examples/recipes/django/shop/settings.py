import os

SECRET_KEY = "only for this example"
ALLOWED_HOSTS = ["127.0.0.1"]
# Each kind of views has URLs of its own.
ROOT_URLCONF = os.environ.get("ROOT_URLCONF", "shop.urls")
MIDDLEWARE = ["shop.middleware.AnswerErrors"]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "shop.authentication.BearerAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated"
    ],
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer"
    ],
    "EXCEPTION_HANDLER": "shop.rest.answer",
    "UNAUTHENTICATED_USER": None,
}
