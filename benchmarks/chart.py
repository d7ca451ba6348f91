"""The chart for the docs: ratios against the bare libraries, as bars."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .figures import Spread
from .peers import OURS
from .tables import Table

__all__ = ["draw"]

_PANELS = ("sequential", "threads-32", "asyncio-1", "asyncio-100")
_OURS, _LIMIT, _BASE, _OTHERS = "#c2410c", "#94a3b8", "#475569", "#cbd5e1"


def draw(tables: Mapping[str, Table], path: Path) -> Path:
    """Draws those of the panels that have been measured, and gives the path."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "usersmanager"  # The same figures give the same file.
    mpl.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot as plt

    shown = [tables[name] for name in _PANELS if name in tables]
    figure, panels = plt.subplots(
        len(shown), 1, figsize=(8, 3.2 * len(shown)), squeeze=False, layout="constrained"
    )
    for table, (panel,) in zip(shown, panels, strict=True):
        _bars(panel, table)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    # matplotlib ends lines with blanks.
    path.write_text("\n".join(line.rstrip() for line in path.read_text().splitlines()) + "\n")
    return path


def _bars(panel: Any, table: Table) -> None:
    rows = [(row.name, row.figures["ratio"]) for row in reversed(table.rows)]
    names = [name for name, _ in rows]
    ratios = [one for _, one in rows if isinstance(one, Spread)]
    panel.barh(
        names,
        [one.median for one in ratios],
        xerr=[
            [one.median - one.low for one in ratios],
            [one.high - one.median for one in ratios],
        ],
        color=[_mode(name) for name in names],
        error_kw={"ecolor": "#334155", "elinewidth": 1},
    )
    for name, one in zip(names, ratios, strict=True):
        panel.annotate(
            f"{one.median:.2f}",
            (one.high, name),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    panel.axvline(1, color=_BASE, linewidth=0.8, linestyle="--")
    panel.set_title(f"{table.title}: time for a call, × the bare library", fontsize=10, loc="left")
    panel.tick_params(labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)


def _mode(name: str) -> str:
    if name.startswith(OURS):
        return _OURS
    if "the limit" in name:
        return _LIMIT
    return _BASE if "used well" in name else _OTHERS
