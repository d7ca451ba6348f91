"""The soak test runs, and it can fail."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.soak.soak import NAMES, Tally, failures

pytestmark = pytest.mark.slow


def test_six_seconds_of_the_soak_test_find_no_failure() -> None:
    process = subprocess.run(
        [sys.executable, "-W", "error", str(Path(__file__).with_name("soak.py"))],
        env={**os.environ, "SOAK_SECONDS": "6"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    report = json.loads(process.stdout.splitlines()[-2])
    # How late calls are depends on the machine, and the memory on what has just been loaded.
    of_the_machine = ("a deadline was missed", "memory grows")
    assert [found for found in failures(report) if not found.endswith(of_the_machine)] == []
    assert all(report[name]["ok"] for name in NAMES)
    # The server misbehaves in one of ten responses.
    assert len(set().union(*(report[name]["outcomes"] for name in NAMES))) > 1


GOOD: dict[str, Any] = {
    "tasks_left": 0,
    "before": {"descriptors": 9, "threads": 1, "resident_mib": 50},
    "after": {"descriptors": 9, "threads": 1, "resident_mib": 60},
    **{
        name: {
            "mismatches": {},
            "undocumented": 0,
            "largest_overshoot_seconds": 0.2,
            "ok": {"direct": 1, "tunnel": 1},
        }
        for name in NAMES
    },
}


def test_a_good_report_has_no_failure() -> None:
    assert failures(GOOD) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tasks_left": 1}, "tasks are left"),
        ({"after": {"descriptors": 10}}, "descriptors leak"),
        ({"after": {"threads": 2}}, "threads leak"),
        ({"after": {"resident_mib": 81}}, "memory grows"),
        ({"native": {"mismatches": {"tunnel: x": 1}}}, "a call got the response to another call"),
        ({"PoolManager": {"undocumented": 1}}, "an undocumented error"),
        ({"aiohttp": {"largest_overshoot_seconds": 0.3}}, "a deadline was missed"),
        ({"urllib3": {"ok": {"direct": 1, "tunnel": 0}}}, "nothing succeeded, tunnel"),
    ],
)
def test_each_failure_is_reported(changes: dict[str, Any], message: str) -> None:
    report = copy.deepcopy(GOOD)
    for name, change in changes.items():
        report[name] = report[name] | change if isinstance(change, dict) else change
    (found,) = failures(report)
    assert found.endswith(message)


def test_a_response_to_another_call_is_counted() -> None:
    tally = Tally(way="direct")
    for owner in ("ada", "bob", None):
        tally.add("ada", owner, "" if owner else "DisconnectedError", time.monotonic())
    assert dict(tally.mismatches) == {"direct: bob": 1}
    assert dict(tally.ok) == {"direct": 2}
