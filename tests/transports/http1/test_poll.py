"""Whether anything has come over a connection, by `poll`, or by `select` where there is none."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from usersmanager.transports import readable


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


def test_nothing_has_come_over_a_quiet_connection(pair: Pair) -> None:
    ours, _ = pair
    assert readable(ours.fileno())() is False


def test_bytes_have_come_until_they_are_read(pair: Pair) -> None:
    ours, theirs = pair
    has_arrived = readable(ours.fileno())
    theirs.send(b"x")
    assert has_arrived() is True
    assert has_arrived() is True
    ours.recv(1)
    assert has_arrived() is False


def test_the_end_has_come(pair: Pair) -> None:
    ours, theirs = pair
    has_arrived = readable(ours.fileno())
    theirs.close()
    assert has_arrived() is True


def test_a_socket_with_a_timeout_is_not_waited_for(pair: Pair) -> None:
    ours, _ = pair
    ours.settimeout(60)
    assert readable(ours.fileno())() is False


def test_a_look_may_wait_until_something_comes(pair: Pair) -> None:
    ours, theirs = pair
    sending = threading.Timer(0.05, theirs.send, [b"x"])
    began = time.monotonic()
    sending.start()
    assert readable(ours.fileno())(5.0) is True
    assert 0.04 <= time.monotonic() - began < 4
    sending.join()


@pytest.mark.parametrize("within", [0.05, 0.0501])
def test_a_look_does_not_wait_for_longer_than_it_may(pair: Pair, within: float) -> None:
    ours, _ = pair
    began = time.monotonic()
    assert readable(ours.fileno())(within) is False
    assert within <= time.monotonic() - began < 2


def test_a_look_may_be_asked_to_wait_for_longer_than_the_kernel_can_count(pair: Pair) -> None:
    ours, theirs = pair
    theirs.send(b"x")
    assert readable(ours.fileno())(1e12) is True
