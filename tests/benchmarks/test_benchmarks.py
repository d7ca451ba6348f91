"""The arithmetic and the reports of the benchmark. No test depends on the speed of the machine."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest
from benchmarks.layers import measure_layers
from benchmarks.measure import Turn, interleave, quartiles
from benchmarks.profiles import SUBJECT, profile
from benchmarks.report import BEGIN, END, chart, layers_table, replace_results, table
from benchmarks.scenarios import SCENARIOS, Row, in_flight, in_threads
from benchmarks.server import serving

from benchmarks import measure

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PROFILE = {"sub": SUBJECT}
ROWS = [
    Row("One thread", "usersmanager (urllib3)", [0.75, 0.8, 0.9], 240.4, 0.2),
    Row("One thread", "urllib3", [1.0, 1.0, 1.0], 300.0, 0.15),
    Row("TLS & 8 threads", "a peer", [9.0, 10.0, 11.0], 1234.0, 0.05),
]


class Clock:
    """A clock that a client advances, in place of the real one."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(measure, "perf_counter", clock)
    return clock


def test_ratios_are_taken_within_a_round() -> None:
    # The machine is ten times slower in the second round, for both.
    base = [Turn(1, 0), Turn(10, 0), Turn(1, 0)]
    assert quartiles([Turn(2, 0), Turn(20, 0), Turn(2, 0)], base) == [2, 2, 2]


def test_quartiles_enclose_the_median() -> None:
    turns = [Turn(seconds, 0) for seconds in (5, 1, 3, 2, 4)]
    assert quartiles(turns, [Turn(1, 0)] * 5) == [2, 3, 4]


def test_every_client_has_one_turn_in_each_round_in_changing_order(clock: Clock) -> None:
    calls: list[tuple[str, int]] = []

    def batch(name: str, cost: float) -> Callable[[int], None]:
        def calling(count: int) -> None:
            calls.append((name, count))
            clock.now += cost * count

        return calling

    batches = {"slow": batch("slow", 0.5), "fast": batch("fast", 0.25)}
    turns = interleave(batches, rounds=5, seconds=10, step=8, server_cpu=lambda: clock.now / 4)
    assert turns == {"slow": [Turn(0.5, 0.25)] * 5, "fast": [Turn(0.25, 0.25)] * 5}
    measured = calls[-10:]
    # The multiples of 8 calls that are closest to 10 seconds.
    assert set(measured) == {("slow", 16), ("fast", 40)}
    rounds = [(measured[index][0], measured[index + 1][0]) for index in range(0, 10, 2)]
    assert set(rounds) == {("slow", "fast"), ("fast", "slow")}


def test_a_turn_has_one_batch_at_least(clock: Clock) -> None:
    def batch(count: int) -> None:
        clock.now += count

    turns = interleave({"slow": batch}, rounds=2, seconds=1, step=8, server_cpu=lambda: 0)
    assert turns["slow"] == [Turn(1, 0)] * 2


def test_threads_make_concurrent_calls() -> None:
    barrier = threading.Barrier(8, timeout=30)
    calls: list[int] = []

    @contextmanager
    def open_client(url: str) -> Iterator[Callable[[], object]]:
        def fetch() -> object:
            barrier.wait()  # It fails unless 8 threads call it.
            calls.append(1)
            return PROFILE

        yield fetch

    with in_threads(open_client, "", 8) as batch:
        batch(24)
    assert len(calls) == 24


def test_tasks_make_concurrent_calls() -> None:
    events: list[str] = []

    @asynccontextmanager
    async def open_client(url: str) -> AsyncIterator[Callable[[], object]]:
        barrier = asyncio.Barrier(100)

        async def fetch() -> object:
            async with asyncio.timeout(30):
                await barrier.wait()
            events.append("call")
            return PROFILE

        yield fetch
        events.append("closed")

    with in_flight(open_client, "", 100) as batch:
        batch(300)
    assert events == ["call"] * 300 + ["closed"]


def test_an_unexpected_profile_fails_the_benchmark() -> None:
    @contextmanager
    def open_client(url: str) -> Iterator[Callable[[], object]]:
        yield lambda: {"sub": "another"}

    with in_threads(open_client, "", 1) as batch, pytest.raises(AssertionError):
        batch(1)


def test_the_table_names_each_scenario_once() -> None:
    assert table(ROWS).splitlines()[2:] == [
        "| One thread | usersmanager (urllib3) | 0.80 (0.75–0.90) | 240 | 20% |",
        "|  | urllib3 | 1.00 (1.00–1.00) | 300 | 15% |",
        "| TLS & 8 threads | a peer | 10.00 (9.00–11.00) | 1,234 | 5% |",
    ]


def test_bars_are_proportional_to_the_ratios_and_cut_at_the_edge() -> None:
    svg = ElementTree.fromstring(chart(ROWS))
    _, *bars = svg.iter("{http://www.w3.org/2000/svg}rect")
    base = int(bars[1].attrib["width"])
    ratios = [int(bar.attrib["width"]) / base for bar in bars]
    assert ratios == pytest.approx([0.8, 1, 5], abs=0.5 / base)  # Widths are whole pixels.
    assert [bar.attrib["class"] for bar in bars] == ["usersmanager", "urllib3", "a"]
    texts = [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("One thread") == 1
    assert "TLS & 8 threads" in texts
    assert "10.00" in texts


def test_results_replace_the_old_ones_between_the_markers() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    once = replace_results(page, "new \\1")
    assert once == f"before\n{BEGIN}\n\nnew \\1\n\n{END}\nafter\n"
    assert replace_results(once, "new \\1") == once
    with pytest.raises(ValueError, match="unpack"):
        replace_results("no markers", "new")


@pytest.mark.parametrize("size", [1_000, 100_000])
def test_a_profile_has_about_the_requested_size(size: int) -> None:
    body = profile(size)
    assert size * 0.9 < len(body) <= size
    assert json.loads(body)["sub"] == SUBJECT


def test_the_page_and_the_chart_show_every_scenario() -> None:
    page = (ROOT / "docs/performance.md").read_text()
    image = (ROOT / "docs/performance.svg").read_text()
    for scenario in SCENARIOS:
        assert f"| {scenario.title} |" in page
        assert f">{scenario.title}<" in image


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["threads", "nonsense"], "unknown NAME: nonsense"), (["--docs", "threads"], "give no NAME")],
)
def test_invalid_arguments_are_an_error(arguments: list[str], message: str) -> None:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 2
    assert message in process.stderr
    assert not process.stdout


def test_every_layer_of_a_call_is_measured_and_listed() -> None:
    with serving() as (server, _):
        layers = measure_layers(server, rounds=1, seconds=0.0)
    assert [layer.name for layer in layers][-1] == "Whole call"
    assert all(layer.sync > 0 for layer in layers if not layer.name.startswith("The rest"))
    lines = layers_table(layers).splitlines()
    assert len(lines) == 2 + len(layers)
    assert {line.count("|") for line in lines} == {4}
