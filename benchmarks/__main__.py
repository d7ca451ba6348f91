"""The command: `python -m benchmarks`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .chart import draw
from .report import environment_lines, rendered, with_sections
from .scenes import Setting
from .scenes.all import SCENES
from .server import raise_descriptor_limit, serving
from .tables import Table

_ROOT = Path(__file__).parents[1]
_PAGE = _ROOT / "docs" / "performance.md"
_PEERS = (
    "usersmanager",
    "urllib3",
    "aiohttp",
    "uvloop",
    "requests",
    "httpx",
    "auth0-python",
    "authlib",
    "elastic-transport",
    "azure-core",
)


def main(arguments: list[str] | None = None) -> None:
    """Measures, prints the tables, and writes them."""
    options = _parser().parse_args(arguments)
    file = options.json or (_PAGE.with_suffix(".json") if options.docs else Path("benchmark.json"))
    results = json.loads(file.read_text()) if file.exists() else {}
    if not options.render:
        results.update(_measured(options))
        file.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
        print(f"written: {file}")
    if options.docs:
        _write_docs(results)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks", description=main.__doc__)
    names = [scene.name for scene in SCENES]
    parser.add_argument(
        "scenes", nargs="*", metavar="SCENE", help=f"some scenes only: {', '.join(names)}"
    )
    parser.add_argument("--quick", action="store_true", help="under a minute, and less exact")
    parser.add_argument(
        "--json",
        type=Path,
        help="where the figures go; those of other scenes stay"
        " (benchmark.json, or docs/performance.json with --docs)",
    )
    parser.add_argument(
        "--docs", action="store_true", help="write tables and chart into docs/performance.*, too"
    )
    parser.add_argument(
        "--render", action="store_true", help="measure nothing, use the figures there are"
    )
    return parser


def _measured(options: argparse.Namespace) -> dict[str, Any]:
    unknown = set(options.scenes) - {scene.name for scene in SCENES}
    if unknown:
        sys.exit(f"no such scene: {', '.join(sorted(unknown))}")
    environment = _environment(options)
    raise_descriptor_limit()
    results = {}
    with serving() as server:
        for scene in SCENES:
            if options.scenes and scene.name not in options.scenes:
                continue
            begun = time.perf_counter()
            table = scene.run(Setting(server, options.quick))
            took = time.perf_counter() - begun
            print(f"\n## {table.title} ({scene.name}, {took:.0f} s)\n\n{rendered(table)}")
            sys.stdout.flush()
            results[scene.name] = {"environment": environment, "table": asdict(table)}
    print(f"\n{environment_lines(environment)}")
    return results


def _environment(options: argparse.Namespace) -> dict[str, Any]:
    versions = {}
    for name in _PEERS:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    quick = " --quick" if options.quick else ""
    return {
        "command": f"python -m benchmarks{quick}",
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "versions": versions,
    }


def _write_docs(results: dict[str, Any]) -> None:
    tables = {name: Table.from_json(result["table"]) for name, result in results.items()}
    sections = {name: f"**{table.title}**\n\n{rendered(table)}" for name, table in tables.items()}
    newest = max((one["environment"] for one in results.values()), key=lambda one: one["date"])
    sections["environment"] = environment_lines(newest)
    _PAGE.write_text(with_sections(_PAGE.read_text(), sections))
    print(f"written: {_PAGE}")
    print(f"written: {draw(tables, _PAGE.with_suffix('.svg'))}")


if __name__ == "__main__":
    main()
