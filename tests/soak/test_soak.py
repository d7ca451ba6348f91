"""The soak test works: two seconds of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_two_seconds_of_the_soak_test_find_no_failure() -> None:
    process = subprocess.run(
        [sys.executable, "-W", "error", str(Path(__file__).with_name("soak.py"))],
        env={**os.environ, "SOAK_SECONDS": "2"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    report = json.loads(process.stdout.splitlines()[-2])
    for name in ("urllib3", "aiohttp", "httptools", "httptools, async"):
        assert report[name]["calls"] > 50
        assert report[name]["mismatches"] == 0
        assert len(report[name]["outcomes"]) > 1
    assert report["tasks_left"] == 0
    assert report["after"]["descriptors"] <= report["before"]["descriptors"]
