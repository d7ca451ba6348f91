"""The two managers: construction, callbacks, deadlines, life and death."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest

from usersmanager import (
    ArgumentError,
    AsyncUsersManager,
    DecodeError,
    DisconnectedError,
    LifecycleError,
    RedirectError,
    Request,
    Response,
    SubjectMismatchError,
    UnauthorizedError,
    UsersManager,
    UsersManagerError,
)
from usersmanager.testing import FakeTransport

TENANT = "https://tenant.example"
Fetch = Callable[..., Any]
Refused = Callable[[Callable[[], object]], UsersManagerError]


def test_a_profile_is_a_result(fetch: Fetch, fake: FakeTransport) -> None:
    fake.profile("auth0|1", email="a@example.com")
    assert fetch() == {"sub": "auth0|1", "email": "a@example.com"}


def test_the_constructors_headers_go_with_every_request(
    fetch: Fetch, impersonate: Callable[..., Any], fake: FakeTransport
) -> None:
    fake.profile("u").link("https://t.example/x")
    fetch(headers={"X-Tenant": "7", "accept": "application/json;v=2"})
    impersonate(headers={"X-Tenant": "7"})
    assert [request.headers["X-Tenant"] for request in fake.requests] == ["7", "7"]
    assert fake.requests[0].headers.getall("Accept") == ["application/json;v=2"]


def test_a_callers_header_mapping_is_copied(fake: FakeTransport) -> None:
    mine = {"X-A": "1"}
    with UsersManager(TENANT, headers=mine, transport=fake.profile("u")) as users:
        mine["X-A"] = "2"
        users.get_info("t")
    assert fake.requests[0].headers["X-A"] == "1"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"headers": {"Authorization": "hush"}}, "can only be set by the client"),
        ({"headers": {"X-A": "a\r\nb"}}, "not printable ASCII"),
        ({"headers": [("X-A", "1")]}, "must be a mapping"),
        ({"client_id": " "}, "client_id must be"),
        ({"client_id": 7}, "client_id must be"),
        ({"timeout": 0}, "positive and finite"),
        ({"timeout": -1}, "positive and finite"),
        ({"timeout": float("nan")}, "positive and finite"),
        ({"timeout": float("inf")}, "positive and finite"),
        ({"timeout": None}, "number of seconds"),
        ({"timeout": True}, "number of seconds"),
        ({"timeout": "10"}, "number of seconds"),
    ],
)
@pytest.mark.parametrize("kind", [UsersManager, AsyncUsersManager])
def test_a_bad_setting_is_refused_at_construction(kind: Any, settings: Any, words: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        kind(TENANT, **settings)
    assert words in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("timeout", [0, -1, float("inf"), "1", True])
def test_a_bad_timeout_of_a_call_is_refused(fetch: Fetch, refused: Refused, timeout: Any) -> None:
    error = refused(lambda: fetch(timeout=timeout))
    assert isinstance(error, ArgumentError)
    assert "timeout must be" in str(error)


def test_the_deadline_is_the_calls_timeout_or_the_constructors(
    fetch: Fetch, fake: FakeTransport
) -> None:
    left: list[float] = []

    def note(request: Request) -> Response:
        left.append(request.remaining())
        return Response(200, {"Content-Type": "application/json"}, b'{"sub": "u"}')

    fake.add(note, note)
    fetch()
    fetch(timeout=3)
    assert 9 < left[0] <= 10
    assert 2 < left[1] <= 3


def test_a_redirect_is_an_error_and_not_followed(
    fetch: Fetch, fake: FakeTransport, refused: Refused
) -> None:
    fake.status(302, location="https://evil.example")
    assert isinstance(refused(fetch), RedirectError)
    assert len(fake.requests) == 1


@pytest.mark.parametrize(("expected", "same"), [("u", True), ("v", False), ("U", False)])
def test_the_expected_subject_is_compared_exactly(expected: str, same: bool) -> None:
    async def main() -> None:
        fake = FakeTransport().profile("u").profile("u")
        async with AsyncUsersManager(TENANT, transport=fake) as users:
            await users.get_info("t", expected_subject=expected)

    def blocking() -> None:
        with UsersManager(TENANT, transport=FakeTransport().profile("u")) as users:
            users.get_info("t", expected_subject=expected)

    for call in (blocking, lambda: asyncio.run(main())):
        if same:
            call()
            continue
        with pytest.raises(SubjectMismatchError) as caught:
            call()
        assert isinstance(caught.value, DecodeError)
        assert caught.value.operation == "get_info"


@pytest.mark.parametrize("bad", ["", " ", 7])
def test_a_bad_expected_subject_is_refused(bad: Any) -> None:
    with (
        UsersManager(TENANT, transport=FakeTransport()) as users,
        pytest.raises(ArgumentError, match="expected_subject"),
    ):
        users.get_info("t", expected_subject=bad)


# Callbacks, blocking.


def test_a_blocking_callback_is_given_the_result_once_and_the_method_returns_none() -> None:
    seen: list[Any] = []
    fake = FakeTransport().profile("u").link("https://t.example/x")
    with UsersManager(TENANT, transport=fake) as users:
        assert users.get_info("t", lambda *outcome: seen.append(outcome)) is None
        settings = {"impersonator_id": "i", "protocol": "p", "token": "t"}
        assert users.impersonate("u", settings, lambda *outcome: seen.append(outcome)) is None
    assert seen == [(None, {"sub": "u"}), (None, "https://t.example/x")]


def test_a_blocking_callback_is_given_the_error_once() -> None:
    seen: list[Any] = []
    with UsersManager(TENANT, transport=FakeTransport().status(401)) as users:
        assert users.get_info("t", lambda *outcome: seen.append(outcome)) is None
    ((error, result),) = seen
    assert isinstance(error, UnauthorizedError)
    assert result is None


@pytest.mark.parametrize("status", [200, 401])
def test_what_a_blocking_callback_raises_is_raised_and_it_is_not_called_again(status: int) -> None:
    seen: list[Any] = []

    def failing(error: Any, result: Any) -> None:
        seen.append((error, result))
        raise LookupError("mine")

    fake = FakeTransport().profile("u") if status == 200 else FakeTransport().status(status)
    with UsersManager(TENANT, transport=fake) as users, pytest.raises(LookupError):
        users.get_info("t", failing)
    assert len(seen) == 1


@pytest.mark.parametrize("kind", [UsersManager, AsyncUsersManager])
def test_bad_arguments_raise_at_the_call_callback_or_not(kind: Any) -> None:
    async def main() -> None:
        users = kind(TENANT, transport=FakeTransport())
        for callback in (None, lambda *outcome: pytest.fail("it was called")):
            with pytest.raises(ArgumentError):
                users.get_info("a b", callback)
            with pytest.raises(ArgumentError):
                users.impersonate("u", None, callback)
        with pytest.raises(ArgumentError, match="callback must be callable"):
            users.get_info("t", 7)
        await users.aclose() if kind is AsyncUsersManager else users.close()

    asyncio.run(main())


# Callbacks, asyncio.


def test_asyncio_callbacks_are_awaited_at_the_close() -> None:
    seen: list[Any] = []

    async def coroutine_callback(error: Any, result: Any) -> None:
        await asyncio.sleep(0)
        seen.append(("coroutine", error, result))

    async def main() -> None:
        fake = FakeTransport().profile("u").profile("v")
        async with AsyncUsersManager(TENANT, transport=fake) as users:
            assert users.get_info("t", lambda *outcome: seen.append(outcome)) is None
            assert users.get_info("t", coroutine_callback) is None
            assert seen == []

    asyncio.run(main())
    assert sorted(map(str, seen)) == [
        "('coroutine', None, <UserInfo sub='v' claims=[]>)",
        "(None, <UserInfo sub='u' claims=[]>)",
    ]


def test_an_asyncio_callback_is_given_the_error_once() -> None:
    seen: list[Any] = []

    async def main() -> None:
        fake = FakeTransport(DisconnectedError("gone"))
        async with AsyncUsersManager(TENANT, transport=fake, discover=False) as users:
            users.get_info("t", lambda *outcome: seen.append(outcome))

    asyncio.run(main())
    ((error, result),) = seen
    assert isinstance(error, DisconnectedError)
    assert result is None


def test_what_an_asyncio_callback_raises_goes_to_the_loops_handler() -> None:
    reported: list[Any] = []
    seen: list[Any] = []

    def failing(error: Any, result: Any) -> None:
        seen.append((error, result))
        raise LookupError("mine")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: reported.append(context["exception"]))
        async with AsyncUsersManager(TENANT, transport=FakeTransport().profile("u")) as users:
            users.get_info("t", failing)

    asyncio.run(main())
    assert len(seen) == 1
    assert isinstance(reported[0], LookupError)


def test_a_cancelled_call_still_calls_its_callback() -> None:
    seen: list[Any] = []

    async def main() -> None:
        users = AsyncUsersManager(TENANT, transport=Hanging())
        users.get_info("t", lambda *outcome: seen.append(outcome))
        await asyncio.sleep(0.01)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await users.aclose()

    asyncio.run(main())
    ((error, result),) = seen
    assert isinstance(error, LifecycleError)
    assert result is None


def test_a_callback_may_close_its_manager() -> None:
    async def main() -> None:
        fake = FakeTransport().profile("u")
        users = AsyncUsersManager(TENANT, transport=fake)
        closed = asyncio.Event()

        async def closing(error: Any, result: Any) -> None:
            await users.aclose()
            closed.set()

        users.get_info("t", closing)
        await asyncio.wait_for(closed.wait(), 5)
        assert fake.closed

    asyncio.run(main())


class Hanging:
    async def asend(self, request: Request) -> Response:
        await asyncio.sleep(60)
        raise AssertionError

    async def aclose(self) -> None: ...


# Life and death.


def test_a_closed_manager_refuses_calls_and_closes_its_transport_once(mode: Any) -> None:
    closes: list[str] = []

    class Counting(FakeTransport):
        def close(self) -> None:
            closes.append("closed")

    async def asynchronous() -> None:
        async with AsyncUsersManager(TENANT, transport=Counting()) as users:
            pass
        await users.aclose()
        with pytest.raises(LifecycleError, match="closed: make a new one"):
            users.get_info("t")
        with pytest.raises(LifecycleError, match="closed"):
            await users.__aenter__()

    def blocking() -> None:
        with UsersManager(TENANT, transport=Counting()) as users:
            pass
        users.close()
        with pytest.raises(LifecycleError, match="closed: make a new one"):
            users.get_info("t", lambda *outcome: pytest.fail("it was called"))
        with pytest.raises(LifecycleError, match="closed"):
            users.__enter__()

    if mode.name == "sync":
        blocking()
    else:
        asyncio.run(asynchronous())
    assert closes == ["closed"]


def test_a_call_made_before_the_close_and_awaited_after_it_is_refused() -> None:
    async def main() -> None:
        async with AsyncUsersManager(TENANT, transport=FakeTransport()) as users:
            call = users.get_info("t")
        with pytest.raises(LifecycleError, match="closed"):
            await call

    asyncio.run(main())


def test_a_second_event_loop_is_refused() -> None:
    users = AsyncUsersManager(TENANT, transport=FakeTransport().profile("u").profile("u"))

    async def call() -> None:
        await users.get_info("t")

    asyncio.run(call())
    for again in (call, users.aclose):
        with pytest.raises(LifecycleError, match="another event loop"):
            asyncio.run(again())
    users._loop = None
    asyncio.run(users.aclose())


def test_an_asyncio_callback_outside_a_loop_is_refused() -> None:
    users = AsyncUsersManager(TENANT, transport=FakeTransport())
    with pytest.raises(LifecycleError, match="running event loop"):
        users.get_info("t", lambda *outcome: None)


async def entered(users: Any) -> BaseException | None:
    """What `async with` raises."""
    try:
        await users.__aenter__()
    except LifecycleError as error:
        return error
    return None


def test_each_with_names_the_other() -> None:
    async def main() -> None:
        with UsersManager(TENANT, transport=FakeTransport()) as users:
            error = await entered(users)
        assert "use `with`, or AsyncUsersManager" in str(error)
        asynchronous = AsyncUsersManager(TENANT, transport=FakeTransport())
        with pytest.raises(LifecycleError, match="use `async with`, or UsersManager"), asynchronous:
            pass

    asyncio.run(main())


def test_a_manager_that_is_dropped_open_warns() -> None:
    async def asynchronous() -> None:
        users = AsyncUsersManager(TENANT, transport=FakeTransport().profile("u"))
        await users.get_info("t")

    with pytest.warns(ResourceWarning, match="unclosed <UsersManager .*use `with`"):
        UsersManager(TENANT, transport=FakeTransport())
    with pytest.warns(ResourceWarning, match="unclosed <AsyncUsersManager .*use `async with`"):
        asyncio.run(asynchronous())


def test_a_manager_that_could_not_be_made_dies_quietly() -> None:
    with pytest.raises(ArgumentError):
        UsersManager("nowhere")
    gc.collect()


def test_the_repr_of_a_manager_tells_what_it_is_made_of() -> None:
    with UsersManager(TENANT, transport=FakeTransport(), discover=False) as users:
        assert repr(users) == f"<UsersManager {TENANT} transport=FakeTransport plugins=none>"
    asynchronous = AsyncUsersManager(TENANT)
    assert repr(asynchronous) == (
        f"<AsyncUsersManager {TENANT} transport=aiohttp plugins=headers, logging, retry>"
    )


def test_threads_share_a_manager_and_each_gets_its_own_answer() -> None:
    class Echo:
        def send(self, request: Request) -> Response:
            body = b'{"sub": "%s"}' % request.token.reveal().encode()
            return Response(200, {"Content-Type": "application/json"}, body)

        def close(self) -> None: ...

    wrong: list[str] = []
    with UsersManager(TENANT, transport=Echo()) as users:

        def work(name: str) -> None:
            for number in range(200):
                token = f"{name}-{number}"
                if users.get_info(token).sub != token:
                    wrong.append(token)

        threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_a_request_has_a_template_that_is_the_same_for_every_user(fake: FakeTransport) -> None:
    settings = {"impersonator_id": "i", "protocol": "oauth2", "token": "t"}
    fake.profile("u").link("https://t.example/x")
    with UsersManager(f"{TENANT}/base", transport=fake) as users:
        users.get_info("t")
        users.impersonate("auth0|1", settings)
    sent = [(request.target, request.template) for request in fake.requests]
    assert sent == [
        ("/base/userinfo", "/base/userinfo"),
        ("/base/users/auth0%7C1/impersonate", "/base/users/{user_id}/impersonate"),
    ]
