"""Translation of socket and TLS errors into transport errors."""

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
        (ConnectionResetError(), ConnectError, "while connecting"),
        (OSError("hush"), ConnectError, "(OSError)"),
        (ssl.SSLEOFError(), ConnectError, "(SSLEOFError)"),
        (ssl.SSLError("hush"), TLSError, "handshake failed"),
        (ssl.SSLCertVerificationError("hush"), TLSError, "certificate"),
    ],
)
def test_a_connect_error_names_its_cause(
    error: Exception, kind: type[Exception], words: str
) -> None:
    translated = connect_error(error)
    assert type(translated) is kind
    assert translated.sent is False
    assert words in str(translated)
    assert "hush" not in str(translated)


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
def test_an_exchange_error_is_of_the_matching_class(
    error: Exception, kind: type[Exception]
) -> None:
    translated = exchange_error(error)
    assert translated.sent is True
    assert type(translated) is kind
    assert "hush" not in str(translated)
