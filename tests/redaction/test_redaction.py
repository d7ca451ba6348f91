"""No error, log record or repr shows a token or a link, whatever a server sends."""

from __future__ import annotations

import asyncio
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

import pytest
from tests.redaction.assertions import assert_hidden, raised
from tests.redaction.capture import OPERATIONS, CapturingClient
from tests.redaction.scenarios import (
    ECHOES,
    FAULTS,
    INVALID_LINKS,
    INVALID_PROFILES,
    answering,
    errors_of,
    errors_of_fault,
    sending,
)
from tests.redaction.secrets import B64TOKEN, JWT, Secrets
from tests.redaction.stalling import StallingServer, before_the_response

from usersmanager import (
    ConnectError,
    DeadlineExceededError,
    DecodeError,
    PoolTimeoutError,
    Request,
    SubjectMismatchError,
    TLSError,
    TransportError,
    UnauthorizedError,
    UserInfo,
)
from usersmanager.plugins import Proceed, hookimpl
from usersmanager.testing import FaultServer, Sandbox
from usersmanager.testing.certificates import client_context, new_authority, server_context

# One of each class of error.
STATUSES = [302, 400, 401, 403, 404, 429, 503]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_shows_no_secret(name: str, client: CapturingClient, secrets: Secrets) -> None:
    errors = errors_of_fault(secrets, client, FAULTS[name])
    assert all(isinstance(error, FAULTS[name].kinds) for error in errors), errors
    assert_hidden(secrets, client, errors)


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if not fault.is_slow])
def test_an_event_loop_in_debug_mode_logs_no_secret(name: str) -> None:
    client = CapturingClient("aiohttp", debug=True)
    errors = errors_of_fault(B64TOKEN, client, FAULTS[name])
    assert "asyncio" in client.loggers
    assert_hidden(B64TOKEN, client, errors)


@pytest.mark.parametrize("status", STATUSES)
def test_an_error_response_that_echoes_the_token_shows_no_secret(
    status: int, client: CapturingClient, secrets: Secrets
) -> None:
    # A retry takes the next echo. Their number is odd, so that each is once the last one.
    behavior = answering(f"{status} TOKEN", *ECHOES.values())
    operations = ["get_info"] * len(ECHOES) + ["impersonate"] * len(ECHOES)
    errors = errors_of(secrets, client, behavior, *operations)
    assert [getattr(error, "status", None) for error in errors] == [status] * len(operations)
    assert_hidden(secrets, client, errors)


def test_an_echoed_token_is_replaced(secrets: Secrets) -> None:
    """The tests above would prove nothing if an error held no part of the response."""
    client = CapturingClient("urllib3")
    behavior = answering("401 x", ECHOES["in an escaped challenge"])
    (error, _) = errors_of(secrets, client, behavior)
    assert isinstance(error, UnauthorizedError)
    assert error.error == "[redacted]"
    assert error.error_description == "[redacted] [redacted]"
    assert error.request_id == "[redacted]"


def test_neither_the_callers_token_nor_a_plugins_replacement_shows(
    client: CapturingClient,
) -> None:
    class Refresh:
        @hookimpl
        def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Any:
            return proceed(request.with_token(B64TOKEN.token))

    behavior = answering("401 TOKEN", *ECHOES.values())
    calls = [operation(JWT) for operation in OPERATIONS.values()] * len(ECHOES)
    with FaultServer(otherwise=lambda peer: behavior(B64TOKEN, peer)) as server:
        errors = client.errors(calls, server.origin, plugins=[Refresh()])
    assert_hidden(JWT, client, errors)
    assert_hidden(B64TOKEN, client, errors)


@pytest.mark.parametrize("name", INVALID_PROFILES)
def test_an_invalid_profile_shows_no_secret(
    name: str, client: CapturingClient, secrets: Secrets
) -> None:
    behavior = answering("200 TOKEN", INVALID_PROFILES[name])
    (error,) = errors_of(secrets, client, behavior, "get_info")
    assert isinstance(error, DecodeError)
    assert_hidden(secrets, client, [error])


@pytest.mark.parametrize("name", INVALID_LINKS)
def test_an_invalid_link_shows_no_secret(
    name: str, client: CapturingClient, secrets: Secrets
) -> None:
    behavior = answering("200 TOKEN", INVALID_LINKS[name])
    (error,) = errors_of(secrets, client, behavior, "impersonate")
    assert isinstance(error, DecodeError)
    assert_hidden(secrets, client, [error])


def test_the_profile_of_another_subject_shows_no_secret(
    client: CapturingClient, secrets: Secrets
) -> None:
    profile = 'Content-Type: application/json\n\n{"sub": "mallory", "token": "TOKEN", "l": "LINK"}'
    behavior = answering("200 OK", profile)
    with FaultServer(lambda peer: behavior(secrets, peer)) as server:
        error = client.error(
            lambda users: users.get_info(secrets.token, expected_subject="ada"), server.origin
        )
    assert isinstance(error, SubjectMismatchError)
    assert_hidden(secrets, client, [error])


def test_a_successful_call_shows_no_secret(client: CapturingClient, secrets: Secrets) -> None:
    template = 'Set-Cookie: TOKEN\nContent-Type: application/json\n\n{"sub": "u", "token": "TOKEN"}'
    behavior = answering("200 TOKEN", template)
    with FaultServer(lambda peer: behavior(secrets, peer)) as server:
        profile = client.call(OPERATIONS["get_info"](secrets), server.origin)
    behavior = answering("200 TOKEN", "Content-Type: text/plain\n\nLINK")
    with FaultServer(lambda peer: behavior(secrets, peer)) as server:
        assert client.call(OPERATIONS["impersonate"](secrets), server.origin) == secrets.link
    assert isinstance(profile, UserInfo)
    client.objects.append(profile)
    assert "usersmanager" in client.loggers
    assert_hidden(secrets, client, [])


def test_pluggys_tracing_shows_no_secret(client: CapturingClient, secrets: Secrets) -> None:
    with FaultServer(otherwise=lambda peer: sending("")(secrets, peer)) as server:
        error = client.error(OPERATIONS["get_info"](secrets), server.origin, transport=None)
    assert any("transport" in line for line in client.trace)
    assert_hidden(secrets, client, [error])


def both_errors(secrets: Secrets, client: CapturingClient, *args: Any, **kwargs: Any) -> list[Any]:
    """Return the error of each operation, called over a manager of its own."""
    calls = [operation(secrets) for operation in OPERATIONS.values()]
    return [client.error(call, *args, **kwargs) for call in calls]


def test_a_refused_connection_shows_no_secret(client: CapturingClient, secrets: Secrets) -> None:
    with FaultServer() as server:
        pass
    errors = both_errors(secrets, client, server.origin)
    assert all(isinstance(error, ConnectError) for error in errors)
    assert_hidden(secrets, client, errors)


def test_an_unknown_host_shows_no_secret(client: CapturingClient, secrets: Secrets) -> None:
    unknown_host = socket.gaierror(-2, "unknown")
    with mock.patch("socket.getaddrinfo", side_effect=unknown_host):
        errors = both_errors(secrets, client, "https://no.example")
    assert all(isinstance(error, ConnectError) for error in errors)
    assert_hidden(secrets, client, errors)


@pytest.fixture(scope="module")
def untrusted() -> ssl.SSLContext:
    """A server's context with a certificate that no client trusts."""
    return server_context(issuer=new_authority())


def test_an_untrusted_certificate_shows_no_secret(
    untrusted: ssl.SSLContext, client: CapturingClient, secrets: Secrets
) -> None:
    with FaultServer(ssl_context=untrusted, host="localhost") as server:
        errors = both_errors(secrets, client, server.origin)
    assert all(isinstance(error, TLSError) for error in errors)
    assert_hidden(secrets, client, errors)


def test_a_certificate_that_quotes_a_secret_shows_none(
    client: CapturingClient, secrets: Secrets
) -> None:
    # A label of a host name has at most 63 characters, none of "/", "=" or "~".
    label = "".join(filter(str.isalnum, secrets.token))[:60]
    with FaultServer(ssl_context=server_context(f"{label}.example"), host="localhost") as server:
        settings = {"transport_settings": {"ssl_context": client_context()}}
        error = client.error(OPERATIONS["get_info"](secrets), server.origin, **settings)
    assert isinstance(error, TLSError)
    assert error.reason == "wrong_host"
    assert label.lower() not in repr(error).lower() + str(error).lower()


@pytest.mark.parametrize("origin", ["http://origin.example", "https://origin.example"])
def test_a_proxy_that_refuses_shows_neither_a_secret_nor_its_password(
    origin: str, client: CapturingClient, secrets: Secrets
) -> None:
    behavior = answering("407 TOKEN", 'Proxy-Authenticate: Basic realm="TOKEN"\n\nTOKEN LINK')
    with FaultServer(otherwise=lambda peer: behavior(secrets, peer)) as proxy:
        address = proxy.origin.replace("://", f"://user:{secrets.link.rpartition('/')[2]}@")
        errors = client.errors(
            [operation(secrets) for operation in OPERATIONS.values()],
            origin,
            transport_settings={"proxy": address},
            allow_insecure=True,
        )
        assert b"Proxy-Authorization: Basic " in proxy.requests[0]
    for error in errors:
        assert isinstance(error, TransportError)
        assert error.reason == "proxy_refused"
    assert_hidden(secrets, client, errors)


def test_a_deadline_that_expires_before_sending_shows_no_secret(
    client: CapturingClient, secrets: Secrets
) -> None:
    with FaultServer() as server:
        errors = both_errors(secrets, client, server.origin, timeout=1e-9)
    assert all(isinstance(error, DeadlineExceededError) for error in errors)
    assert_hidden(secrets, client, errors)


def test_a_full_pool_shows_no_secret(client: CapturingClient, secrets: Secrets) -> None:
    # The first call occupies the only connection until the second has given up.
    def call_from_threads(users: Any) -> list[object]:
        with ThreadPoolExecutor(1) as threads:
            # Not as arguments: a frame of the thread pool keeps those.
            first = threads.submit(lambda: users.get_info(secrets.token))
            assert server.stalls.acquire(timeout=5)
            second = raised(lambda: users.get_info(secrets.token, timeout=0.1))
            server.release()
            return [first.exception(), second]

    async def call_from_tasks(users: Any) -> list[object]:
        first = asyncio.ensure_future(users.get_info(secrets.token))
        await server.stalled()
        second = asyncio.ensure_future(users.get_info(secrets.token, timeout=0.1))
        await asyncio.wait([second])
        server.release()
        return await asyncio.gather(first, second, return_exceptions=True)

    with StallingServer(before_the_response, secrets) as server:
        errors = client.call(
            call_from_threads if client.is_sync else call_from_tasks,
            server.url,
            transport_settings={"pool_size": 1},
        )
    assert isinstance(errors[1], PoolTimeoutError), errors
    assert_hidden(secrets, client, errors)


def test_the_sandbox_shows_no_secret(client: CapturingClient) -> None:
    with Sandbox() as sandbox:
        valid = Secrets(sandbox.add_user("u").issue_token("u", scope="email"), "")
        expired = Secrets(sandbox.issue_token("u", expires_in=0), "")
        errors = [
            client.error(OPERATIONS[operation](secrets), sandbox.base_url)
            for operation, secrets in [
                ("get_info", valid),
                ("get_info", expired),
                ("impersonate", valid),
            ]
        ]
    for secrets in (valid, expired):
        assert_hidden(secrets, client, errors)
