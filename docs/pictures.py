"""Draw the pictures of the page "How it works" from a call that is really made.

Run `python docs/pictures.py` after a change; a test compares the files with what it would draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

from usersmanager import Request, Response, UsersManager
from usersmanager.plugins import Flow, Proceed, hookimpl
from usersmanager.testing import FakeTransport

FOLDER = Path(__file__).parent / "pictures"
WIDTH, ROW, INDENT = 560, 26, 28

Event = tuple[int, str, str]
"""Depth, text, and kind: "hook", "send", "wait" or "plain"."""

_STYLE = """
  rect { fill: #fff; stroke: #adb5bd }
  .hook { fill: #e7f0fb; stroke: #4c80c0 }
  .send { fill: #e6f4ea; stroke: #3c9a5f }
  .wait { fill: #fff4de; stroke: #c98a12 }
  text { fill: #222; font: 14px ui-monospace, Menlo, Consolas, monospace }
"""


class Recorder:
    """A plugin that records when each of its hooks is called."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events

    def _add(self, depth: int, text: str, kind: str = "hook") -> None:
        self.events.append((depth, text, kind))

    @hookimpl(tryfirst=True)
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        """Record the beginning and the end of the call."""
        self._add(1, "usersmanager_wrap_call")
        response = yield from proceed(request)
        self._add(1, f"usersmanager_wrap_call: {response.status}")
        return response

    @hookimpl
    def usersmanager_request(self, request: Request) -> None:
        """Record it."""
        self._add(2, f"usersmanager_request: attempt {request.attempt}")

    @hookimpl
    def usersmanager_wrap_attempt(self, request: Request, proceed: Proceed) -> Flow[Response]:
        """Record the beginning and the end of the attempt."""
        self._add(3, "usersmanager_wrap_attempt")
        response = yield from proceed(request)
        self._add(3, f"usersmanager_wrap_attempt: {response.status}")
        return response

    @hookimpl
    def usersmanager_response(self) -> None:
        """Record it."""
        self._add(2, "usersmanager_response")

    @hookimpl
    def usersmanager_done(self) -> None:
        """Record it."""
        self._add(1, "usersmanager_done")


class RecordingTransport(FakeTransport):
    """Answers 503 and then a profile, and records that it was asked to."""

    def __init__(self, events: list[Event]) -> None:
        super().__init__()
        self.events = events
        self.status(503, retry_after="1").profile("auth0|123")

    def send(self, request: Request) -> Response:
        """Record it."""
        self.events.append((4, "transport.send(request)", "send"))
        return super().send(request)

    def sleep(self, seconds: float) -> None:
        """Record it."""
        self.events.append((2, f"the plugin retry waits {seconds:.0f} s", "wait"))
        super().sleep(seconds)


def call_events() -> list[Event]:
    """Return what happens in a call whose first attempt fails."""
    events: list[Event] = [(0, "users.get_info(token)", "plain")]
    transport = RecordingTransport(events)
    plugins = [Recorder(events)]
    with UsersManager(
        "https://tenant.example", transport=transport, plugins=plugins, discover=["retry"]
    ) as users:
        users.get_info("a-token")
    return [*events, (0, "the profile is returned", "plain")]


def flow_events() -> list[Event]:
    """Return the effects that the flow of the same call yields, and what it is resumed with."""
    events: list[Event] = []
    transport = FakeTransport().status(503, retry_after="1").profile("auth0|123")
    with UsersManager("https://tenant.example", transport=transport, discover=["retry"]) as users:
        flow, _ = users._prepare_get_info(_seal("a-token"), None, None, None).start()
        result: Response | None = None
        events.append((0, "driver: next(flow)", "plain"))
        while True:
            try:
                effect = flow.send(result)
            except StopIteration:
                return [*events, (1, "flow: return the profile", "hook")]
            name = type(effect).__name__
            events.append((1, f"flow: yield {name}", "hook"))
            if name == "Send":
                result = transport.send(effect.request)
                events.append((2, "driver: transport.send(request)", "send"))
                events.append((0, f"driver: flow.send({result.status} response)", "plain"))
            else:
                result = None
                events.append((2, f"driver: sleep({effect.seconds:.0f})", "wait"))
                events.append((0, "driver: flow.send(None)", "plain"))


def _seal(token: str) -> object:
    from usersmanager.plugins import Secret

    return Secret(token)


def draw(events: list[Event], title: str) -> str:
    """Return a picture: a box for each event, one below the other, indented by its depth."""
    return "\n".join(_lines(events, title)) + "\n"


def _lines(events: list[Event], title: str) -> Iterator[str]:
    height = ROW * len(events) + 16
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        f' width="{WIDTH}" height="{height}" role="img" aria-label="{escape(title)}">'
    )
    yield f"<style>{_STYLE}</style>"
    yield f'<rect width="{WIDTH}" height="{height}" rx="6" style="fill: #fafbfc"/>'
    for number, (depth, text, kind) in enumerate(events):
        left, top = 12 + INDENT * depth, 10 + ROW * number
        width = WIDTH - 12 - left
        yield f'<rect class="{kind}" x="{left}" y="{top}" width="{width}" height="22" rx="4"/>'
        yield f'<text x="{left + 8}" y="{top + 16}">{escape(text)}</text>'
    yield "</svg>"


PICTURES: dict[str, tuple[Callable[[], list[Event]], str]] = {
    "call.svg": (call_events, "The path of a call that is retried once"),
    "flow.svg": (flow_events, "The flow of the same call and its driver"),
}


def main() -> None:
    """Write the pictures."""
    FOLDER.mkdir(exist_ok=True)
    for name, (events, title) in PICTURES.items():
        (FOLDER / name).write_text(draw(events(), title))


if __name__ == "__main__":
    main()
