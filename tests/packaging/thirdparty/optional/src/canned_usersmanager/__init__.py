"""A third-party plugin that changes what a call means: it sends nothing."""

from usersmanager import Response
from usersmanager.plugins import hookimpl


class Canned:
    @hookimpl
    def usersmanager_wrap_call(self):
        return Response(200, {"Content-Type": "application/json"}, b'{"sub": "canned"}')
