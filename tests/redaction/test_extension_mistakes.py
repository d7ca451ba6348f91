"""Mistakes of plugins and transports show no token and no link."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.flow.support import Hooks
from tests.redaction.assertions import assert_hidden
from tests.redaction.capture import OPERATIONS, CapturingClient
from tests.redaction.secrets import Secrets

from usersmanager import (
    ArgumentError,
    DisconnectedError,
    PluginError,
    Request,
    Response,
    TransportError,
    UsersManagerError,
)
from usersmanager.plugins import Flow, Proceed, SingleFlight, run, sleep
from usersmanager_headers import Headers


@pytest.fixture
def client(client_over_fake: CapturingClient) -> CapturingClient:
    return client_over_fake


# Plugins. None keeps the token in a variable of its own.


def adding_headers(make_headers: Callable[[Request], Any]) -> Any:
    return lambda request, proceed: proceed(request.with_headers(make_headers(request)))


def yield_text(request: Request, proceed: Proceed) -> Iterator[str]:
    yield request.token.reveal()


def return_text(request: Request, proceed: Proceed) -> Any:
    yield from proceed(request)
    return request.token.reveal()


def sleep_for_a_text(request: Request, proceed: Proceed) -> Flow[Response]:
    seconds: Any = request.token.reveal
    yield from sleep(seconds())
    return (yield from proceed(request))


def swap_the_arguments(request: Request, proceed: Proceed) -> Any:
    flight: Any = SingleFlight()
    return flight.run(lambda: proceed(request), request.token.reveal())


def fail_after_running_a_function(request: Request, proceed: Proceed) -> Flow[Response]:
    async def reveal() -> str:
        return request.token.reveal()

    yield from run(sync=request.token.reveal, async_=reveal)
    raise PluginError("the function did not help")


def fail_in_a_function(request: Request, proceed: Proceed) -> Flow[Response]:
    def fail() -> None:
        raise PluginError("no vault")

    async def fail_async() -> None:
        fail()

    yield from run(sync=fail, async_=fail_async)
    return (yield from proceed(request))


def fail_after_the_response(request: Request, proceed: Proceed) -> Flow[Response]:
    yield from proceed(request)
    raise PluginError("unwanted response")


def repeat_inside_an_except_block(request: Request, proceed: Proceed) -> Flow[Response]:
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
    "text instead of seconds": sleep_for_a_text,
    "text instead of a function": swap_the_arguments,
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
            operation(secrets), *script[first:] * 4, plugins=[Hooks(wrap_call=PLUGINS[name])]
        )
        for operation in OPERATIONS.values()
        for first in range(2)
    ]
    assert all(isinstance(error, UsersManagerError) for error in errors), errors
    assert_hidden(secrets, client, errors)


def test_a_malformed_value_from_a_headers_function_shows_no_secret(
    client: CapturingClient, secrets: Secrets
) -> None:
    headers = Headers(lambda request: {"X": request.token.reveal() + "\n"})
    errors = client.errors_over_fake(secrets, plugins=[headers])
    assert all(isinstance(error, ArgumentError) for error in errors)
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
    errors = client.errors_over_fake(secrets, TRANSPORTS[name])
    assert all(isinstance(error, kinds) for error in errors)
    assert_hidden(secrets, client, errors)


def raise_a_raw_error(request: Request) -> Response:
    try:
        raise ValueError(str(request.headers_to_send()))
    except ValueError as error:
        raise ConnectionResetError(str(request.headers_to_send())) from error


def test_an_error_of_python_itself_in_a_transport_shows_no_secret(
    client: CapturingClient, secrets: Secrets
) -> None:
    errors = client.errors_over_fake(secrets, raise_a_raw_error, raise_a_raw_error)
    assert all(isinstance(error, DisconnectedError) for error in errors)
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
    errors = client.errors_over_fake(secrets, transport, transport)
    assert all(isinstance(error, DisconnectedError) for error in errors)
    assert_hidden(secrets, client, errors)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_an_interruption_of_a_transport_shows_no_secret(
    kind: type[BaseException], client: CapturingClient, secrets: Secrets
) -> None:
    def interrupt(request: Request) -> Response:
        headers = request.headers_to_send()
        raise kind(len(headers))

    errors = client.errors_over_fake(secrets, interrupt)
    assert all(isinstance(error, kind) for error in errors)
    assert_hidden(secrets, client, errors)
