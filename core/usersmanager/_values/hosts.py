"""Split URLs, and check the host names and IP addresses in them."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

__all__ = ["is_host", "is_loopback", "split_url"]

_HOST_NAME = re.compile(r"(?!-)[a-z0-9_\-]+(?:\.[a-z0-9_\-]+)*\.?")
_BRACKETED = re.compile(r"\[[^\[\]]*\](?::[0-9]*)?")


def split_url(url: str) -> SplitResult | None:
    """Return the parts of a URL, or None if its host or port is malformed."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # It raises a ValueError only when it is read.
    except ValueError:
        return None
    host = parts.netloc.rpartition("@")[2]
    if "[" in host and not _BRACKETED.fullmatch(host):  # Older Pythons ignore what is outside.
        return None
    return parts


def is_host(host: str) -> bool:
    """Return whether a lower-case host of a URL, without brackets, is a name or an address."""
    if ":" not in host:
        return _HOST_NAME.fullmatch(host) is not None
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return "%" not in host


def is_loopback(host: str) -> bool:
    """Return whether a host always means this machine.

    These are "localhost", every name below it (RFC 6761, section 6.3), 127.0.0.0/8, ::1, and the
    same in IPv6 (::ffff:127.0.0.1). A spelling that only some resolvers understand, such as
    "127.1", isn't one of them: others would look it up as a name.
    """
    if f".{host.lower()}".removesuffix(".").endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
