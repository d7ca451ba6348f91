"""Fuzzes the exchange with atheris: `tox -e fuzz`. What it finds becomes a file of the corpus.

Bytes are a response or one of our errors, whatever way they are cut; and what we
accept, h11 reads the same.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["usersmanager", "usersmanager_httptools", "h11"]):
    from tests.fuzz.readings import agreed


def main() -> None:
    atheris.Setup(sys.argv, agreed_of_any)
    atheris.Fuzz()


def agreed_of_any(data: bytes) -> None:
    """One run."""
    agreed(data)


if __name__ == "__main__":
    main()
