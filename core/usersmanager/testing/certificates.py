"""TLS contexts for tests, with certificates of one authority per process.

Needs trustme, which is imported when the first certificate is issued.
"""

from __future__ import annotations

import ssl
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import trustme

__all__ = ["authority", "client_context", "new_authority", "server_context"]


def new_authority() -> trustme.CA:
    """Return a new certificate authority, which no client trusts."""
    import trustme

    return trustme.CA()


@cache
def authority() -> trustme.CA:
    """Return the certificate authority of this process."""
    return new_authority()


def server_context(
    *hosts: str,
    issuer: trustme.CA | None = None,
    version: ssl.TLSVersion | None = None,
    **certificate: Any,
) -> ssl.SSLContext:
    """Return a new context for a TLS server.

    Args:
        hosts: the names and addresses in its certificate; "localhost" by default.
        issuer: an authority other than the one of this process.
        version: the only version of TLS.
        certificate: further arguments of `trustme.CA.issue_cert`, such as `not_after`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    issued = (issuer or authority()).issue_cert(*hosts or ["localhost"], **certificate)
    issued.configure_cert(context)
    return context


def client_context() -> ssl.SSLContext:
    """Return a new context for a TLS client that trusts this process's authority alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority().configure_trust(context)
    return context
