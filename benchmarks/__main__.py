"""The command: `python -m benchmarks`."""

import argparse
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from .layers import measure_layers
from .report import chart, layers_table, replace_results, table
from .scenarios import SCENARIOS, run
from .server import serving

_PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
_LIBRARIES = ("usersmanager", "urllib3", "aiohttp", "httpx", "requests", "auth0-python")
_LAYERS = "layers"
_START_UP = "Start-up: the import, then the first and the second object."
_LAYERS_TITLE = "Where the time of a call goes, with the native transport:"
_START = """
from time import perf_counter
make = "managers.append({0}('https://tenant.auth0.com'))"
managers = []
for step in ("from usersmanager import {0}", make, make):
    begun = perf_counter()
    exec(step)
    print(1000 * (perf_counter() - begun))
"""


def main() -> None:
    """Measure what a call costs, compared with the bare libraries and other clients."""
    names = {**{scenario.name: None for scenario in SCENARIOS}, _LAYERS: None}
    parser = argparse.ArgumentParser("python -m benchmarks", description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"from {', '.join(names)}")
    parser.add_argument("--quick", action="store_true", help="less exact, in a minute or two")
    parser.add_argument("--docs", action="store_true", help="write docs/performance.md and .svg")
    options = parser.parse_args()
    if unknown := set(options.names) - set(names):
        parser.error(f"unknown NAME: {', '.join(sorted(unknown))}")
    if options.docs and options.names:
        parser.error("--docs writes all scenarios: give no NAME")
    rounds, seconds = (7, 0.05) if options.quick else (21, 0.3)
    starts = [_startup(manager, rounds) for manager in ("UsersManager", "AsyncUsersManager")]
    rows = []
    with serving() as (server, trust):
        os.environ.update(trust)  # aiohttp reads it when it is imported.
        for scenario in SCENARIOS:
            if scenario.name in (options.names or names):
                print(scenario.title, "...", file=sys.stderr)
                rows += run(scenario, server, rounds, seconds)
        parts = [_environment()]
        if rows:
            parts.append(table(rows))
        if _LAYERS in (options.names or names):
            print("The layers of a call ...", file=sys.stderr)
            layers = layers_table(measure_layers(server, rounds, seconds))
            parts += [_LAYERS_TITLE, layers]
    text = "\n\n".join([*parts, _START_UP, "\n".join(starts)])
    print(text)
    if options.docs:
        _PAGE.write_text(replace_results(_PAGE.read_text(), text))
        _PAGE.with_suffix(".svg").write_text(chart(rows))


def _startup(manager: str, rounds: int) -> str:
    command = [sys.executable, "-c", _START.format(manager)]
    runs = [subprocess.check_output(command, text=True).split() for _ in range(rounds)]  # noqa: S603
    load, first, second = (median(map(float, column)) for column in zip(*runs, strict=True))
    return f"- {manager}: import {load:.0f} ms, first {first:.0f} ms, second {second:.1f} ms."


def _environment() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return (
        f"Measured by `{' '.join(['python -m benchmarks', *sys.argv[1:]])}`"
        f" on {datetime.now(UTC):%Y-%m-%d}: Python {platform.python_version()},"
        f" {platform.system()} {platform.machine()}, {os.cpu_count()} CPUs; {versions}."
    )


if __name__ == "__main__":
    main()
