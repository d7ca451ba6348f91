"""Tables as text: for the terminal and, between markers, for the docs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .figures import Spread
from .tables import Column, Figure, Table

__all__ = ["environment_lines", "rendered", "with_sections"]


def rendered(table: Table) -> str:
    """A table in Markdown, which is readable in a terminal too. Its title is not in it."""
    lines = [[table.subject, *(column.title for column in table.columns)]]
    for row in table.rows:
        cells = [_cell(column, row.figures.get(column.key)) for column in table.columns]
        lines.append([row.name, *cells])
    text = "\n".join(_aligned(lines))
    return text + "".join(f"\n\n{note}" for note in _sentences(table.notes))


def _sentences(notes: Sequence[str]) -> list[str]:
    return [f"{note[0].upper()}{note[1:]}." for note in notes]


def _cell(column: Column, figure: Figure) -> str:
    if figure is None:
        return "–"
    if not isinstance(figure, Spread):
        return column.form.format(figure)
    text = column.form.format(figure.median)
    if column.with_quartiles:
        text += f" ({column.form.format(figure.low)} … {column.form.format(figure.high)})"
    return text


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]

    def line(cells: Sequence[str]) -> str:
        name, *figures = cells
        padded = [name.ljust(widths[0])]
        padded += [cell.rjust(width) for cell, width in zip(figures, widths[1:], strict=True)]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    head, *body = lines
    return [line(head), line(rule), *map(line, body)]


def environment_lines(environment: Mapping[str, Any]) -> str:
    """Where figures come from, in a few lines of Markdown."""
    versions = ", ".join(f"{name} {version}" for name, version in environment["versions"].items())
    return (
        f"Measured by `{environment['command']}` on {environment['date']}:"
        f" Python {environment['python']}, {environment['system']},"
        f" {environment['processors']} processors. {versions}."
    )


def with_sections(page: str, sections: Mapping[str, str]) -> str:
    """A page in which the text between `<!-- NAME -->` and `<!-- /NAME -->` is replaced.

    A section the page has no markers for is left out; markers without one stay as they are.
    """
    for name, text in sections.items():
        pattern = re.compile(
            rf"(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)", re.DOTALL
        )
        # Cut and joined, not substituted: a text may hold what a substitution reads as a group.
        for match in list(pattern.finditer(page))[::-1]:
            page = f"{page[: match.end(1)]}\n{text}\n\n{page[match.start(2) :]}"
    return page
