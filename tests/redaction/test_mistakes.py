"""Whatever a caller, a plugin or a transport does wrong, nothing shows a token or a link."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from tests.redaction.canaries import BadCanary, Canary, bad_canaries, canaries
from tests.redaction.proof import assert_hidden, examples
from tests.redaction.watching import BOTH, MODES, Caller, watching
from tests.support import TENANT

from usersmanager import (
    ArgumentError,
    AsyncUsersManager,
    DisconnectedError,
    PluginError,
    Request,
    Response,
    TransportError,
    UsersManager,
    UsersManagerError,
)
from usersmanager.plugins import Flow, Middleware, Proceed, Token, hookimpl, run
from usersmanager.testing import FakeTransport
from usersmanager_headers import Headers

in_both_modes = pytest.mark.parametrize("mode", MODES)


# What plugins do wrong. None keeps the token in a variable of its own.


class Around:
    """A plugin made of one function."""

    def __init__(self, wrap: Any) -> None:
        self._wrap = wrap

    @hookimpl
    def usersmanager_wrap_call(self) -> Middleware:
        return self._wrap


def with_fields(make: Callable[[Request], Any]) -> Any:
    return lambda request, proceed: proceed(request.with_headers(make(request)))


def yields_text(request: Request, proceed: Proceed) -> Iterator[str]:
    yield request.token.reveal()


def ends_with_text(request: Request, proceed: Proceed) -> Any:
    yield from proceed(request)
    return request.token.reveal()


def fails_with_what_it_ran(request: Request, proceed: Proceed) -> Flow:
    async def revealed() -> str:
        return request.token.reveal()

    yield from run(request.token.reveal, revealed)
    raise PluginError("it was of no use")


def fails_to_run(request: Request, proceed: Proceed) -> Flow:
    async def fail() -> None:
        raise PluginError("no vault")

    yield from run(lambda: _raise(PluginError("no vault")), fail)
    return (yield from proceed(request))


def fails_after_the_answer(request: Request, proceed: Proceed) -> Flow:
    yield from proceed(request)
    raise PluginError("not this one")


def repeats_inside_an_except(request: Request, proceed: Proceed) -> Flow:
    try:
        return (yield from proceed(request))
    except TransportError:
        return (yield from proceed(request))


def _raise(error: BaseException) -> Any:
    raise error


PLUGINS: dict[str, Any] = {
    "a malformed header": with_fields(lambda request: {"X": request.token.reveal() + "\n"}),
    "a malformed name": with_fields(lambda request: {"X ": request.token.reveal()}),
    "a header of the client's": with_fields(
        lambda request: {"Authorization": f"Bearer {request.token.reveal()}"}
    ),
    "a header twice": with_fields(lambda request: [(x, request.token.reveal()) for x in "Xx"]),
    "all headers": with_fields(lambda request: request.headers_to_send()),
    "a malformed token": lambda request, proceed: proceed(
        request.with_token(request.token.reveal() + "\n")
    ),
    "text for a flow": lambda request, proceed: request.token.reveal(),
    "headers for a flow": lambda request, proceed: request.headers_to_send(),
    "text for an effect": yields_text,
    "text in the end": ends_with_text,
    "an error after it ran something": fails_with_what_it_ran,
    "an error in what it runs": fails_to_run,
    "an error after the answer": fails_after_the_answer,
    "a repetition inside an except": repeats_inside_an_except,
}


@in_both_modes
@pytest.mark.parametrize("name", PLUGINS)
@examples(3)
@given(canary=canaries)
def test_a_plugins_mistake_shows_nothing(name: str, mode: str, canary: Canary) -> None:
    script = [DisconnectedError("x"), Response(200, {}, canary.fill("TOKEN LINK"))]
    for ask in BOTH.values():
        for first in range(2):
            caller = Caller(mode)
            with watching(caller):
                error = caller.played(
                    ask(canary), *script[first:] * 4, plugins=[Around(PLUGINS[name])]
                )
            assert isinstance(error, UsersManagerError), error
            assert_hidden(canary, caller, [error])


@in_both_modes
@examples(3)
@given(canary=canaries)
def test_a_mistake_in_the_headers_that_the_plugin_computes_shows_nothing(
    mode: str, canary: Canary
) -> None:
    headers = Headers(lambda request: {"X": request.token.reveal() + "\n"})
    caller = Caller(mode)
    with watching(caller):
        errors = [caller.played(ask(canary), plugins=[headers]) for ask in BOTH.values()]
    assert all(isinstance(error, PluginError) for error in errors)
    assert_hidden(canary, caller, errors)


# What transports do wrong. They keep the token in variables: no frame of theirs may remain.
# The text of an unknown exception is its author's: it passes through as it is.


def raises_a_raw_error(request: Request) -> Response:
    headers = request.headers_to_send()
    raise ValueError(f"can't send {len(headers)} fields")


def raises_a_chained_error(request: Request) -> Response:
    try:
        raise ValueError(str(request.headers_to_send()))
    except ValueError as error:
        raise RuntimeError("can't send") from error


def raises_an_error_in_a_context(request: Request) -> Response:
    try:
        raise OSError(str(request.headers_to_send()))
    except OSError:
        return raises_a_raw_error(request)


def answers_with_text(request: Request) -> Any:
    return request.token.reveal()


def answers_with_the_headers(request: Request) -> Any:
    return (401, request.headers_to_send())


TRANSPORTS: dict[str, Callable[[Request], Any]] = {
    "a raw error": raises_a_raw_error,
    "a chained error": raises_a_chained_error,
    "an error in a context": raises_an_error_in_a_context,
    "text for a response": answers_with_text,
    "headers for a response": answers_with_the_headers,
}


@in_both_modes
@pytest.mark.parametrize("name", TRANSPORTS)
@examples(3)
@given(canary=canaries)
def test_a_transports_mistake_shows_nothing(name: str, mode: str, canary: Canary) -> None:
    for ask in BOTH.values():
        caller = Caller(mode)
        with watching(caller):
            error = caller.played(ask(canary), TRANSPORTS[name])
        assert isinstance(error, PluginError if "response" in name else ValueError | RuntimeError)
        assert_hidden(canary, caller, [error])


def hangs_our_error_on_a_raw_one(request: Request) -> Response:
    try:
        return raises_a_raw_error(request)
    except ValueError as error:
        raise DisconnectedError("the connection ended") from error


def hides_the_raw_error_from_print_alone(request: Request) -> Response:
    try:
        return raises_a_raw_error(request)
    except ValueError:
        raise DisconnectedError("the connection ended") from None


@in_both_modes
@pytest.mark.parametrize(
    "transport", [hangs_our_error_on_a_raw_one, hides_the_raw_error_from_print_alone]
)
@examples(3)
@given(canary=canaries)
def test_a_transport_that_forgets_to_bare_its_error_shows_nothing(
    transport: Any, mode: str, canary: Canary
) -> None:
    for ask in BOTH.values():
        caller = Caller(mode)
        with watching(caller):
            error = caller.played(ask(canary), transport, transport)
        assert isinstance(error, DisconnectedError)
        assert_hidden(canary, caller, [error])


@in_both_modes
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
@examples(2)
@given(canary=canaries)
def test_what_interrupts_a_transport_shows_nothing(
    kind: type[BaseException], mode: str, canary: Canary
) -> None:
    def interrupted(request: Request) -> Response:
        headers = request.headers_to_send()
        raise kind(len(headers))

    for ask in BOTH.values():
        caller = Caller(mode)
        with watching(caller):
            error = caller.played(ask(canary), interrupted)
        assert isinstance(error, kind)
        assert_hidden(canary, caller, [error])


# What callers do wrong.


@in_both_modes
@examples(8)
@given(canary=bad_canaries)
def test_of_what_is_no_token_not_six_characters_are_shown(mode: str, canary: BadCanary) -> None:
    renewing = Around(lambda request, proceed: proceed(request.with_token(canary.token)))
    caller = Caller(mode)
    with watching(caller):
        errors = [
            *(caller.played(ask(canary)) for ask in BOTH.values()),
            caller.played(lambda users: users.get_info("good"), plugins=[renewing]),
            caller.played(lambda users: users.get_info([canary.token])),
            caller.played(lambda users: users.get_info(canary.token.encode(errors="replace"))),
        ]
        try:
            Token(canary.token)
        except ArgumentError as error:
            errors.append(error)
    assert len(errors) == 6
    assert all(isinstance(error, ArgumentError) for error in errors)
    assert_hidden(canary, caller, errors)


class Vault(Mapping[str, Any]):
    """Settings that are read one by one, until the vault is closed."""

    def __init__(self, canary: Canary) -> None:
        self._canary = canary

    def __getitem__(self, name: str) -> Any:
        if name == "closed":
            raise ConnectionError("the vault is closed")
        return self._canary.settings[name]

    def __iter__(self) -> Iterator[str]:
        return iter([*self._canary.settings, "closed"])

    def __len__(self) -> int:
        return len(self._canary.settings) + 1

    def __repr__(self) -> str:
        return "<vault>"


SETTINGS: dict[str, Callable[[Canary], Any]] = {
    "text": lambda canary: canary.token,
    "bytes": lambda canary: canary.token.encode(),
    "pairs": lambda canary: list(canary.settings.items()),
    "a set": lambda canary: {canary.token},
    "an unknown name": lambda canary: {**canary.settings, "access_token": canary.token},
    "a misspelled name": lambda canary: {**canary.settings, "Token": canary.token},
    "the token as a name": lambda canary: {**canary.settings, canary.token: True},
    "no protocol": lambda canary: {**canary.settings, "protocol": " "},
    "no impersonator": lambda canary: {**canary.settings, "impersonator_id": 7},
    "two client ids": lambda canary: {**canary.settings, "client_id": "a", "clientId": "b"},
    "parameters that are a list": lambda canary: {
        **canary.settings,
        "additional_parameters": [canary.token],
    },
    "parameters twice": lambda canary: {
        **canary.settings,
        "additional_parameters": {"hint": canary.token},
        "additionalParameters": {"hint": canary.token},
    },
    "parameters that are no json": lambda canary: {
        **canary.settings,
        "additional_parameters": {"hint": canary.token, "when": object()},
    },
    "parameters beside a blank protocol": lambda canary: {
        **canary.settings,
        "additional_parameters": {"hint": canary.token},
        "protocol": " ",
    },
    "parameters beside a bad token": lambda canary: {
        **canary.settings,
        "additional_parameters": {"hint": canary.token},
        "token": "no token",
    },
    "a list for the token": lambda canary: {**canary.settings, "token": [canary.token]},
    "a vault that closes": Vault,
}


@in_both_modes
@pytest.mark.parametrize("name", SETTINGS)
@examples(4)
@given(canary=canaries)
def test_bad_settings_show_nothing(name: str, mode: str, canary: Canary) -> None:
    caller = Caller(mode)
    with watching(caller):
        error = caller.played(lambda users: users.impersonate("u", SETTINGS[name](canary)))
    assert isinstance(error, ArgumentError | ConnectionError), error
    assert_hidden(canary, caller, [error])


@in_both_modes
@examples(3)
@given(canary=canaries)
def test_parameters_that_hold_the_token_show_nothing_when_the_call_fails(
    mode: str, canary: Canary
) -> None:
    caller = Caller(mode)
    with watching(caller):
        error = caller.played(
            lambda users: users.impersonate(
                "u", {**canary.settings, "additional_parameters": {"hint": canary.token}}
            ),
            Response(500),
        )
    # The body is the caller's own words then, and shown by nothing but itself.
    caller.eye.seen = [thing for thing in caller.eye.seen if not isinstance(thing, bytes)]
    assert_hidden(canary, caller, [error])


# Below, the frames hold what the caller put into the wrong place, as the caller's own do.
# The errors are without frames then: they themselves must not quote it.

MISPLACED: dict[str, Callable[[Canary], Callable[[Any], Any]]] = {
    "settings for a user id": lambda canary: lambda users: users.impersonate(canary.settings, "u"),
    "a token for a callback": lambda canary: lambda users: users.get_info("t", canary.token),
    "a token for a timeout": lambda canary: lambda users: users.get_info("t", timeout=canary.token),
    "settings for a subject": lambda canary: (
        lambda users: users.get_info("t", expected_subject=canary.settings)
    ),
}


@in_both_modes
@pytest.mark.parametrize("name", MISPLACED)
@examples(2)
@given(canary=canaries)
def test_a_secret_in_the_wrong_place_is_not_quoted(name: str, mode: str, canary: Canary) -> None:
    caller = Caller(mode)
    with watching(caller):
        error = caller.played(MISPLACED[name](canary))
    assert isinstance(error, ArgumentError)
    assert_hidden(canary, caller, [error._without_traceback()])


CONSTRUCTORS: dict[str, Callable[[Canary], dict[str, Any]]] = {
    "a header of the client's": lambda canary: {"headers": {"Authorization": canary.token}},
    "a malformed header": lambda canary: {"headers": {"X-Key": canary.token + "\n"}},
    "headers that are text": lambda canary: {"headers": f"X-Key: {canary.token}"},
    "a password in the address": lambda canary: {"base_url": f"https://u:{canary.token}@t.example"},
    "a query in the address": lambda canary: {"base_url": f"https://t.example?key={canary.token}"},
    "a token for an address": lambda canary: {"base_url": canary.token},
    "a token for a timeout": lambda canary: {"timeout": canary.token},
    "a token for plugins": lambda canary: {"plugins": canary.token},
}


@in_both_modes
@pytest.mark.parametrize("name", CONSTRUCTORS)
@examples(3)
@given(canary=canaries)
def test_what_a_manager_can_not_be_made_of_is_not_quoted(
    name: str, mode: str, canary: Canary
) -> None:
    caller = Caller(mode)
    with watching(caller):
        error = _not_made(caller, lambda: CONSTRUCTORS[name](canary))
    assert_hidden(canary, caller, [error._without_traceback()])


def _not_made(caller: Caller, settings: Callable[[], dict[str, Any]]) -> UsersManagerError:
    kind: Any = UsersManager if caller.is_blocking else AsyncUsersManager
    try:
        kind(**{"base_url": TENANT, "transport": FakeTransport(), "discover": False, **settings()})
    except UsersManagerError as error:
        return error
    raise AssertionError("it was made")


@in_both_modes
def test_a_traceback_through_a_manager_that_was_not_made_can_be_shown(mode: str) -> None:
    error = _not_made(Caller(mode), lambda: {"base_url": ""})
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert "UsersManager" in "".join(shown.format())
