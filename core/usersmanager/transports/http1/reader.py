"""What both engines expect of whatever reads the server's side of an exchange."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Reader"]


class Reader(Protocol):
    """Reads one message: a response, a proxy's answer, a TLS handshake."""

    @property
    def complete(self) -> bool:
        """Whether the message is whole."""

    def feed(self, data: bytes) -> object:
        """Take what was received.

        Raises:
            TransportError: it is not such a message.
        """

    def eof(self, *, in_order: bool = True) -> None:
        """Take note that the connection has ended.

        Args:
            in_order: whether TLS, if there is any, announced the end.

        Raises:
            TransportError: the message is not whole.
        """
