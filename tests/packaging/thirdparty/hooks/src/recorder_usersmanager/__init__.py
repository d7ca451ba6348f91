"""A third-party plugin that implements each hook, and records their calls."""

from usersmanager.plugins import hookimpl, run, sleep

events = []


class Recorder:
    @hookimpl
    def usersmanager_request(self, request):
        events.append(f"request {request.attempt}")
        return request.with_headers({"X-Attempt": str(request.attempt)})

    @hookimpl
    def usersmanager_response(self, request, response):
        events.append(f"response {request.headers['X-Attempt']}: {response.status}")

    @hookimpl
    def usersmanager_wrap_call(self, request, proceed):
        events.append("call begins")
        yield from sleep(0.001)
        events.append((yield from run(sync=lambda: "sync", async_=self.mode)))
        response = yield from proceed(request)
        events.append(f"call ends: {response.status}")
        return response

    async def mode(self):
        return "async"

    @hookimpl
    def usersmanager_wrap_attempt(self, request, proceed):
        events.append(f"attempt {request.attempt} begins")
        try:
            return (yield from proceed(request))
        finally:
            events.append(f"attempt {request.attempt} ends")

    @hookimpl
    def usersmanager_done(self, request, response, error, elapsed):
        assert 0 < elapsed < 60
        events.append(f"done: {response and response.status}, {type(error).__name__}")

    @hookimpl
    def usersmanager_close(self):
        events.append("close")

    @hookimpl
    async def usersmanager_aclose(self):
        events.append("aclose")
