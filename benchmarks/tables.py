"""A result: a table of figures, which goes into JSON and out again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

from .figures import Spread

__all__ = ["Column", "Figure", "Row", "Table"]

Figure: TypeAlias = Spread | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        key: what rows call it.
        title: its heading.
        form: how a figure is written, a `str.format` template.
        with_quartiles: whether to write the quartiles too.
    """

    key: str
    title: str
    form: str
    with_quartiles: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its name and its figures by column."""

    name: str
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Table:
    """One scene's result.

    Attributes:
        title: what was asked.
        columns: the columns, without that of the names.
        rows: the rows, in order.
        notes: what a reader must know, such as who was left out.
        subject: the heading of the names.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    subject: str = "Client"
    facts: Mapping[str, Any] = field(default_factory=dict)

    def figure(self, row: str, column: str) -> Figure:
        """One figure; None if there is none."""
        return next((one.figures.get(column) for one in self.rows if one.name == row), None)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """A table as `dataclasses.asdict` and JSON have left it."""
        return cls(
            title=value["title"],
            columns=tuple(Column(**one) for one in value["columns"]),
            rows=tuple(
                Row(one["name"], {key: _figure(each) for key, each in one["figures"].items()})
                for one in value["rows"]
            ),
            notes=tuple(value["notes"]),
            subject=value["subject"],
            facts=value["facts"],
        )


def _figure(value: Any) -> Figure:
    return Spread(*value) if isinstance(value, list) else value
