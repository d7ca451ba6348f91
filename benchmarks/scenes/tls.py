"""Over TLS: the loopback again, with a certificate that every contestant verifies.

    python -m benchmarks.scenes.tls SCENE CERTIFICATE [quick]

measures in a process of its own, whose environment has it trust the certificate's authority.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ..certificates import Certificates, certificates
from ..peers import OURS, OURS_FAST, Target, asynchronous, blocking
from ..server import raise_descriptor_limit, serving
from ..tables import Table
from . import Scene, Setting
from .loopback import COLUMNS, table_of
from .sampling import Sampled, sample_in_flight, sample_sequential, sample_threads

__all__ = ["SCENES"]

_FEW = frozenset(
    (
        *(blocking.BASE, blocking.LIMIT, asynchronous.BASE, asynchronous.LIMIT),
        *(OURS, OURS_FAST),
    )
)


class _Contest(NamedTuple):
    title: str
    base: str
    sample: Callable[[Setting, Target, frozenset[str] | None], Sampled]


_CONTESTS = {
    "sequential-tls": _Contest("Blocking, one thread, TLS", blocking.BASE, sample_sequential),
    "threads-8-tls": _Contest(
        "Blocking, 8 threads, TLS", blocking.BASE, partial(sample_threads, 8)
    ),
    "asyncio-100-tls": _Contest(
        "Asyncio, 100 in flight, TLS", asynchronous.BASE, partial(sample_in_flight, 100)
    ),
}


def _main() -> None:
    name, certificate, *quick = sys.argv[1:]
    raise_descriptor_limit()
    with serving(Path(certificate)) as server:
        setting = Setting(server, bool(quick))
        target = Target(server.host, server.tls_port, scheme="https")
        sampled = _CONTESTS[name].sample(setting, target, _FEW if quick else None)
    print(json.dumps(sampled))


def _sampled(name: str, files: Certificates, quick: bool) -> Sampled:
    arguments = [name, str(files.server), *(["quick"] if quick else [])]
    done = subprocess.run(  # noqa: S603 - the arguments are ours.
        [sys.executable, "-m", "benchmarks.scenes.tls", *arguments],
        env={**os.environ, **files.environment()},
        stdout=subprocess.PIPE,
        check=True,
    )
    return Sampled.from_json(json.loads(done.stdout))


def _tls(name: str, setting: Setting) -> Table:
    title, base, _ = _CONTESTS[name]
    try:
        with certificates() as files:
            sampled = _sampled(name, files, setting.quick)
    except ImportError as error:
        return Table(title, COLUMNS, (), (f"left out: {error.name} is not installed",))
    if setting.quick:
        sampled.notes.append("few contestants, in a quick run")
    return table_of(title, base, sampled)


SCENES = tuple(Scene(name, partial(_tls, name)) for name in _CONTESTS)

if __name__ == "__main__":
    _main()
