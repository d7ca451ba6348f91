"""A small third-party plugin: it adds a header to every attempt."""

from usersmanager.plugins import hookimpl


class Stamp:
    @hookimpl
    def usersmanager_request(self, request):
        return request.with_headers({"X-Stamp": "stamped"})
