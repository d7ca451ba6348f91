"""Server contexts that `usersmanager.testing.certificates` does not have."""

from __future__ import annotations

import ssl

from usersmanager.testing.certificates import authority

__all__ = ["server_context"]


def server_context(version: ssl.TLSVersion, *hosts: str) -> ssl.SSLContext:
    """Return a new context for a TLS server with one version of TLS and several hosts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = version
    authority().issue_cert(*hosts).configure_cert(context)
    return context
