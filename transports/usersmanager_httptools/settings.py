"""What both colours are told, and where an origin is."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from usersmanager import DeadlineExceededError, Request, default_ssl_context, encode_request

from .exchange import Exchange

__all__ = ["Address", "Settings", "address_of", "message_of", "require_time"]


class Address(NamedTuple):
    """Where to connect to, and whether with TLS."""

    host: str
    port: int
    is_tls: bool


@lru_cache(maxsize=64)
def address_of(origin: str) -> Address:
    """The address of an origin: scheme, host and port."""
    parts = urlsplit(origin)
    is_tls = parts.scheme == "https"
    return Address(parts.hostname or "", parts.port or (443 if is_tls else 80), is_tls)


@dataclass(frozen=True, slots=True)
class Settings:
    """The arguments of `HttptoolsTransport`, which explains them."""

    pool_size: int
    ssl_context: ssl.SSLContext | None
    max_response_bytes: int
    connect_timeout: float

    def context(self, address: Address) -> ssl.SSLContext | None:
        """The TLS settings for an address, or None for a plain one."""
        return (self.ssl_context or default_ssl_context()) if address.is_tls else None

    def exchange(self, request: Request) -> Exchange:
        """What a request's response is read with."""
        # A link that was cut short would still look like one.
        return Exchange(exact=not request.idempotent, limit=self.max_response_bytes)

    def time_to_connect(self, request: Request) -> float:
        """Seconds for one connection."""
        return min(self.connect_timeout, request.remaining())


def message_of(request: Request) -> bytes:
    """A request as it is sent. It holds the token: keep no copy."""
    return encode_request(request.method, request.target, request.wire_text(), request.body)


def require_time(request: Request) -> float:
    """Seconds that are left, before anything is sent.

    Raises:
        DeadlineExceededError: the deadline has passed.
    """
    left = request.remaining()
    if left <= 0:
        raise DeadlineExceededError("the deadline has passed", phase="not sent")
    return left
