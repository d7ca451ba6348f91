"""The benchmark's own arithmetic, texts and stand-ins. Nothing is timed here."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest
from benchmarks.figures import Spread, differences, ratios, spread
from benchmarks.peers import by_hand
from benchmarks.profiles import SUBJECT, profile, response
from benchmarks.report import rendered, with_sections
from benchmarks.scenes.all import SCENES
from benchmarks.scenes.startup import fabricate
from benchmarks.tables import Column, Row, Table

ROOT = Path(__file__).parents[2]

TABLE = Table(
    "A title",
    (Column("ratio", "× base", "{:.2f}", with_quartiles=True), Column("calls", "calls", "{:.0f}")),
    (Row("a peer", {"ratio": Spread(2.0, 1.5, 2.5), "calls": 7}), Row("another", {"ratio": None})),
    ("base: a peer",),
)


def test_a_spread_is_a_median_between_its_quartiles() -> None:
    assert spread([5, 1, 3, 2, 4]) == Spread(3, 2, 4)
    assert spread([7]) == Spread(7, 7, 7)


def test_ratios_are_taken_within_a_round() -> None:
    # The machine is ten times slower in the second round, for both.
    samples = {"base": [1.0, 10.0], "peer": [2.0, 20.0]}
    assert ratios(samples, "base")["peer"] == Spread(2, 2, 2)
    assert differences({"base": [1.0, 2.0], "peer": [3.0, 4.0]}, "base")["peer"].median == 2


def test_a_table_is_markdown() -> None:
    assert rendered(TABLE).splitlines() == [
        "| Client  |             × base | calls |",
        "| ------- | -----------------: | ----: |",
        "| a peer  | 2.00 (1.50 … 2.50) |     7 |",
        "| another |                  – |     – |",
        "",
        "Base: a peer.",
    ]


def test_a_table_survives_json() -> None:
    assert Table.from_json(json.loads(json.dumps(asdict(TABLE)))) == TABLE


def test_a_section_is_replaced_between_its_markers_alone() -> None:
    page = "before\n<!-- one -->\nold\n<!-- /one -->\nafter\n"
    once = with_sections(page, {"one": "new \\1", "two": "nowhere"})
    assert once == "before\n<!-- one -->\n\nnew \\1\n\n<!-- /one -->\nafter\n"
    assert with_sections(once, {"one": "new \\1"}) == once


def test_every_scene_has_its_place_in_the_docs() -> None:
    marked = re.findall(r"<!-- ([a-z0-9-]+) -->", (ROOT / "docs/performance.md").read_text())
    assert sorted(marked) == sorted([*(scene.name for scene in SCENES), "environment"])


@pytest.mark.parametrize("size", [1_000, 10_000, 1_000_000])
def test_a_profile_has_the_size_asked_for(size: int) -> None:
    assert len(profile(size)) == size
    assert json.loads(profile(size))["sub"] == SUBJECT


def test_a_response_is_parsed_by_hand_once_it_is_whole() -> None:
    assert by_hand(response(1000)) == json.loads(profile(1000))
    assert by_hand(response(1000)[:-1]) is None
    assert by_hand(b"HTTP/1.1 200 OK\r\n") is None


def test_fabricated_distributions_are_found(tmp_path: Path) -> None:
    from importlib.metadata import distributions

    fabricate(tmp_path, 3)
    assert len(list(distributions(path=[str(tmp_path)]))) == 3
