"""An exception at any line of the cache ends its call alone, and leaves the cache usable."""

from __future__ import annotations

import linecache
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from tests.isolation.interrupting import attempt, interrupt_at_each, shown_by
from tests.isolation.moments import LineRecorder, Moment, Recorder, ReturnRecorder
from tests.plugins.cache.calling import JSON, Provider
from tests.plugins.cache.clocks import Clocks, simulated_clocks
from tests.plugins.cache.support import SECRET, DictStore
from tests.support import TENANT

import usersmanager_cache
from usersmanager import DisconnectedError, Response, UsersManager
from usersmanager_cache import Cache

FOLDER = os.path.dirname(usersmanager_cache.__file__)
STORE = ("access.py", "health.py", "interval.py", "sealing.py", "shared.py", "stores.py")
TOKEN = "a-secret-token"
INVALID = Response(401, JSON, b'{"error": "invalid_token"}')


class Play:
    """A cache, and a manager that uses it."""

    def __init__(self, clocks: Clocks, store: Any) -> None:
        self.clocks = clocks
        self.provider = Provider()
        more = {} if store is None else {"store": store(), "secret": SECRET}
        self.cache = Cache(
            max_age=60, stale_if_error=300, negative_max_age=30, max_entries=2, **more
        )
        self.users = UsersManager(
            TENANT,
            transport=self.provider,
            plugins=[self.cache],
            discover=False,
        )

    def call(self) -> Any:
        return self.users.get_info(TOKEN)

    def call_later(self, outcome: Any) -> None:
        """Keep a profile, and let it become stale."""
        self.call()
        self.clocks.advance(60)
        self.provider.outcome = outcome

    def be_full(self) -> None:
        for token in ("a", "b"):
            self.users.get_info(token)

    def fail(self, outcome: Any) -> None:
        self.provider.outcome = outcome
        attempt(self.call)


class Scene(NamedTuple):
    """What happens before the call that is interrupted, and that call."""

    prepare: Callable[[Play], object]
    act: Callable[[Play], object] = Play.call


SCENES = {
    "miss": Scene(lambda play: None),
    "miss while it is full": Scene(Play.be_full),
    "hit": Scene(Play.call),
    "stale": Scene(lambda play: play.call_later(Response(503))),
    "stale after an error": Scene(lambda play: play.call_later(DisconnectedError("gone"))),
    "error": Scene(lambda play: setattr(play.provider, "outcome", DisconnectedError("gone"))),
    "rejected": Scene(lambda play: play.call_later(INVALID)),
    "limited": Scene(
        lambda play: setattr(play.provider, "outcome", Response(429, {"Retry-After": "9"}))
    ),
    "refused": Scene(lambda play: play.fail(INVALID)),
    "forget": Scene(Play.call, lambda play: play.cache.forget(TOKEN)),
}


def play(scene: Scene, recorder: Recorder, store: Any) -> list[str]:
    """Return what is wrong after a scene in which `recorder` raises."""
    with simulated_clocks() as clocks:
        one = Play(clocks, store)
        try:
            scene.prepare(one)
            with recorder:
                ended = attempt(lambda: scene.act(one))
            problems = check(one, recorder, ended.error)
            recorder.error.with_traceback(None)
            return problems
        finally:
            one.users.close()


def check(one: Play, recorder: Recorder, error: BaseException | None) -> list[str]:
    problems = []
    if recorder.raised and error is not recorder.error:
        problems.append(f"it ended with {error!r}")
    if error is recorder.error:
        problems += shown_by(error, TOKEN)
    one.provider.outcome = None
    one.clocks.advance(60)
    for token in (TOKEN, "another", TOKEN):
        ended = attempt(lambda token=token: one.users.get_info(token, timeout=5))
        if ended.result is None or ended.result.sub != token:
            problems.append(f"the next call ended with {ended}")
    one.cache.forget("another")
    if one.cache._lookup._flight._flights._open:
        problems.append("a flight is left")
    if one.cache.stats.entries > 2:
        problems.append("there are too many entries")
    return problems


@pytest.mark.parametrize(
    "recorder", [pytest.param(LineRecorder, marks=pytest.mark.slow), ReturnRecorder]
)
@pytest.mark.parametrize(
    "store", [None, pytest.param(DictStore, marks=pytest.mark.slow)], ids=["memory", "store"]
)
@pytest.mark.parametrize("scene", SCENES)
def test_an_interruption_at_any_moment_harms_no_other_call(
    scene: str, store: Any, recorder: type[Recorder]
) -> None:
    recording = recorder()
    play(SCENES[scene], recorder(), store)
    assert play(SCENES[scene], recording, store) == []
    moments = [
        moment for moment in recording.moments if is_ours(moment) and recorder.is_possible(moment)
    ]
    assert len(moments) > 3
    interrupt_at_each(moments, recorder, lambda recorder: play(SCENES[scene], recorder, store))


def is_ours(moment: Moment) -> bool:
    """Whether it is a moment of the path of a call. test_interrupted_store.py is for the store."""
    folder, name = os.path.split(moment.file)
    line = linecache.getline(moment.file, moment.line).strip()
    # Nothing happens at a `try` that lets Python run signal handlers. The token is sealed in the
    # first two statements that touch it.
    is_exempt = line in ("try:", "del token") or line.startswith("secret = Secret(token")
    return folder == FOLDER and name not in STORE and not is_exempt
