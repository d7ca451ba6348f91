"""Errors of sockets and TLS as transport errors."""

from __future__ import annotations

import socket
import ssl

import pytest

from usersmanager import (
    ConnectError,
    DeadlineExceededError,
    DisconnectedError,
    ProtocolError,
    TLSError,
)
from usersmanager.transports import connect_error, exchange_error


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (ConnectionRefusedError(), ConnectError, "refused"),
        (socket.gaierror(), ConnectError, "cannot be resolved"),
        (TimeoutError(), ConnectError, "before the deadline"),
        (ConnectionResetError(), ConnectError, "ended while it was made"),
        (OSError("hush"), ConnectError, "(OSError)"),
        (ssl.SSLEOFError(), ConnectError, "(SSLEOFError)"),
        (ssl.SSLError("hush"), TLSError, "handshake failed"),
        (ssl.SSLCertVerificationError("hush"), TLSError, "certificate"),
    ],
)
def test_an_error_of_connecting_says_what_went_wrong(
    error: Exception, kind: type[Exception], words: str
) -> None:
    failure = connect_error(error)
    assert type(failure) is kind
    assert failure.phase == "not sent"
    assert words in str(failure)
    assert "hush" not in str(failure)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TimeoutError("hush"), DeadlineExceededError),
        (ConnectionResetError("hush"), DisconnectedError),
        (BrokenPipeError("hush"), DisconnectedError),
        (ssl.SSLEOFError("hush"), DisconnectedError),
        (ssl.SSLError("hush"), TLSError),
        (ValueError("hush"), ProtocolError),
    ],
)
def test_an_error_of_an_exchange_has_its_kind(error: Exception, kind: type[Exception]) -> None:
    failure = exchange_error(error)
    assert failure.phase == "unknown"
    assert type(failure) is kind
    assert "hush" not in str(failure)
