"""The interface of what reads the server's side of an exchange: sans I/O, for both base classes."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Reader"]


class Reader(Protocol):
    """Reads one message: a response, a proxy's response to CONNECT, a TLS handshake."""

    @property
    def complete(self) -> bool:
        """Whether the whole message has been received."""

    def receive_data(self, data: bytes) -> None:
        """Handle received data, which is never empty.

        Raises:
            TransportError: the message is malformed.
        """

    def receive_eof(self, *, in_order: bool = True) -> None:
        """Handle the end of the connection.

        Args:
            in_order: whether TLS, if there is any, announced the end.

        Raises:
            TransportError: the message is incomplete.
        """
