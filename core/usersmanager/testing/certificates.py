"""Certificates for tests, issued by one certificate authority per process.

Needs trustme, which is imported when the first certificate is issued.
"""

from __future__ import annotations

import ssl
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import trustme

__all__ = ["authority", "client_context", "server_context"]


@lru_cache(maxsize=1)
def authority() -> trustme.CA:
    """Return the certificate authority of this process."""
    import trustme

    return trustme.CA()


def server_context(
    host: str = "localhost", *, issuer: trustme.CA | None = None, **certificate: Any
) -> ssl.SSLContext:
    """Return a new context for a TLS server.

    Args:
        host: the host name in its certificate.
        issuer: a certificate authority other than the process's own.
        certificate: further arguments of `trustme.CA.issue_cert`, such as `not_after`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (issuer or authority()).issue_cert(host, **certificate).configure_cert(context)
    return context


def client_context() -> ssl.SSLContext:
    """Return a new context for a TLS client that trusts this process's authority alone."""
    return ssl.create_default_context(cadata=authority().cert_pem.bytes().decode("ascii"))
