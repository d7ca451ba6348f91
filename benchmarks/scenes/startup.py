"""Before the first call: importing, and making the first manager and the next."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..figures import spread
from ..tables import Column, Row, Table
from . import Scene, Setting

__all__ = ["SCENES", "fabricate"]

_IMPORT = """
import sys, time
before, begun = len(sys.modules), time.perf_counter()
{statement}
print([(time.perf_counter() - begun) * 1000, len(sys.modules) - before])
"""
_MODULES = {
    "usersmanager": "import usersmanager",
    "usersmanager, with its blocking transport": (
        "import usersmanager, usersmanager_urllib3.transport"
    ),
    "usersmanager, with its asyncio transport": (
        "import usersmanager, usersmanager_aiohttp.transport"
    ),
    "urllib3": "import urllib3",
    "aiohttp": "import aiohttp",
    "requests": "import requests",
    "httpx": "import httpx",
    "auth0-python": "from auth0.authentication import Users",
    "authlib": "from authlib.integrations.requests_client import OAuth2Session",
    "elastic-transport": "import elastic_transport",
    "azure-core": "import azure.core, azure.core.pipeline.transport",
}
_MAKE = """
import time
{prepare}
def make():
    begun = time.perf_counter()
    {make}
    return made, (time.perf_counter() - begun) * 1000
kept = [make() for _ in range(21)]
times = [took for _, took in kept]
print([times[0], times[1], sorted(times[1:])[10]])
for made, _ in kept:
    {close}
"""
_OURS = {
    "prepare": "from usersmanager import UsersManager",
    "make": "made = UsersManager('https://tenant.auth0.com')",
    "close": "made.close()",
}
_OURS_ASYNC = {
    "prepare": "import asyncio\nfrom usersmanager import AsyncUsersManager",
    "make": "made = AsyncUsersManager('https://tenant.auth0.com')",
    "close": "asyncio.run(made.aclose())",
}
_MAKERS = {
    "urllib3.PoolManager": {
        "prepare": "import ssl, urllib3",
        "make": "made = urllib3.PoolManager(ssl_context=ssl.create_default_context())",
        "close": "made.clear()",
    },
    "requests.Session": {
        "prepare": "import requests",
        "make": "made = requests.Session()",
        "close": "made.close()",
    },
    "httpx.Client": {
        "prepare": "import httpx",
        "make": "made = httpx.Client()",
        "close": "made.close()",
    },
    "auth0-python, Users": {
        "prepare": "from auth0.authentication import Users",
        "make": "made = Users('tenant.auth0.com')",
        "close": "pass",
    },
}


def fabricate(folder: Path, number: int) -> None:
    """Puts the metadata of so many distributions into a folder, each with an entry point."""
    for index in range(number):
        info = folder / f"fabricated_{index:03}-1.0.dist-info"
        info.mkdir()
        info.joinpath("METADATA").write_text(
            f"Metadata-Version: 2.1\nName: fabricated-{index:03}\nVersion: 1.0\n"
            + "Classifier: Programming Language :: Python :: 3\n" * 20
        )
        info.joinpath("entry_points.txt").write_text(
            f"[console_scripts]\nfabricated-{index:03} = fabricated_{index:03}:main\n"
        )
        info.joinpath("RECORD").write_text(f"fabricated_{index:03}.py,,\n")


def _run(source: str, path: str = "") -> list[float] | None:
    """What a fresh interpreter prints, or None if it fails for want of a library."""
    done = subprocess.run(  # noqa: S603 - the source is above.
        [sys.executable, "-c", source],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and "ModuleNotFoundError" not in done.stderr:
        raise RuntimeError(done.stderr)
    figures: list[float] | None = json.loads(done.stdout) if done.returncode == 0 else None
    return figures


def _rounds(sources: Mapping[str, tuple[str, str]], rounds: int) -> dict[str, list[list[float]]]:
    """What each printed, round by round; those that can't run are left out."""
    _warm(sources.values())
    printed: dict[str, list[list[float]]] = {name: [] for name in sources}
    shuffled = random.Random(0)  # noqa: S311 - an order, not a secret.
    for _ in range(rounds):
        names = list(printed)
        shuffled.shuffle(names)
        for name in names:
            figures = _run(*sources[name])
            if figures is None:
                del printed[name]
            else:
                printed[name].append(figures)
    return printed


def _warm(sources: Iterable[tuple[str, str]]) -> None:
    for source in sources:  # Byte code is written, and read from the disk.
        _run(*source)


def _imports(setting: Setting) -> Table:
    sources = {
        name: (_IMPORT.format(statement=statement), "") for name, statement in _MODULES.items()
    }
    printed = _rounds(sources, setting.rounds(11))
    rows = [
        Row(
            name,
            {"ms": spread([ms for ms, _ in rounds]), "modules": rounds[0][1]},
        )
        for name, rounds in printed.items()
    ]
    columns = (
        Column("ms", "ms", "{:.1f}", with_quartiles=True),
        Column("modules", "modules", "{:.0f}"),
    )
    note = "beyond the bare interpreter, in a fresh process each"
    return Table("Importing", columns, tuple(rows), (note,), subject="Import")


def _construction(setting: Setting) -> Table:
    with tempfile.TemporaryDirectory() as folder:
        fabricate(Path(folder), 100)
        sources = {
            "UsersManager": (_MAKE.format(**_OURS), ""),
            "UsersManager, 100 distributions more": (_MAKE.format(**_OURS), folder),
            "AsyncUsersManager": (_MAKE.format(**_OURS_ASYNC), ""),
            "AsyncUsersManager, 100 distributions more": (_MAKE.format(**_OURS_ASYNC), folder),
            **{name: (_MAKE.format(**maker), "") for name, maker in _MAKERS.items()},
        }
        printed = _rounds(sources, setting.rounds(9))
    keys = ("first", "second", "later")
    rows = [
        Row(
            name,
            {key: spread([each[index] for each in rounds]) for index, key in enumerate(keys)},
        )
        for name, rounds in printed.items()
    ]
    columns = (
        Column("first", "first, ms", "{:.2f}", with_quartiles=True),
        Column("second", "second, ms", "{:.2f}"),
        Column("later", "later, ms", "{:.3f}"),
    )
    note = (
        "after the import. The first manager finds the plugins, and imports them, the transport"
        " and the system's certificates; it is done once in a process"
    )
    return Table("Making a manager", columns, tuple(rows), (note,), subject="Object")


SCENES = (Scene("imports", _imports), Scene("construction", _construction))
