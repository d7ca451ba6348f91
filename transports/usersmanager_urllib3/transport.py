"""Urllib3Transport: sends requests over connections that urllib3 opens.

`connect` of urllib3's connection classes is public, but not the method `_new_conn`, by which it
resolves the host and tries each address with the whole timeout. It is overridden here to apply
one deadline. A test fails if urllib3 stops calling it.
"""

from __future__ import annotations

import socket
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_match_hostname import CertificateError

from usersmanager import TLSError
from usersmanager.transports import Deadline, Hop, Http1Transport, connect_tcp

from .checks import require_original_urllib3

__all__ = ["Urllib3Transport"]

require_original_urllib3()


class Urllib3Transport(Http1Transport):
    """Sends requests over pooled connections that urllib3 opens. Thread-safe.

    The settings are those of `Http1Transport`.

    Raises:
        PluginError: another distribution, or a tool such as vcrpy, has replaced urllib3.

    Example::

        UsersManager(url, transport=Urllib3Transport(pool_size=10, ssl_context=context))
    """

    def check_library(self) -> None:
        """Check that urllib3 is the original one; see `Http1Transport`."""
        require_original_urllib3()

    def connect(self, hop: Hop, deadline: Deadline) -> socket.socket:
        """Return a connected socket; see `Http1Transport.connect`.

        Raises:
            OSError: the host cannot be resolved or reached, or the TLS handshake failed.
            TLSError: the certificate is for another host.
        """
        connection: _Connection | _TLSConnection
        if hop.tls is None:
            connection = _Connection(hop.host, hop.port)
        else:
            context: Any = _Context(hop, deadline)
            connection = _TLSConnection(hop.host, hop.port, ssl_context=context)
        connection.hop, connection.deadline = hop, deadline
        try:
            connection.connect()
        except BaseException as error:
            connection.close()
            if isinstance(error, CertificateError):
                # urllib3 itself checks the host name if the context does not. Not an OSError.
                message = "the certificate is for another host"
                raise TLSError(message, sent=False, reason="wrong_host") from error
            raise
        # Detach the socket: urllib3's connection would close it.
        sock: socket.socket = connection.sock
        connection.sock = None
        return sock


class _WithDeadline(HTTPConnection):
    hop: Hop
    deadline: Deadline
    sock: Any

    def _new_conn(self) -> socket.socket:
        # Its timeout is the remaining time, which the TLS handshake takes over. The host is as
        # written, with a final dot, which urllib3 removes.
        return connect_tcp(self.hop.host, self.hop.port, self.deadline)


class _Connection(_WithDeadline):
    """A plain connection."""


class _TLSConnection(_WithDeadline, HTTPSConnection):
    """A TLS connection."""


class _Context:
    """The TLS settings of a hop, with its handshake, whose errors say what failed."""

    def __init__(self, hop: Hop, deadline: Deadline) -> None:
        self._hop = hop
        self._deadline = deadline

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hop.tls, name)

    def set_alpn_protocols(self, protocols: list[str]) -> None:
        """Leave the context as it is: urllib3 would change that of the user."""

    def wrap_socket(self, sock: socket.socket, server_hostname: str) -> socket.socket:
        return self._hop.secure(sock, self._deadline)
