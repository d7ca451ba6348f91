"""Mistakes of callers, plugins and transports show no token and no link."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from tests.redaction.assertions import assert_hidden
from tests.redaction.capture import OPERATIONS, CapturingClient
from tests.redaction.secrets import MALFORMED, Secrets
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


@pytest.fixture
def client(client_over_fake: CapturingClient) -> CapturingClient:
    return client_over_fake


# Plugins. None keeps the token in a variable of its own.


class MiddlewarePlugin:
    """A plugin around calls, made of one function."""

    def __init__(self, middleware: Any) -> None:
        self._middleware = middleware

    @hookimpl
    def usersmanager_wrap_call(self) -> Middleware:
        return self._middleware


def adding_headers(make_headers: Callable[[Request], Any]) -> Any:
    return lambda request, proceed: proceed(request.with_headers(make_headers(request)))


def yield_text(request: Request, proceed: Proceed) -> Iterator[str]:
    yield request.token.reveal()


def return_text(request: Request, proceed: Proceed) -> Any:
    yield from proceed(request)
    return request.token.reveal()


def fail_after_running_a_function(request: Request, proceed: Proceed) -> Flow:
    async def reveal() -> str:
        return request.token.reveal()

    yield from run(request.token.reveal, reveal)
    raise PluginError("the function did not help")


def fail_in_a_function(request: Request, proceed: Proceed) -> Flow:
    def fail() -> None:
        raise PluginError("no vault")

    async def fail_async() -> None:
        fail()

    yield from run(fail, fail_async)
    return (yield from proceed(request))


def fail_after_the_response(request: Request, proceed: Proceed) -> Flow:
    yield from proceed(request)
    raise PluginError("unwanted response")


def repeat_inside_an_except_block(request: Request, proceed: Proceed) -> Flow:
    try:
        return (yield from proceed(request))
    except TransportError:
        return (yield from proceed(request))


PLUGINS: dict[str, Any] = {
    "a malformed header": adding_headers(lambda request: {"X": request.token.reveal() + "\n"}),
    "a malformed header name": adding_headers(lambda request: {"X ": request.token.reveal()}),
    "a reserved header": adding_headers(
        lambda request: {"Authorization": f"Bearer {request.token.reveal()}"}
    ),
    "a repeated header": adding_headers(
        lambda request: [(name, request.token.reveal()) for name in "Xx"]
    ),
    "all headers": adding_headers(lambda request: request.headers_to_send()),
    "a malformed token": lambda request, proceed: proceed(
        request.with_token(request.token.reveal() + "\n")
    ),
    "text instead of a flow": lambda request, proceed: request.token.reveal(),
    "headers instead of a flow": lambda request, proceed: request.headers_to_send(),
    "text instead of an effect": yield_text,
    "text instead of a response": return_text,
    "an error after running a function": fail_after_running_a_function,
    "an error in a function": fail_in_a_function,
    "an error after the response": fail_after_the_response,
    "a repetition inside an except block": repeat_inside_an_except_block,
}


@pytest.mark.parametrize("name", PLUGINS)
def test_a_mistake_of_a_plugin_shows_no_secret(
    name: str, client: CapturingClient, secrets: Secrets
) -> None:
    script = [DisconnectedError("x"), Response(200, {}, secrets.fill("TOKEN LINK"))]
    errors = [
        client.error_over_fake(
            operation(secrets), *script[first:] * 4, plugins=[MiddlewarePlugin(PLUGINS[name])]
        )
        for operation in OPERATIONS.values()
        for first in range(2)
    ]
    assert all(isinstance(error, UsersManagerError) for error in errors), errors
    assert_hidden(secrets, client, errors)


def errors_of_both(
    secrets: Secrets, client: CapturingClient, *script: Any, **settings: Any
) -> list[BaseException]:
    """Return the errors of both operations over a fake transport."""
    return [
        client.error_over_fake(operation(secrets), *script, **settings)
        for operation in OPERATIONS.values()
    ]


def test_a_malformed_value_from_a_headers_function_shows_no_secret(
    client: CapturingClient, secrets: Secrets
) -> None:
    headers = Headers(lambda request: {"X": request.token.reveal() + "\n"})
    errors = errors_of_both(secrets, client, plugins=[headers])
    assert all(isinstance(error, PluginError) for error in errors)
    assert_hidden(secrets, client, errors)


# Transports. They keep the token in variables, so that no frame of theirs may remain.
# The text of an unknown exception is not changed: it is its author's responsibility.


def raise_a_foreign_error(request: Request) -> Response:
    headers = request.headers_to_send()
    raise ValueError(f"can't send {len(headers)} fields")


def raise_a_chained_error(request: Request) -> Response:
    try:
        raise ValueError(str(request.headers_to_send()))
    except ValueError as error:
        raise RuntimeError("can't send") from error


def raise_an_error_with_a_context(request: Request) -> Response:
    try:
        raise OSError(str(request.headers_to_send()))
    except OSError:
        return raise_a_foreign_error(request)


TRANSPORTS: dict[str, Callable[[Request], Any]] = {
    "a foreign error": raise_a_foreign_error,
    "a chained error": raise_a_chained_error,
    "an error with a context": raise_an_error_with_a_context,
    "text instead of a response": lambda request: request.token.reveal(),
    "headers instead of a response": lambda request: (401, request.headers_to_send()),
}


@pytest.mark.parametrize("name", TRANSPORTS)
def test_a_mistake_of_a_transport_shows_no_secret(
    name: str, client: CapturingClient, secrets: Secrets
) -> None:
    kinds = PluginError if "response" in name else ValueError | RuntimeError
    errors = errors_of_both(secrets, client, TRANSPORTS[name])
    assert all(isinstance(error, kinds) for error in errors)
    assert_hidden(secrets, client, errors)


def raise_from_a_foreign_error(request: Request) -> Response:
    try:
        return raise_a_foreign_error(request)
    except ValueError as error:
        raise DisconnectedError("the connection ended") from error


def raise_from_none(request: Request) -> Response:
    try:
        return raise_a_foreign_error(request)
    except ValueError:
        raise DisconnectedError("the connection ended") from None


@pytest.mark.parametrize("transport", [raise_from_a_foreign_error, raise_from_none])
def test_an_error_that_a_transport_chains_to_a_foreign_one_shows_no_secret(
    transport: Any, client: CapturingClient, secrets: Secrets
) -> None:
    errors = errors_of_both(secrets, client, transport, transport)
    assert all(isinstance(error, DisconnectedError) for error in errors)
    assert_hidden(secrets, client, errors)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_an_interruption_of_a_transport_shows_no_secret(
    kind: type[BaseException], client: CapturingClient, secrets: Secrets
) -> None:
    def interrupt(request: Request) -> Response:
        headers = request.headers_to_send()
        raise kind(len(headers))

    errors = errors_of_both(secrets, client, interrupt)
    assert all(isinstance(error, kind) for error in errors)
    assert_hidden(secrets, client, errors)


# Callers.


@pytest.mark.parametrize("character", MALFORMED)
def test_an_error_about_a_malformed_token_shows_no_part_of_it(
    character: str, client: CapturingClient
) -> None:
    secrets = MALFORMED[character]
    renewing = MiddlewarePlugin(lambda request, proceed: proceed(request.with_token(secrets.token)))
    errors = [
        *errors_of_both(secrets, client),
        client.error_over_fake(lambda users: users.get_info("good"), plugins=[renewing]),
        client.error_over_fake(lambda users: users.get_info([secrets.token])),
        client.error_over_fake(
            lambda users: users.get_info(secrets.token.encode(errors="replace"))
        ),
    ]
    try:
        Token(secrets.token)
    except ArgumentError as error:
        errors.append(error)
    assert len(errors) == 6
    assert all(isinstance(error, ArgumentError) for error in errors)
    assert_hidden(secrets, client, errors)


class FailingSettings(Mapping[str, Any]):
    """Settings whose last item cannot be read."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def __getitem__(self, name: str) -> Any:
        if name == "closed":
            raise ConnectionError("the vault is closed")
        return self._secrets.settings[name]

    def __iter__(self) -> Iterator[str]:
        return iter([*self._secrets.settings, "closed"])

    def __len__(self) -> int:
        return len(self._secrets.settings) + 1

    def __repr__(self) -> str:
        return "<settings>"


def changed(**changes: Callable[[Secrets], Any]) -> Callable[[Secrets], dict[str, Any]]:
    """Return a function that makes settings with changes, some of which hold the token."""
    return lambda secrets: {
        **secrets.settings,
        **{name: value(secrets) for name, value in changes.items()},
    }


def hint(secrets: Secrets) -> dict[str, Any]:
    return {"hint": secrets.token}


SETTINGS: dict[str, Callable[[Secrets], Any]] = {
    "text": lambda secrets: secrets.token,
    "bytes": lambda secrets: secrets.token.encode(),
    "pairs": lambda secrets: list(secrets.settings.items()),
    "a set": lambda secrets: {secrets.token},
    "an unknown name": changed(access_token=lambda secrets: secrets.token),
    "a misspelled name": changed(Token=lambda secrets: secrets.token),
    "the token as a name": lambda secrets: {**secrets.settings, secrets.token: True},
    "a blank protocol": changed(protocol=lambda _: " "),
    "a number for an impersonator": changed(impersonator_id=lambda _: 7),
    "two client ids": changed(client_id=lambda _: "a", clientId=lambda _: "b"),
    "parameters that are a list": changed(additional_parameters=lambda secrets: [secrets.token]),
    "parameters twice": changed(additional_parameters=hint, additionalParameters=hint),
    "parameters that are not JSON": changed(
        additional_parameters=lambda secrets: {"hint": secrets.token, "when": object()}
    ),
    "parameters beside a blank protocol": changed(
        additional_parameters=hint, protocol=lambda _: " "
    ),
    "parameters beside a malformed token": changed(
        additional_parameters=hint, token=lambda _: "no token"
    ),
    "a list for the token": changed(token=lambda secrets: [secrets.token]),
    "an item that cannot be read": FailingSettings,
}


@pytest.mark.parametrize("name", SETTINGS)
def test_invalid_settings_show_no_secret(
    name: str, client: CapturingClient, secrets: Secrets
) -> None:
    error = client.error_over_fake(lambda users: users.impersonate("u", SETTINGS[name](secrets)))
    assert isinstance(error, ArgumentError | ConnectionError), error
    assert_hidden(secrets, client, [error])


def test_parameters_with_the_token_show_no_secret_when_the_call_fails(
    client: CapturingClient, secrets: Secrets
) -> None:
    error = client.error_over_fake(
        lambda users: users.impersonate(
            "u", {**secrets.settings, "additional_parameters": {"hint": secrets.token}}
        ),
        Response(500),
    )
    # The body holds the caller's own parameters; only the body itself may show them.
    client.plugin.objects = [
        value for value in client.plugin.objects if not isinstance(value, bytes)
    ]
    assert_hidden(secrets, client, [error])


# Below, frames hold the misplaced secret, as the caller's own frames do.
# So the errors are checked without their frames: they themselves must not quote it.

MISPLACED: dict[str, Callable[[Secrets], Callable[[Any], Any]]] = {
    "settings for a user id": lambda secrets: (
        lambda users: users.impersonate(secrets.settings, "u")
    ),
    "a token for a callback": lambda secrets: lambda users: users.get_info("t", secrets.token),
    "a token for a timeout": lambda secrets: (
        lambda users: users.get_info("t", timeout=secrets.token)
    ),
    "settings for a subject": lambda secrets: (
        lambda users: users.get_info("t", expected_subject=secrets.settings)
    ),
}


@pytest.mark.parametrize("name", MISPLACED)
def test_a_misplaced_secret_is_not_quoted(
    name: str, client: CapturingClient, secrets: Secrets
) -> None:
    error = client.error_over_fake(MISPLACED[name](secrets))
    assert isinstance(error, ArgumentError)
    assert_hidden(secrets, client, [error.with_traceback(None)])


CONSTRUCTORS: dict[str, Callable[[Secrets], dict[str, Any]]] = {
    "a reserved header": lambda secrets: {"headers": {"Authorization": secrets.token}},
    "a malformed header": lambda secrets: {"headers": {"X-Key": secrets.token + "\n"}},
    "headers that are text": lambda secrets: {"headers": f"X-Key: {secrets.token}"},
    "a password in the URL": lambda secrets: {"base_url": f"https://u:{secrets.token}@t.example"},
    "a query in the URL": lambda secrets: {"base_url": f"https://t.example?key={secrets.token}"},
    "a token for a URL": lambda secrets: {"base_url": secrets.token},
    "a token for a timeout": lambda secrets: {"timeout": secrets.token},
    "a token for plugins": lambda secrets: {"plugins": secrets.token},
}


@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_an_invalid_argument_of_a_manager_is_not_quoted(
    name: str, client: CapturingClient, secrets: Secrets
) -> None:
    with client.capture():
        error = constructor_error(client, lambda: CONSTRUCTORS[name](secrets))
    assert_hidden(secrets, client, [error.with_traceback(None)])


def constructor_error(
    client: CapturingClient, settings: Callable[[], dict[str, Any]]
) -> UsersManagerError:
    """Return the error that making a manager raises."""
    kind: Any = UsersManager if client.is_sync else AsyncUsersManager
    with pytest.raises(UsersManagerError) as caught:
        kind(**{"base_url": TENANT, "transport": FakeTransport(), "discover": False, **settings()})
    return caught.value


def test_a_traceback_of_a_constructor_can_show_the_unfinished_manager(
    client: CapturingClient,
) -> None:
    error = constructor_error(client, lambda: {"base_url": ""})
    captured = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert "UsersManager" in "".join(captured.format())
