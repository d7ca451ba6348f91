"""The soak test works: six seconds of it, one for each way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_six_seconds_of_the_soak_test_find_no_failure() -> None:
    process = subprocess.run(
        [sys.executable, "-W", "error", str(Path(__file__).with_name("soak.py"))],
        env={**os.environ, "SOAK_SECONDS": "6"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    report = json.loads(process.stdout.splitlines()[-2])
    names = ("urllib3", "aiohttp", "native", "native, async", "PoolManager", "ClientSession")
    for name in names:
        assert len(report[name]["ok"]) == 6
        assert min(report[name]["ok"].values()) > 0
        assert report[name]["mismatches"] == {}
    # The server misbehaves in one of ten responses.
    assert len(set().union(*[report[name]["outcomes"] for name in names])) > 1
    assert report["tasks_left"] == 0
    assert report["after"]["descriptors"] <= report["before"]["descriptors"]
