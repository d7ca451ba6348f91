"""Read the Content-Encoding of a response (RFC 9110, section 8.4)."""

from __future__ import annotations

from .._values.headers import Headers

__all__ = ["is_compressed"]

# The registered codings, and others in use. Some servers send a charset or "none" instead, which
# doesn't change the body. A body in a coding that is missing here is not UTF-8, and fails as that.
_COMPRESSIONS = frozenset(
    {
        "aes128gcm",
        "br",
        "brotli",
        "bzip2",
        "compress",
        "dcb",
        "dcz",
        "deflate",
        "exi",
        "gzip",
        "lz4",
        "lzma",
        "pack200-gzip",
        "snappy",
        "x-bzip2",
        "x-compress",
        "x-gzip",
        "xz",
        "zstd",
    }
)


def is_compressed(headers: Headers) -> bool:
    """Return whether a response has a content coding that changes the body."""
    if "Content-Encoding" not in headers:
        return False
    return any(
        coding.strip().lower() in _COMPRESSIONS
        for field in headers.getall("Content-Encoding", [])
        for coding in field.split(",")
    )
