"""Forgetting a token, forks, and waiting callers that expect a subject."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from tests.plugins.cache.calling import JSON
from tests.support import TENANT, in_child

from usersmanager import (
    ArgumentError,
    AsyncUsersManager,
    Response,
    SubjectMismatchError,
    UnauthorizedError,
    UsersManager,
)
from usersmanager.plugins import Token
from usersmanager.testing import FakeTransport
from usersmanager_cache import Cache


def forget(mode: Any, cache: Cache, token: Any) -> bool:
    return cache.forget(token) if mode.name == "sync" else asyncio.run(cache.aforget(token))


@pytest.mark.parametrize("kind", [str, Token])
def test_a_forgotten_token_is_requested_again(caller: Any, mode: Any, kind: Any) -> None:
    call = caller()
    call("ada")
    call("bob")
    assert forget(mode, call.cache, kind("ada"))
    assert forget(mode, call.cache, kind("never-seen"))
    call("ada")
    call("bob")
    assert call.requests == 3


def test_what_is_remembered_of_failures_is_forgotten_too(caller: Any, mode: Any) -> None:
    call = caller(negative_max_age=30)
    call.provider.outcome = Response(401, JSON, b'{"error": "invalid_token"}')
    with pytest.raises(UnauthorizedError):
        call()
    forget(mode, call.cache, "ada")
    call.provider.outcome = None
    assert call().sub == "ada"


@pytest.mark.parametrize("token", ["", "Bearer hush", "hush token", 7, None, b"hush"])
def test_what_is_no_token_is_an_argument_error_that_shows_nothing(mode: Any, token: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        forget(mode, Cache(), token)
    assert "hush" not in str(caught.value)
    frame = caught.tb
    while frame is not None:
        if "usersmanager_cache" in frame.tb_frame.f_code.co_filename:
            assert "hush" not in repr(frame.tb_frame.f_locals)
        frame = frame.tb_next


def test_calls_that_wait_compare_the_subject_they_expect() -> None:
    cache, gate, started = Cache(), threading.Event(), threading.Event()

    def respond(request: Any) -> Response:
        started.set()
        gate.wait(20)
        return Response(200, JSON, b'{"sub": "ada"}')

    ends: list[Any] = []
    with UsersManager(
        TENANT,
        transport=FakeTransport(respond),
        plugins=[cache],
        discover=False,
    ) as users:

        def call(subject: str | None) -> None:
            try:
                ends.append(users.get_info("t", expected_subject=subject).sub)
            except SubjectMismatchError as error:
                ends.append(type(error))

        threads = [threading.Thread(target=call, args=(s,)) for s in ("ada", "bob", None)]
        threads[0].start()
        started.wait(20)
        for thread in threads[1:]:
            thread.start()
        gate.set()
        for thread in threads:
            thread.join()
    assert sorted(ends, key=str) == sorted(["ada", "ada", SubjectMismatchError], key=str)


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_process_starts_without_entries_and_locks() -> None:
    cache = Cache()

    def settings(sub: str) -> dict[str, Any]:
        return {
            "transport": FakeTransport().profile(sub),
            "plugins": [cache],
            "discover": False,
        }

    def call(sub: str) -> str:
        with UsersManager(TENANT, **settings(sub)) as users:
            return users.get_info("t").sub

    async def acall(sub: str) -> str:
        async with AsyncUsersManager(TENANT, **settings(sub)) as users:
            return (await users.get_info("t")).sub

    assert call("parent") == "parent"
    held, forked = threading.Event(), threading.Event()

    def hold() -> None:
        with cache._counters._lock:
            held.set()
            forked.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(20)
    try:
        assert in_child(lambda: call("child") + asyncio.run(acall("late"))) == "childchild"
    finally:
        forked.set()
        thread.join()
    assert call("again") == "parent"
