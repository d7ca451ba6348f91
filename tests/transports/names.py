"""Host names with chosen addresses, and addresses that don't accept connections."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any
from unittest import mock

from usersmanager.testing.contracts.scripts import unreachable_server

__all__ = [
    "HOST",
    "black_hole",
    "hanging",
    "refusing_address",
    "resolving_to",
]

HOST = "origin.example"


@contextlib.contextmanager
def resolving_to(*addresses: tuple[Any, ...]) -> Iterator[list[str]]:
    """Resolve every name to these addresses; yield the names that were asked for.

    Args:
        addresses: as `socket.connect` takes them. A longer one is of IPv6.
    """
    asked: list[str] = []

    def resolve(host: str, *rest: Any, **named: Any) -> list[tuple[Any, ...]]:
        asked.append(host)
        return [
            (
                socket.AF_INET if len(address) == 2 else socket.AF_INET6,
                socket.SOCK_STREAM,
                socket.IPPROTO_TCP,
                "",
                address,
            )
            for address in addresses
        ]

    with mock.patch("socket.getaddrinfo", resolve):
        yield asked


@contextlib.contextmanager
def hanging(host: str) -> Iterator[list[str]]:
    """Never resolve a name, and others to 127.0.0.1; yield the names that were asked for."""
    asked: list[str] = []
    is_over = threading.Event()

    def resolve(asked_host: str, port: int, **named: Any) -> Any:
        asked.append(asked_host)
        if asked_host == host:
            is_over.wait(20)
            raise socket.gaierror(socket.EAI_AGAIN, "?")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    with mock.patch("socket.getaddrinfo", resolve):
        try:
            yield asked
        finally:
            is_over.set()
            # Another test would share the result of a thread that is still resolving.
            for thread in threading.enumerate():
                if thread.name == "usersmanager-resolve":
                    thread.join(5)


@contextlib.contextmanager
def black_hole() -> Iterator[tuple[str, int]]:
    """Yield an address that doesn't answer."""
    with unreachable_server() as server:
        yield server.listener.getsockname()


@contextlib.contextmanager
def refusing_address() -> Iterator[tuple[str, int]]:
    """Yield an address that refuses connections: its socket is bound, but not listening."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()
