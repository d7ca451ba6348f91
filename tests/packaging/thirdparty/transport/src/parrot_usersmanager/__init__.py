"""A small third-party transport, sync and async: it returns a header of the request."""

import json

from usersmanager import Response
from usersmanager.plugins import hookimpl


class Parrot:
    def send(self, request):
        profile = {"sub": "parrot", "stamp": request.headers.get("X-Stamp")}
        body = json.dumps(profile).encode()
        return Response(200, {"Content-Type": "application/json"}, body)

    def close(self):
        pass

    async def asend(self, request):
        return self.send(request)

    async def aclose(self):
        pass


@hookimpl
def usersmanager_transport():
    return Parrot()


@hookimpl
def usersmanager_async_transport():
    return Parrot()
