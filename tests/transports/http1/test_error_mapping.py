"""Translation of socket and TLS errors into transport errors."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable

import pytest
from tests.transports.names import hanging

from usersmanager import (
    ConnectError,
    DeadlineExceededError,
    DisconnectedError,
    ProtocolError,
    TLSError,
)
from usersmanager.transports import connect_error, exchange_error
from usersmanager.transports.http1.resolver import ResolverTimeoutError, resolve_async


@pytest.mark.parametrize(
    ("error", "kind", "reason", "words"),
    [
        (ConnectionRefusedError(), ConnectError, "refused", "refused"),
        (OSError(errno.EHOSTUNREACH, "hush"), ConnectError, "unreachable", "unreachable"),
        (OSError(errno.ENETUNREACH, "hush"), ConnectError, "unreachable", "unreachable"),
        (socket.gaierror(), ConnectError, "name_not_found", "cannot be resolved"),
        (UnicodeError("hush"), ConnectError, "name_not_found", "cannot be resolved"),
        (ResolverTimeoutError(), ConnectError, "resolver_timeout", "not resolved in time"),
        (TimeoutError(), ConnectError, "connect_timeout", "timed out"),
        (ConnectionResetError(), ConnectError, "reset", "while connecting"),
        (ssl.SSLEOFError(), ConnectError, "reset", "while connecting"),
        (OSError("hush"), ConnectError, "other", "(OSError)"),
        (ssl.SSLError("hush"), TLSError, "tls", "handshake failed: SSLError"),
        (ssl.SSLCertVerificationError("hush"), TLSError, "tls", "certificate"),
    ],
)
def test_a_connect_error_names_its_cause(
    error: Exception, kind: type[Exception], reason: str, words: str
) -> None:
    translated = connect_error(error)
    assert type(translated) is kind
    assert (translated.sent, translated.reason) == (False, reason)
    assert words in str(translated)
    assert "hush" not in str(translated)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ConnectionRefusedError(), "the connection to the proxy was refused"),
        (OSError(errno.EHOSTUNREACH, "hush"), "the host of the proxy is unreachable"),
        (socket.gaierror(), "the host name of the proxy cannot be resolved"),
        (ResolverTimeoutError(), "the host name of the proxy was not resolved in time"),
        (TimeoutError(), "the connection to the proxy timed out"),
        (ConnectionResetError(), "the connection to the proxy ended while connecting"),
        (OSError("hush"), "failed to connect to the proxy (OSError)"),
    ],
)
def test_a_failure_to_reach_the_proxy_says_so(error: Exception, message: str) -> None:
    translated = connect_error(error, to_proxy=True)
    assert (translated.reason, str(translated)) == ("proxy_unreachable", message)


@pytest.mark.parametrize(
    ("wait", "reason"),
    [
        (lambda: resolve_async("hanging.example", 80), "resolver_timeout"),
        (lambda: asyncio.sleep(10), "connect_timeout"),
    ],
)
def test_a_deadline_in_the_resolver_has_another_reason_than_one_while_connecting(
    wait: Callable[[], Awaitable[object]], reason: str
) -> None:
    async def main() -> None:
        async with asyncio.timeout(0):
            await wait()

    with hanging("hanging.example"), pytest.raises(TimeoutError) as caught:
        asyncio.run(main())
    assert connect_error(caught.value).reason == reason


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (TimeoutError("hush"), DeadlineExceededError, "deadline"),
        (ConnectionResetError("hush"), DisconnectedError, "reset"),
        (BrokenPipeError("hush"), DisconnectedError, "reset"),
        (ssl.SSLEOFError("hush"), DisconnectedError, "reset"),
        (OSError(errno.EHOSTUNREACH, "hush"), DisconnectedError, "unreachable"),
        (ssl.SSLError("hush"), TLSError, "tls"),
        (ValueError("hush"), ProtocolError, "malformed"),
    ],
)
def test_an_exchange_error_is_of_the_matching_class(
    error: Exception, kind: type[Exception], reason: str
) -> None:
    translated = exchange_error(error)
    assert type(translated) is kind
    assert (translated.sent, translated.reason) == (True, reason)
    assert "hush" not in str(translated)
