"""Show reports on plugins: to people as a table or a list, to programs as lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .._composition.report import reported_order
from ..plugins import PluginReport
from .output import escape_control_characters

__all__ = ["format_line", "print_plugins"]

_STYLES = {"active": "green", "failed": "red"}
_COLUMNS = ("name", "kind", "mode", "hooks", "distribution", "status")
_WIDTH = 80  # Of a table.


def format_line(report: PluginReport) -> str:
    """Return the fields of a report, separated by tabs."""
    fields = (
        report.name,
        report.kind,
        report.status,
        ",".join(report.modes),
        ",".join(_hooks(report)),
        report.distribution,
        report.version,
        report.requires,
        report.reason,
    )
    return "\t".join(map(escape_control_characters, fields))


def print_plugins(console: Console, reports: Sequence[PluginReport]) -> None:
    """Print a table, or a list if the console is narrow, and the order of the plugins."""
    if console.width >= _WIDTH:
        _print_table(console, reports)
    else:
        _print_list(console, reports)
    order = reported_order(reports)
    console.print()
    _print(console, "order, outermost first:")
    _print(console, f"around a call: {', '.join(order.call) or 'none'}", indent=2)
    _print(console, f"around an attempt: {', '.join(order.attempt) or 'none'}", indent=2)


def _print(console: Console, text: str, style: str = "", *, indent: int = 0) -> None:
    """Print an indented paragraph."""
    escaped = Text(escape_control_characters(text), style, overflow="fold")
    console.print(Padding(escaped, (0, 0, 0, indent), expand=False))


def _print_table(console: Console, reports: Sequence[PluginReport]) -> None:
    """Print a table of 80 columns and, below it, why plugins are not active."""
    table = Table(box=None, pad_edge=False)
    for heading in _COLUMNS:
        table.add_column(heading, overflow="fold", no_wrap=heading != "distribution")
    for report in reports:
        table.add_row(
            _wrap_name(escape_control_characters(report.name), 13),
            report.kind,
            "\n".join(report.modes),
            "\n".join(_hooks(report)),
            _distribution(report),
            Text(_wrap_name(report.status, 10), _style(report)),
        )
    console.print(table)
    reasons = [f"{report.name}: {report.reason}" for report in reports if report.reason]
    for reason in ["", *reasons] if reasons else []:
        _print(console, reason)


def _print_list(console: Console, reports: Iterable[PluginReport]) -> None:
    """Print each report below its name. Any width will do."""
    for report in reports:
        modes = "/".join(report.modes) if report.kind == "transport" else ""  # Plugins have both.
        lines = [
            f"{modes} {report.kind} of {report.distribution} {report.version}".strip(),
            f"hooks: {', '.join(_hooks(report))}" if report.hooks else "",
            f"for {report.requires}" if report.requires else "",
            report.reason,
        ]
        _print(console, report.name, "bold")
        _print(console, report.status, _style(report), indent=2)
        for line in filter(None, lines):
            _print(console, line, indent=2)


def _style(report: PluginReport) -> str:
    return _STYLES.get(report.status, "yellow")


def _hooks(report: PluginReport) -> list[str]:
    return [hook.removeprefix("usersmanager_") for hook in report.hooks]


def _distribution(report: PluginReport) -> str:
    """Return the distribution and its version and, below it, what it requires of this one."""
    name = _wrap_name(escape_control_characters(report.distribution), 15)
    lines = [f"{name} {escape_control_characters(report.version)}"]
    if report.requires:
        # A line can only be broken at a space.
        requirement = report.requires.replace("usersmanager", "usersmanager ", 1).strip()
        lines.append(f"for {escape_control_characters(requirement)}")
    return "\n".join(lines)


def _wrap_name(name: str, width: int) -> str:
    """Wrap a name at its hyphens and spaces; rich wraps at spaces only."""
    return "\n".join(wrap(name, width))
