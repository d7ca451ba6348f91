"""TLS contexts for tests, with certificates of one authority per process."""

from __future__ import annotations

import ssl
from functools import cache

import trustme

__all__ = ["authority", "client_context", "server_context"]


@cache
def authority() -> trustme.CA:
    """Return the certificate authority of this process."""
    return trustme.CA()


def server_context(
    *hosts: str, issuer: trustme.CA | None = None, version: ssl.TLSVersion | None = None
) -> ssl.SSLContext:
    """Return a new context for a TLS server.

    Args:
        hosts: the names and addresses in its certificate; "localhost" by default.
        issuer: an authority that clients do not trust.
        version: the only version of TLS.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    (issuer or authority()).issue_cert(*hosts or ["localhost"]).configure_cert(context)
    return context


def client_context() -> ssl.SSLContext:
    """Return a new context for a TLS client that trusts this process's authority alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority().configure_trust(context)
    return context
