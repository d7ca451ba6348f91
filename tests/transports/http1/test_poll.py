"""`Poll`: whether a socket is readable, by `poll`, or by `select` on Windows."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from usersmanager.transports.http1.poll import Poll


@pytest.fixture(params=["poll", "select"])
def pair(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[socket.socket, socket.socket]]:
    if request.param == "select":
        monkeypatch.delattr(select, "poll")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


Pair = tuple[socket.socket, socket.socket]


def test_a_connection_without_data_is_not_readable(pair: Pair) -> None:
    ours, _ = pair
    assert Poll(ours.fileno())() is False


def test_it_is_readable_until_all_data_is_read(pair: Pair) -> None:
    ours, theirs = pair
    is_readable = Poll(ours.fileno())
    theirs.send(b"x")
    assert is_readable() is True
    assert is_readable() is True
    ours.recv(1)
    assert is_readable() is False


def test_the_end_of_the_connection_is_readable(pair: Pair) -> None:
    ours, theirs = pair
    is_readable = Poll(ours.fileno())
    theirs.close()
    assert is_readable() is True


def test_the_timeout_of_the_socket_does_not_matter(pair: Pair) -> None:
    ours, _ = pair
    ours.settimeout(60)
    assert Poll(ours.fileno())() is False


def test_it_can_wait_for_data(pair: Pair) -> None:
    ours, theirs = pair
    sending = threading.Timer(0.05, theirs.send, [b"x"])
    began = time.monotonic()
    sending.start()
    assert Poll(ours.fileno())(5.0) is True
    assert 0.04 <= time.monotonic() - began < 4
    sending.join()


@pytest.mark.parametrize("within", [0.05, 0.0501])
def test_it_waits_for_no_longer_than_asked(pair: Pair, within: float) -> None:
    ours, _ = pair
    began = time.monotonic()
    assert Poll(ours.fileno())(within) is False
    assert within <= time.monotonic() - began < 2


def test_the_wait_may_be_longer_than_the_kernel_can_count(pair: Pair) -> None:
    ours, theirs = pair
    theirs.send(b"x")
    assert Poll(ours.fileno())(1e12) is True
