"""Connect to the first address of a host that accepts, within one deadline (RFC 8305)."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import time
from collections import deque

from ..._values.deadline import Deadline
from .addresses import ATTEMPT_DELAY, Address, avoid
from .resolver import resolve

__all__ = ["connect_tcp"]

# select can't watch descriptors from 1024 on. Windows has no poll.
_Selector: type[selectors.BaseSelector] = getattr(
    selectors, "PollSelector", selectors.SelectSelector
)
# Seconds. The kernel counts milliseconds in an int, so longer waits are not possible.
_LONGEST_WAIT = 3600.0


def connect_tcp(host: str, port: int, deadline: Deadline) -> socket.socket:
    """Return a connected socket, with the remaining time as its timeout.

    The addresses are tried one after another, the next one after 250 ms, or at once after a
    failure. The first that accepts wins.

    Args:
        host: a name, or an IP address without brackets.
        port: the TCP port.
        deadline: the time limit for name resolution and connecting together.

    Raises:
        TimeoutError: the deadline passed.
        OSError: the host cannot be resolved, or none of its addresses can be reached.

    Example::

        return hop.secure(connect_tcp(hop.host, hop.port, deadline), deadline)
    """
    race = _Race(host, port, resolve(host, port, deadline))
    try:
        sock = race.run(deadline)
        sock.settimeout(deadline.remaining_or_raise())
    except BaseException:
        race.close(winner=None)
        raise
    race.close(winner=sock)
    return sock


class _Race:
    """Connects to several addresses at a time, in one thread.

    Args:
        host: a name, or an IP address.
        port: the TCP port.
        addresses: in the order in which to try them.
    """

    def __init__(self, host: str, port: int, addresses: list[Address]) -> None:
        self._host = host
        self._port = port
        self._waiting = deque(addresses)
        self._attempts: dict[socket.socket, Address] = {}
        self._next_start = 0.0
        self._error = OSError("no address was tried")

    def run(self, deadline: Deadline) -> socket.socket:
        """Return the first socket that is connected.

        Raises:
            OSError: the deadline passed, or no address can be reached.
        """
        with _Selector() as selector:
            while self._waiting or self._attempts:
                remaining = deadline.remaining_or_raise()
                if self._waiting and time.monotonic() >= self._next_start:
                    self._start(self._waiting.popleft(), selector)
                    continue
                for key, _ in selector.select(min(remaining, self._pause())):
                    assert isinstance(key.fileobj, socket.socket)  # noqa: S101 - for the type.
                    if self._is_connected(key.fileobj, selector):
                        return key.fileobj
        try:
            raise self._error
        finally:
            self._error = OSError()  # Break the reference cycle.

    def _pause(self) -> float:
        """Return the seconds until the next address is due."""
        return max(0.0, self._next_start - time.monotonic()) if self._waiting else _LONGEST_WAIT

    def _start(self, address: Address, selector: selectors.BaseSelector) -> None:
        self._next_start = time.monotonic() + ATTEMPT_DELAY
        try:
            sock = socket.socket(address.family, socket.SOCK_STREAM)
        except OSError as error:  # The system lacks its family, for example.
            self._fail(address, error)
            return
        self._attempts[sock] = address
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(BlockingIOError):
                sock.connect(address.sockaddr)
        except OSError as error:
            self._drop(sock, error)
        else:
            selector.register(sock, selectors.EVENT_WRITE)

    def _is_connected(self, sock: socket.socket, selector: selectors.BaseSelector) -> bool:
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            selector.unregister(sock)
            self._drop(sock, OSError(code, os.strerror(code)))
        return not code

    def _drop(self, sock: socket.socket, error: OSError) -> None:
        sock.close()
        self._fail(self._attempts.pop(sock), error)

    def _fail(self, address: Address, error: OSError) -> None:
        self._error = error.with_traceback(None)
        self._next_start = 0.0  # Try the next address at once.
        avoid(self._host, self._port, address.sockaddr)

    def close(self, winner: socket.socket | None) -> None:
        """Close the sockets that did not win. Their addresses are slow: avoid them."""
        for sock, address in self._attempts.items():
            if sock is not winner:
                sock.close()
                avoid(self._host, self._port, address.sockaddr)
