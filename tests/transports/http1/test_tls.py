"""TLSLayer: TLS over memory, against OpenSSL's own server side."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.transports.http1.memory_server import MemoryServer, new_layer

from usersmanager.testing.certificates import new_authority
from usersmanager.transports.http1.tls import (
    RecordBoundary,
    TLSLayer,
    default_ssl_context,
)


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def connected(request: pytest.FixtureRequest) -> tuple[TLSLayer, MemoryServer]:
    """A layer and its server after the handshake and the session tickets."""
    layer, server = started(version=request.param)
    layer.receive_data(b"")
    while not layer.complete:
        layer.receive_data(server.answer(layer.data_to_send()))
    tickets = server.answer(layer.data_to_send())
    assert layer.decrypt(tickets) == b""
    return layer, server


def started(**settings: Any) -> tuple[TLSLayer, MemoryServer]:
    return new_layer(), MemoryServer(**settings)


Connected = tuple[TLSLayer, MemoryServer]


def test_the_default_context_verifies_certificates_and_requires_tls_1_2() -> None:
    context = default_ssl_context()
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_what_is_encrypted_is_decrypted_by_the_server(connected: Connected) -> None:
    layer, server = connected
    server.incoming.write(layer.encrypt(b"a request"))
    assert server.tls.read() == b"a request"


@pytest.mark.parametrize("size", [1, 16384, 16385, 300_000])
def test_application_data_may_span_many_records(connected: Connected, size: int) -> None:
    layer, server = connected
    data = bytes(number % 251 for number in range(size))
    assert layer.decrypt(server.encrypt(data)) == data
    assert layer.is_clean


def test_a_layer_with_an_incomplete_record_is_not_clean(connected: Connected) -> None:
    layer, server = connected
    record = server.encrypt(b"forged")
    for cut in (1, 4, 5, 6, len(record) - 1):
        assert layer.is_clean
        assert layer.decrypt(record[:cut]) == b""
        assert not layer.is_clean
        assert layer.decrypt(record[cut:]) == b"forged"
        record = server.encrypt(b"forged")


def test_data_before_close_notify_is_not_lost(connected: Connected) -> None:
    layer, server = connected
    assert layer.decrypt(server.encrypt(b"last") + server.end()) == b"last"
    assert layer.has_ended


def test_close_notify_ends_the_connection(connected: Connected) -> None:
    layer, server = connected
    layer.decrypt(server.encrypt(b"first"))
    assert not layer.has_ended
    assert layer.decrypt(server.end()) == b""
    assert layer.has_ended
    assert not layer.is_clean


def test_a_corrupt_record_is_an_error(connected: Connected) -> None:
    layer, server = connected
    record = bytearray(server.encrypt(b"a response"))
    record[-1] ^= 1
    with pytest.raises(ssl.SSLError):
        layer.decrypt(bytes(record))


def test_a_failed_handshake_has_an_alert_to_send() -> None:
    layer, server = started(issuer=new_authority())
    layer.receive_data(b"")
    with pytest.raises(ssl.SSLCertVerificationError):
        layer.receive_data(server.answer(layer.data_to_send()))
    assert layer.data_to_send()


def test_an_end_within_the_handshake_is_a_connection_error() -> None:
    layer, _server = started()
    with pytest.raises(ConnectionError):
        layer.receive_eof()


@given(
    sizes=st.lists(st.integers(0, 40), max_size=5),
    cuts=st.lists(st.integers(0, 250), max_size=6),
)
def test_a_boundary_is_reached_exactly_at_the_end_of_each_record(
    sizes: list[int], cuts: list[int]
) -> None:
    records = [b"\x17\x03\x03" + size.to_bytes(2) + b"x" * size for size in sizes]
    stream = b"".join(records)
    ends = {0}
    for record in records:
        ends.add(max(ends) + len(record))
    boundary, position = RecordBoundary(), 0
    for cut in sorted({*cuts, len(stream)}):
        boundary.follow(stream[position:cut])
        position = max(position, min(cut, len(stream)))
        assert boundary.is_reached == (position in ends)
