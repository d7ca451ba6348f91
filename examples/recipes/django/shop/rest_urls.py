from django.urls import path

from .rest import Me

urlpatterns = [path("rest/me", Me.as_view())]
