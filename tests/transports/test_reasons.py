"""Each kind of failure has the same error, reason and message over every transport.

The connections are real ones: the table has rows for every reason, except "other".
"""

from __future__ import annotations

import datetime
import pickle
import threading
import typing
from functools import partial
from typing import NamedTuple

import pytest
from tenacity import wait_none
from tests.certificates import self_signed_context
from tests.transports.calls import TRANSPORTS, Outcome, call
from tests.transports.faults import (
    HOST,
    SHORT,
    TLS_1_2,
    TLS_1_3,
    Fault,
    answer_without_tls,
    ciphers_context,
    client_context_with_certificate,
    end_handshake,
    insecure,
    old_client_context,
    old_context,
    proxied,
    refuse_tunnel,
    refused,
    refused_proxy,
    requiring_certificate,
    reset_handshake,
    secured,
    served,
    silent,
    silent_handshake,
    slow_resolver,
    unknown_name,
    unknown_proxy,
    unreachable,
    untrusted_origin_in_a_tunnel,
    untrusted_proxy,
)

from usersmanager import (
    BodyTooLargeError,
    ConnectError,
    DeadlineExceededError,
    DisconnectedError,
    PoolTimeoutError,
    ProtocolError,
    TLSError,
    TransportError,
    UsersManager,
)
from usersmanager.errors import Reason
from usersmanager.testing import FaultServer, Peer
from usersmanager.testing.certificates import client_context, new_authority, server_context
from usersmanager.testing.contracts.cases import make_request
from usersmanager.testing.contracts.clients import AsyncClient, SyncClient
from usersmanager.testing.contracts.scripts import answering, ending
from usersmanager.testing.fault_server import profile
from usersmanager_retry import Retry


class Row(NamedTuple):
    """A failure and the error that a call ends with.

    Attributes:
        fault: makes the failure happen.
        error_type: of the error.
        reason: of the error.
        sent: of the error.
        message: of the error, after the operation and the origin.
    """

    fault: Fault
    error_type: type[TransportError]
    reason: Reason
    sent: bool
    message: str


NOW, DAY = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
HANDSHAKE = "the TLS handshake failed: "

ROWS = {
    "refused": Row(refused, ConnectError, "refused", False, "the connection was refused"),
    "unreachable": Row(unreachable, ConnectError, "unreachable", False, "the host is unreachable"),
    "unknown name": Row(
        unknown_name, ConnectError, "name_not_found", False, "the host name cannot be resolved"
    ),
    "slow resolver": Row(
        slow_resolver,
        ConnectError,
        "resolver_timeout",
        False,
        "the host name was not resolved in time",
    ),
    "silent handshake": Row(
        silent_handshake, ConnectError, "connect_timeout", False, "the connection timed out"
    ),
    "expired certificate": Row(
        partial(secured, partial(server_context, not_after=NOW - DAY)),
        TLSError,
        "certificate_expired",
        False,
        HANDSHAKE + "certificate has expired",
    ),
    "certificate of tomorrow": Row(
        partial(secured, partial(server_context, not_before=NOW + DAY)),
        TLSError,
        "certificate_not_yet_valid",
        False,
        HANDSHAKE + "certificate is not yet valid",
    ),
    "unknown authority": Row(
        partial(secured, lambda: server_context(issuer=new_authority())),
        TLSError,
        "unknown_authority",
        False,
        HANDSHAKE + "unable to get local issuer certificate",
    ),
    "self-signed certificate": Row(
        partial(secured, partial(self_signed_context, HOST)),
        TLSError,
        "self_signed",
        False,
        HANDSHAKE + "self-signed certificate",
    ),
    "certificate of another host": Row(
        partial(secured, partial(server_context, "elsewhere.example")),
        TLSError,
        "wrong_host",
        False,
        HANDSHAKE + "Hostname mismatch, certificate is not valid for 'localhost'",
    ),
    "client certificate missing in TLS 1.2": Row(
        partial(requiring_certificate, TLS_1_2, client_context),
        TLSError,
        "client_certificate",
        False,
        HANDSHAKE + "the server requires a client certificate",
    ),
    "client certificate missing in TLS 1.3": Row(
        partial(requiring_certificate, TLS_1_3, client_context, waits=True),
        TLSError,
        "client_certificate",
        True,
        "TLS failed after the request was sent: tlsv13 alert certificate required",
    ),
    "client certificate refused in TLS 1.2": Row(
        partial(requiring_certificate, TLS_1_2, client_context_with_certificate),
        TLSError,
        "client_certificate",
        False,
        HANDSHAKE + "tlsv1 alert unknown ca",
    ),
    "client certificate refused in TLS 1.3": Row(
        partial(requiring_certificate, TLS_1_3, client_context_with_certificate, waits=True),
        TLSError,
        "client_certificate",
        True,
        "TLS failed after the request was sent: tlsv1 alert unknown ca",
    ),
    "server with an old version of TLS": Row(
        partial(secured, old_context),
        TLSError,
        "tls_version",
        False,
        HANDSHAKE + "tlsv1 alert protocol version",
    ),
    "client with an old version of TLS": Row(
        partial(secured, partial(server_context, HOST, version=TLS_1_3), old_client_context),
        TLSError,
        "tls_version",
        False,
        HANDSHAKE + "tlsv1 alert protocol version",
    ),
    "no common cipher": Row(
        partial(
            secured,
            lambda: ciphers_context("ECDHE-ECDSA-AES128-GCM-SHA256", server_context()),
            lambda: ciphers_context("ECDHE-ECDSA-AES256-GCM-SHA384", client_context()),
        ),
        TLSError,
        "tls",
        False,
        HANDSHAKE + "sslv3 alert handshake failure",
    ),
    "plain server": Row(
        partial(insecure, answer_without_tls),
        TLSError,
        "tls",
        False,
        HANDSHAKE + "wrong version number (does the server speak plain http?)",
    ),
    "refused by the host of the proxy": Row(
        partial(refused_proxy, "https"),
        ConnectError,
        "proxy_unreachable",
        False,
        "the connection to the proxy was refused",
    ),
    "refused by the host of the proxy, for http": Row(
        partial(refused_proxy, "http"),
        ConnectError,
        "proxy_unreachable",
        False,
        "the connection to the proxy was refused",
    ),
    "unknown name of a proxy": Row(
        partial(unknown_proxy, "https"),
        ConnectError,
        "proxy_unreachable",
        False,
        "the host name of the proxy cannot be resolved",
    ),
    "silent proxy": Row(
        partial(proxied, silent, connect_timeout=SHORT),
        ConnectError,
        "proxy_unreachable",
        False,
        "the connection to the proxy timed out",
    ),
    "proxy that closes": Row(
        partial(proxied, ending(b"")),
        ConnectError,
        "proxy_unreachable",
        False,
        "the proxy closed the connection",
    ),
    "proxy that resets": Row(
        partial(proxied, ending(b"", reset=True)),
        ConnectError,
        "proxy_unreachable",
        False,
        "the connection to the proxy ended while connecting",
    ),
    "malformed answer of a proxy": Row(
        partial(proxied, answering(b"nonsense\r\n\r\n")),
        ConnectError,
        "malformed",
        False,
        "malformed response from the proxy: the response does not begin with an HTTP/1 status line",
    ),
    "untrusted proxy": Row(
        partial(untrusted_proxy, "https"),
        TLSError,
        "unknown_authority",
        False,
        "the TLS handshake with the proxy failed: unable to get local issuer certificate",
    ),
    "untrusted proxy, for http": Row(
        partial(untrusted_proxy, "http"),
        TLSError,
        "unknown_authority",
        False,
        "the TLS handshake with the proxy failed: unable to get local issuer certificate",
    ),
    "untrusted origin in a tunnel": Row(
        untrusted_origin_in_a_tunnel,
        TLSError,
        "unknown_authority",
        False,
        HANDSHAKE + "unable to get local issuer certificate",
    ),
    **{
        f"{status} of a proxy": Row(
            partial(proxied, refuse_tunnel(status)),
            ConnectError,
            "proxy_refused",
            False,
            f"the proxy answered {status}",
        )
        for status in (302, 403, 407, 502)
    },
    "407 of a proxy, for http": Row(
        partial(proxied, refuse_tunnel(407), "http"),
        TransportError,
        "proxy_refused",
        True,
        "the proxy answered 407",
    ),
    "reset in the handshake": Row(
        partial(insecure, reset_handshake),
        ConnectError,
        "reset",
        False,
        "the connection ended while connecting",
    ),
    "end in the handshake": Row(
        partial(insecure, end_handshake),
        ConnectError,
        "reset",
        False,
        "the connection ended while connecting",
    ),
    "reset": Row(
        partial(served, ending(b"", reset=True)),
        DisconnectedError,
        "reset",
        True,
        "the connection broke before the response was complete",
    ),
    "reset in the body": Row(
        partial(served, ending(OK + b"Content-Length: 99\r\n\r\n{", reset=True)),
        DisconnectedError,
        "reset",
        True,
        "the connection broke before the response was complete",
    ),
    "no response": Row(
        partial(served, ending(b"")),
        DisconnectedError,
        "no_response",
        True,
        "the connection ended without a response",
    ),
    "end in the head": Row(
        partial(served, ending(OK)),
        DisconnectedError,
        "truncated",
        True,
        "the connection ended before the response was complete",
    ),
    "end in the body": Row(
        partial(served, ending(OK + b"Content-Length: 99\r\n\r\n{")),
        DisconnectedError,
        "truncated",
        True,
        "the connection ended before the response was complete",
    ),
    "silence": Row(
        partial(served, silent, timeout=SHORT),
        DeadlineExceededError,
        "deadline",
        True,
        "no complete response before the deadline",
    ),
    "malformed response": Row(
        partial(served, answering(b"nonsense\r\n\r\n")),
        ProtocolError,
        "malformed",
        True,
        "the response does not begin with an HTTP/1 status line",
    ),
    "large body": Row(
        partial(
            served,
            answering(OK + b"Content-Length: 99\r\n\r\n" + b" " * 99),
            max_response_bytes=98,
        ),
        BodyTooLargeError,
        "too_large",
        True,
        "the body is larger than 98 bytes",
    ),
}


def call_with(transport: str, fault: Fault, *plugins: object) -> tuple[Outcome, str]:
    """Make one call; return how it ended, and its base URL."""
    with fault() as target:
        return call(transport, "get_info", plugins=plugins, **target), target["base_url"]


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_failure_has_its_reason_over_every_transport(row: Row, transport: str) -> None:
    outcome, origin = call_with(transport, row.fault)
    error = outcome.error
    assert type(error) is row.error_type
    assert isinstance(error, TransportError)
    assert (error.reason, error.sent) == (row.reason, row.sent)
    # OpenSSL 3.6 adds a hint to one of its messages.
    message = str(error).removesuffix(" or the system clock is incorrect")
    assert message == f"get_info at {origin} failed: {row.message}"
    assert (error.operation, error.origin) == ("get_info", origin)
    duplicate = pickle.loads(pickle.dumps(error))
    assert (type(duplicate), str(duplicate)) == (type(error), str(error))
    assert vars(duplicate) == vars(error)


def test_every_reason_is_tested() -> None:
    tested = {row.reason for row in ROWS.values()}
    assert tested | {"pool_timeout", "other"} == set(typing.get_args(Reason))


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_full_pool_has_its_reason_over_every_transport(transport: str) -> None:
    first_sent = threading.Event()

    def slow(peer: Peer) -> None:
        peer.request()
        first_sent.set()
        peer.stall(2 * SHORT)
        peer.send(profile("slow"))

    manager_class, transport_class = TRANSPORTS[transport]
    client_class = SyncClient if manager_class is UsersManager else AsyncClient
    with FaultServer(slow) as server:
        client = client_class(transport_class(pool_size=1))
        first = partial(make_request, server)
        second = partial(make_request, server, timeout=SHORT)
        _, error = client.send_all([first, second], first_sent=first_sent)
        client.close()
    assert isinstance(error, PoolTimeoutError)
    assert (error.reason, error.sent) == ("pool_timeout", False)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(("status", "attempts"), [(403, 1), (407, 1), (502, 3), (503, 3)])
def test_a_tunnel_that_a_proxy_refuses_for_good_is_requested_once(
    transport: str, status: int, attempts: int
) -> None:
    fault = partial(proxied, refuse_tunnel(status))
    outcome, _ = call_with(transport, fault, Retry(wait=wait_none()))
    assert len(outcome.attempts) == attempts
    assert isinstance(outcome.error, ConnectError)
    assert outcome.error.proxy_status == status


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_request_that_a_proxy_refuses_to_forward_is_sent_once(transport: str) -> None:
    fault = partial(proxied, refuse_tunnel(407), "http")
    outcome, _ = call_with(transport, fault, Retry(wait=wait_none()))
    assert len(outcome.attempts) == 1
