"""The benchmark's own arithmetic, texts and stand-ins. Nothing is timed here."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import pytest
from benchmarks.canned import CannedLoop, sockets
from benchmarks.figures import Spread, differences, ratios, spread
from benchmarks.peers import OURS, asynchronous, by_hand
from benchmarks.peers.blocking import BASE, PEERS
from benchmarks.profiles import SUBJECT, profile, response
from benchmarks.report import rendered, with_sections
from benchmarks.scenes.all import SCENES
from benchmarks.scenes.instructions import COUNTERS, Counter
from benchmarks.scenes.offline import NOWHERE
from benchmarks.scenes.rules import ASYNCIO, BLOCKING, Rule
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


@pytest.mark.parametrize("name", [BASE, OURS])
def test_a_canned_socket_serves_the_real_libraries(name: str) -> None:
    (peer,) = (one for one in PEERS if one.name == name)
    with sockets(response(1000)), peer.open(NOWHERE) as call:
        assert [call(), call()] == [json.loads(profile(1000))] * 2


@pytest.mark.parametrize("name", [asynchronous.BASE, OURS])
def test_a_canned_event_loop_serves_the_real_libraries(name: str) -> None:
    (peer,) = (one for one in asynchronous.PEERS if one.name == name)

    async def twice() -> list[object]:
        async with peer.open(NOWHERE) as call:
            return [await call(), await call()]

    with asyncio.Runner(loop_factory=lambda: CannedLoop(response(1000))) as runner:
        assert runner.run(twice()) == [json.loads(profile(1000))] * 2


@pytest.mark.parametrize("rule", [*BLOCKING, *ASYNCIO], ids=lambda rule: rule.piece)
def test_every_rule_is_where_the_benchmark_looks_for_it(rule: Rule) -> None:
    holder, name = rule.holder()
    before = vars(holder)[name]
    with rule.replaced():
        assert vars(holder)[name] is rule.without
    assert vars(holder)[name] is before


@pytest.mark.parametrize("rule", BLOCKING, ids=lambda rule: rule.name)
def test_a_call_works_without_a_rule(rule: Rule) -> None:
    (peer,) = (one for one in PEERS if one.name == OURS)
    with ExitStack() as stack:
        stack.enter_context(sockets(response(1000)))
        call = stack.enter_context(peer.open(NOWHERE))
        with rule.replaced():
            assert call() == json.loads(profile(1000))


def _counter(tmp_path: Path, figure: int) -> Counter:
    """One that says a number, after the command has ended well."""
    program = tmp_path / "count"
    program.write_text(f'#!/bin/sh\n"$@" && echo "Collected : {figure}" >&2\n')
    program.chmod(0o755)
    return Counter("count", (str(program),), COUNTERS[1].figure, 1, 2)


@pytest.mark.parametrize("contestant", [("blocking", BASE), ("asyncio", OURS)])
def test_instructions_are_counted_of_a_process_that_makes_calls(
    tmp_path: Path, contestant: tuple[str, str]
) -> None:
    assert _counter(tmp_path, 7).counted(*contestant, 2) == 7


def test_nothing_is_counted_of_a_process_that_fails(tmp_path: Path) -> None:
    assert _counter(tmp_path, 7).counted("blocking", "nobody", 2) is None
    assert Counter("none", ("no-such-program",), "", 1, 2).counted("blocking", BASE, 2) is None


@pytest.mark.parametrize(
    ("counter", "output"),
    [
        (COUNTERS[0], "warm\n6125,,instructions:u,1000,100.00,,\n"),
        (COUNTERS[1], "==7== Events    : Ir\n==7== Collected : 6125\n"),
    ],
    ids=["perf", "callgrind"],
)
def test_the_figure_is_found_where_the_counter_tells_it(counter: Counter, output: str) -> None:
    found = re.search(counter.figure, output)
    assert found
    assert found[1] == "6125"


def test_what_perf_can_not_count_is_no_figure() -> None:
    assert not re.search(COUNTERS[0].figure, "<not supported>,,instructions:u,0,100.00,,\n")
