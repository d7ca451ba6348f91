"""Errors of Python itself that a transport does not translate become transport errors."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from usersmanager import (
    DeadlineExceededError,
    DisconnectedError,
    Request,
    Response,
    TLSError,
    TransportError,
)
from usersmanager.testing import FakeTransport

Fetch = Callable[..., Any]


class ForeignError(OSError):
    """The error of a library that derives its errors from OSError, as requests does."""


class JobTimeLimitError(TimeoutError):
    """An interruption: a signal handler raises it."""


def raising(error: BaseException) -> Any:
    def respond(request: Request) -> Response:
        headers = request.headers_to_send()
        try:
            raise ValueError(str(headers))
        except ValueError:
            raise error  # noqa: B904 - with a context that holds the token.

    return FakeTransport(respond)


@pytest.mark.parametrize(
    ("raw", "kind", "reason"),
    [
        (OSError("hush"), DisconnectedError, "other"),
        (TimeoutError("hush"), DeadlineExceededError, "deadline"),
        (ConnectionResetError("hush"), DisconnectedError, "reset"),
        (BrokenPipeError("hush"), DisconnectedError, "reset"),
        (ConnectionRefusedError("hush"), DisconnectedError, "refused"),
        (http.client.RemoteDisconnected("hush"), DisconnectedError, "reset"),
        (socket.gaierror(-2, "hush"), DisconnectedError, "name_not_found"),
        (ssl.SSLError("hush"), TLSError, "tls"),
        (ssl.SSLCertVerificationError("hush"), TLSError, "tls"),
        (ssl.SSLEOFError("hush"), DisconnectedError, "reset"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_an_error_of_python_itself_becomes_the_matching_transport_error(
    raw: OSError, kind: type[TransportError], reason: str, fetch: Fetch
) -> None:
    with pytest.raises(TransportError) as caught:
        fetch(transport=raising(raw))
    error = caught.value
    assert type(error) is kind
    assert (error.sent, error.reason) == (True, reason)
    assert type(raw).__name__ in str(error)
    assert "hush" not in str(error)
    assert error.__cause__ is error.__context__ is None
    assert "respond" not in {entry.name for entry in caught.traceback}


@pytest.mark.parametrize("error", [ForeignError("x"), JobTimeLimitError("x"), KeyError("x")])
def test_an_error_of_a_library_or_of_the_program_passes_unchanged(
    error: Exception, fetch: Fetch
) -> None:
    with pytest.raises(type(error)) as caught:
        fetch(transport=raising(error))
    assert caught.value is error


def test_a_transport_error_that_is_a_timeout_error_too_passes_unchanged(fetch: Fetch) -> None:
    error = DeadlineExceededError("late", sent=False)
    with pytest.raises(DeadlineExceededError) as caught:
        fetch(transport=raising(error))
    assert caught.value is error
    assert error.sent is False
