from django.urls import path

from .rest import Me
from .views import me

urlpatterns = [
    path("me", me),
    path("rest/me", Me.as_view()),
]
