"""The order in which the addresses of a host are tried (RFC 8305)."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable
from itertools import zip_longest
from typing import Any, NamedTuple

__all__ = ["ATTEMPT_DELAY", "Address", "avoid", "in_order", "peer_of"]

ATTEMPT_DELAY = 0.25
"""The seconds before the next address is tried in parallel (section 5)."""

_AVOIDED_SECONDS = 300.0
_HOST_LIMIT = 256
_FAILURE_LIMIT = 64

# By host and port: when an address failed, oldest first. A value is replaced, never changed,
# because threads share it.
_failures: dict[tuple[str, int], dict[object, float]] = {}


class Address(NamedTuple):
    """An address of a host.

    Attributes:
        family: ``socket.AF_INET`` or ``socket.AF_INET6``.
        sockaddr: the address and the port, as ``socket.connect`` takes them.
    """

    family: int
    sockaddr: tuple[Any, ...]


def in_order(host: str, port: int, addresses: Iterable[Address]) -> list[Address]:
    """Return addresses in the order in which they should be tried.

    The families alternate (section 4). Addresses that failed during the last five minutes come
    last, so that a retry begins with another one.

    Args:
        host: a name, or an IP address.
        port: the TCP port.
        addresses: in the order of the resolver, which prefers one family.
    """
    failures = _recent_failures(host, port)
    return sorted(_interleaved(addresses), key=lambda address: failures.get(address.sockaddr, 0.0))


def _interleaved(addresses: Iterable[Address]) -> list[Address]:
    by_family: dict[int, list[Address]] = {}
    for address in addresses:
        by_family.setdefault(address.family, []).append(address)
    rounds = zip_longest(*by_family.values())
    return [address for pair in rounds for address in pair if address is not None]


def avoid(host: str, port: int, sockaddr: object) -> None:
    """Try an address last from now on, because it failed.

    Args:
        host: a name, or an IP address.
        port: the TCP port.
        sockaddr: the ``Address.sockaddr``, or what `peer_of` returned; None is ignored.
    """
    if sockaddr is None:
        return
    failures = _recent_failures(host, port)
    failures.pop(sockaddr, None)
    kept = list(failures.items())[1 - _FAILURE_LIMIT :]
    _failures.pop((host, port), None)
    _failures[host, port] = {**dict(kept), sockaddr: time.monotonic()}
    for oldest in list(_failures)[:-_HOST_LIMIT]:
        _failures.pop(oldest, None)


def peer_of(sock: socket.socket) -> object:
    """Return the address of the other end; None once the connection has ended."""
    try:
        return sock.getpeername()
    except OSError:
        return None


def _recent_failures(host: str, port: int) -> dict[object, float]:
    expired = time.monotonic() - _AVOIDED_SECONDS
    failures = _failures.get((host, port), {})
    return {sockaddr: moment for sockaddr, moment in failures.items() if moment > expired}
