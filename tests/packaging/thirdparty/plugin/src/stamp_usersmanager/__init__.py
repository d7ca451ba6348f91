"""A small third-party plugin: it adds a header to every attempt."""

from usersmanager.plugins import hookimpl


class Stamp:
    @hookimpl
    def usersmanager_wrap_attempt(self):
        return self.around

    def around(self, request, proceed):
        response = yield from proceed(request.with_headers({"X-Stamp": "stamped"}))
        return response
