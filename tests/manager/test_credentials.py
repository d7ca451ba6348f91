"""Credentials of operations: when they are applied, and what they change."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.support import TENANT

from usersmanager import ArgumentError, PluginError, UnauthorizedError
from usersmanager.operations import Bearer, Operation, Request, Response, Secret, read_json
from usersmanager.plugins import Flow, Proceed, hookimpl
from usersmanager.testing import FakeTransport


class Assertion:
    """A credential with a new value for each attempt."""

    def __init__(self) -> None:
        self.made = 0

    def authorize(self, request: Request) -> Request:
        self.made += 1
        return request.with_form({"client_assertion": Secret(f"assertion-{self.made}")})


class Raising:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def authorize(self, request: Request) -> Request:
        raise self.error


class Returning:
    def authorize(self, request: Request) -> Any:
        return "hush"


class Keeping:
    """A credential that authorizes once, and returns the same request ever after."""

    def __init__(self) -> None:
        self.kept: Request | None = None

    def authorize(self, request: Request) -> Request:
        self.kept = self.kept or request.with_token("a-token")
        return self.kept


class Log:
    """A plugin that notes the credentials in the requests that it sees."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, bytes | None]] = []

    def note(self, hook: str, request: Request) -> None:
        self.seen.append((hook, request.token.reveal(), request.body))

    @hookimpl
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        self.note("call", request)
        return (yield from proceed(request))

    @hookimpl
    def usersmanager_request(self, request: Request) -> None:
        self.note("request", request)

    @hookimpl
    def usersmanager_wrap_attempt(self, request: Request, proceed: Proceed) -> Flow[Response]:
        self.note("attempt", request)
        return (yield from proceed(request))


def operation(credential: Any, **changes: Any) -> Operation[dict[str, Any]]:
    settings: dict[str, Any] = {"form": {"a": "1"}, "idempotent": True, **changes}
    return Operation("op", "POST", path="/x", read=read_json, credential=credential, **settings)


def call(mode: Any, fake: FakeTransport, credential: Any, **changes: Any) -> list[Any]:
    """Perform an operation, and return what a plugin has seen."""
    log = Log()
    settings = {"transport": fake, "plugins": [log], "discover": ["retry"]}
    mode.call("call", operation(credential, **changes), base_url=TENANT, **settings)
    return log.seen


def test_a_bearer_token_is_in_every_request_that_a_plugin_sees(
    mode: Any, fake: FakeTransport
) -> None:
    fake.status(503, retry_after="0").profile("u")
    seen = call(mode, fake, Bearer("t"), form=None)
    assert seen == [("call", "t", b""), *[("request", "t", b""), ("attempt", "t", b"")] * 2]


def test_a_plugin_around_the_call_can_replace_a_bearer_token(
    mode: Any, fake: FakeTransport
) -> None:
    class Refresh:
        @hookimpl
        def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
            return (yield from proceed(request.with_token("new")))

    settings = {"transport": fake.profile("u"), "plugins": [Refresh()], "discover": False}
    mode.call("call", operation(Bearer("old")), base_url=TENANT, **settings)
    assert fake.requests[0].token.reveal() == "new"


def test_any_other_credential_is_applied_to_each_attempt_before_its_plugins(
    mode: Any, fake: FakeTransport
) -> None:
    fake.status(503, retry_after="0").profile("u")
    first, second = (f"a=1&client_assertion=assertion-{n}".encode() for n in (1, 2))
    assert call(mode, fake, Assertion()) == [
        ("call", "", b"a=1"),
        ("request", "", first),
        ("attempt", "", first),
        ("request", "", second),
        ("attempt", "", second),
    ]
    assert [request.body for request in fake.requests] == [first, second]
    assert [request.attempt for request in fake.requests] == [1, 2]


@pytest.mark.parametrize("error", [KeyError("x"), KeyboardInterrupt(), ArgumentError("no key")])
def test_what_a_credential_raises_reaches_the_caller_unchanged(
    mode: Any, fake: FakeTransport, error: BaseException
) -> None:
    with pytest.raises(type(error)) as caught:
        call(mode, fake, Raising(error))
    assert caught.value is error
    assert fake.requests == []


def test_a_stop_iteration_of_a_credential_is_a_mistake(mode: Any, fake: FakeTransport) -> None:
    with pytest.raises(PluginError, match=r"^Raising\.authorize raised StopIteration") as caught:
        call(mode, fake, Raising(StopIteration()))
    assert caught.value.__cause__ is not None
    assert fake.requests == []


def test_a_credential_that_returns_no_request_is_a_mistake(mode: Any, fake: FakeTransport) -> None:
    with pytest.raises(PluginError, match=r"^Returning\.authorize returned str: return a Request$"):
        call(mode, fake, Returning())


def test_a_credential_that_returns_the_request_of_another_call_is_a_mistake(
    mode: Any, fake: FakeTransport
) -> None:
    credential = Keeping()
    call(mode, fake.profile("u"), credential)
    with pytest.raises(
        PluginError, match=r"^Keeping\.authorize returned a Request of another call"
    ):
        call(mode, fake, credential)
    assert len(fake.requests) == 1


@pytest.mark.parametrize("secret", ["p@ss/word", "a word", "hush"])
def test_the_password_of_basic_credentials_is_removed_from_an_echo(
    mode: Any, fake: FakeTransport, secret: str
) -> None:
    class Basic:
        def authorize(self, request: Request) -> Request:
            encoded = base64.b64encode(f"client:{secret}".encode()).decode()
            return request.with_token(Secret(encoded), scheme="Basic")

    body = f'{{"error": "invalid_client", "error_description": "not {secret}, no"}}'.encode()
    fake.add(Response(401, {"Content-Type": "application/json"}, body))
    with pytest.raises(UnauthorizedError, match=r"not \[redacted\], no$"):
        call(mode, fake, Basic())
    assert fake.requests[0].headers_to_send()["Authorization"].startswith("Basic ")


def test_a_credential_of_another_kind_counts_as_a_changed_token(
    mode: Any, fake: FakeTransport
) -> None:
    """A cache would otherwise keep a response for the token that it saw: none."""

    class Basic:
        def authorize(self, request: Request) -> Request:
            return request.with_token("abc", scheme="Basic")

    call(mode, fake.profile("u"), Basic())
    assert fake.requests[0].call.token_changed
