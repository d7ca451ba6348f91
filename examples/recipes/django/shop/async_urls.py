from django.urls import path

from .async_views import me

urlpatterns = [path("me", me)]
