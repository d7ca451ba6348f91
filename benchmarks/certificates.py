"""The server's certificate, of an authority that lasts as long as a scene."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

__all__ = ["Certificates", "certificates"]


class Certificates(NamedTuple):
    """Certificates in files.

    Attributes:
        authority: the authority's, which clients trust.
        server: the server's private key and chain.
    """

    authority: Path
    server: Path

    def environment(self) -> dict[str, str]:
        """What makes a new process trust the authority.

        Some libraries read it as they are imported: a running process is too late.
        """
        return dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), str(self.authority))


@contextlib.contextmanager
def certificates(host: str = "127.0.0.1") -> Iterator[Certificates]:
    """Issues a certificate for a host, and removes it."""
    import trustme

    authority = trustme.CA()
    with TemporaryDirectory() as directory:
        files = Certificates(Path(directory, "authority.pem"), Path(directory, "server.pem"))
        authority.cert_pem.write_to_path(files.authority)
        authority.issue_cert(host).private_key_and_cert_chain_pem.write_to_path(files.server)
        yield files
