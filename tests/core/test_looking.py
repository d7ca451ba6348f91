"""Whether anything has come over a connection, by `poll`, or by `select` where there is none."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator

import pytest

from usersmanager import arrivals


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
    assert arrivals(ours.fileno())() is False


def test_bytes_have_come_until_they_are_read(pair: Pair) -> None:
    ours, theirs = pair
    has_arrived = arrivals(ours.fileno())
    theirs.send(b"x")
    assert has_arrived() is True
    assert has_arrived() is True
    ours.recv(1)
    assert has_arrived() is False


def test_the_end_has_come(pair: Pair) -> None:
    ours, theirs = pair
    has_arrived = arrivals(ours.fileno())
    theirs.close()
    assert has_arrived() is True


def test_a_socket_with_a_timeout_is_not_waited_for(pair: Pair) -> None:
    ours, _ = pair
    ours.settimeout(60)
    assert arrivals(ours.fileno())() is False
