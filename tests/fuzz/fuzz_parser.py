"""Fuzz the response parser with atheris: `tox -e fuzz`. Findings become files of the corpus."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["usersmanager", "usersmanager_native", "h11"]):
    from tests.transports.http1.parsing import check_agreement


def run(data: bytes) -> None:
    check_agreement(data)


if __name__ == "__main__":
    atheris.Setup(sys.argv, run)
    atheris.Fuzz()
