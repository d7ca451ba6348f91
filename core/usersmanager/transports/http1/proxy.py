"""Proxy: an HTTP proxy's address and credentials, and the request for a tunnel through it."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from ..._values.token import Secret
from ..._values.urls import explain_proxy_url
from ...errors import ArgumentError, ConnectError, ProtocolError
from .parser import ResponseParser

__all__ = ["Proxy", "TunnelReader"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Proxy:
    """The address of an HTTP proxy, and the credentials in its URL.

    Args:
        url: sealed, such as "http://user:password@proxy.example:3128".

    Raises:
        ArgumentError: it is not the URL of an HTTP proxy, or its user and password cannot be sent.

    Attributes:
        origin: scheme, host and port.
    """

    __slots__ = ("_authorization", "origin")

    def __init__(self, url: Secret[str | None]) -> None:
        self.origin: str = ""  # For the repr, should this fail.
        self._authorization = ""
        problem = explain_proxy_url(url.reveal())
        if problem is not None:
            raise ArgumentError(f"proxy {problem}")
        self.origin = _origin(url)
        userinfo = Secret(urlsplit(url.reveal() or "").netloc.rpartition("@")[0])
        if userinfo.reveal():
            credentials = b64encode(_user_pass(userinfo).reveal().encode()).decode("ascii")
            self._authorization = f"Proxy-Authorization: Basic {credentials}\r\n"

    def authorization_line(self) -> str:
        """Return the header line with the credentials, or "". Keep no copy."""
        return self._authorization

    def tunnel_request(self, host: str, port: int) -> bytes:
        """Return the request for a tunnel (RFC 9110, section 9.3.6)."""
        authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        head = f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{self._authorization}\r\n"
        return head.encode("ascii")

    def __repr__(self) -> str:
        return f"<Proxy {self.origin}>"


def _origin(url: Secret[str | None]) -> str:
    parts = urlsplit(url.reveal() or "")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _user_pass(userinfo: Secret[str]) -> Secret[str]:
    """Return the user and password of a URL, decoded, with a colon between (RFC 7617)."""
    try:
        user = Secret(unquote(userinfo.reveal().partition(":")[0], errors="strict"))
        password = Secret(unquote(userinfo.reveal().partition(":")[2], errors="strict"))
    except UnicodeDecodeError:
        is_valid = False
    else:
        is_valid = ":" not in user.reveal()
        is_valid &= not _CONTROL.search(user.reveal() + password.reveal())
    if not is_valid:  # Not in the `except` block: the error quotes the password.
        raise ArgumentError(
            "the user and password of the proxy must be UTF-8 without control characters,"
            " percent-encoded, and the user must not contain a colon"
        )
    return Secret(f"{user.reveal()}:{password.reveal()}")


class TunnelReader(ResponseParser):
    """Parses a proxy's response to CONNECT, which has no body if it opens the tunnel."""

    def receive_data(self, data: bytes) -> None:
        """Handle received data.

        Raises:
            ConnectError: the proxy refused, or its response is malformed.
        """
        try:
            super().receive_data(data)
        except ProtocolError as error:
            message = f"malformed response from the proxy: {error}"
            raise ConnectError(message, reason="malformed") from None

    def receive_eof(self, *, in_order: bool = True) -> None:
        """Raise the error for an incomplete response."""
        raise ConnectError("the proxy closed the connection", reason="proxy_unreachable")

    def _parse(self) -> Iterator[None]:
        status = (yield from self._read_head()).status
        if status >= 300 or status == 101:
            message = f"the proxy answered {status}"
            raise ConnectError(message, reason="proxy_refused", proxy_status=status)
        if self._position < len(self._buffer):
            raise ProtocolError("unexpected data before the tunnel was used")
        self.complete = True
