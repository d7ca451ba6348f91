"""Without the extra `otel`, managers work, and the list of plugins says how to install it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from usersmanager import __version__

ADVICE = "it needs opentelemetry-api 1.30 or newer: python -m pip install 'usersmanager[otel]'"
MISSING = 'import sys; sys.modules["opentelemetry"] = None'
PART = 'import sys; sys.modules["opentelemetry.metrics"] = None'
OLDER = """
import sys
from opentelemetry.metrics import Meter
Meter.create_histogram = lambda self, name, unit="", description="": None
"""
USE = """
class Counter:
    imports = 0
    def find_spec(self, name, *_):
        self.imports += name == "usersmanager_opentelemetry"
sys.meta_path.insert(0, counter := Counter())
import usersmanager as u, usersmanager.plugins as p
with u.UsersManager("https://tenant.example") as users:
    print(users)
(report,) = [report for report in p.installed_plugins() if report.name == "opentelemetry"]
print(report.status, report.reason, sep=": ")
try:
    u.UsersManager("https://tenant.example", plugins=["opentelemetry"])
except u.PluginError as error:
    print(error)
print(counter.imports)
"""


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param(MISSING, id="missing"),
        pytest.param(PART, id="part", marks=pytest.mark.slow),
        pytest.param(OLDER, id="older"),
    ],
)
def test_a_manager_works_and_only_a_request_for_the_plugin_fails(environment: str) -> None:
    program = [sys.executable, "-W", "error", "-c", environment + "\n" + USE]
    done = subprocess.run(program, capture_output=True, text=True)
    assert done.stderr == ""
    manager, status, error, imports = done.stdout.splitlines()
    assert "call=logging,retry attempt=headers,logging>" in manager
    assert status == f"missing dependency: {ADVICE}"
    assert error == f"failed to load plugin 'opentelemetry' of usersmanager {__version__}: {ADVICE}"
    assert imports == "1"  # Each new manager would search for it again.
