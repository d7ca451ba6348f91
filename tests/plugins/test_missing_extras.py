"""Without an extra, managers work, and a request for its plugin fails with what to install."""

from __future__ import annotations

import subprocess
import sys

import pytest

from usersmanager import __version__

JWT = "it needs joserfc 1.6.8 or newer: python -m pip install 'usersmanager[jwt]'"
OTEL = "it needs opentelemetry-api 1.30 or newer: python -m pip install 'usersmanager[otel]'"
OLDER_METRICS = """
from opentelemetry.metrics import Meter
Meter.create_histogram = lambda self, name, unit="", description="": None
"""
USE = """
class Counter:
    imports = 0
    def find_spec(self, name, *_):
        self.imports += name == "usersmanager_NAME"
sys.meta_path.insert(0, counter := Counter())
import usersmanager as u, usersmanager.plugins as p
with u.UsersManager("https://tenant.example") as users:
    print("NAME" in repr(users))
(report,) = [report for report in p.installed_plugins() if report.name == "NAME"]
print(report.status, report.reason, sep=": ")
try:
    u.UsersManager("https://tenant.example", plugins=["NAME"])
except u.PluginError as error:
    print(error)
print(counter.imports)
try:
    import usersmanager_NAME
except ModuleNotFoundError as error:
    print(error)
"""


def without(module: str) -> str:
    return f"sys.modules[{module!r}] = None"


@pytest.mark.parametrize(
    ("name", "environment", "advice"),
    [
        pytest.param("jwt", without("joserfc"), JWT, id="jwt"),
        pytest.param("opentelemetry", without("opentelemetry"), OTEL, id="otel"),
        pytest.param("opentelemetry", OLDER_METRICS, OTEL, id="older otel"),
        pytest.param(
            *("opentelemetry", without("opentelemetry.metrics"), OTEL),
            id="a part of otel",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_manager_works_and_only_a_request_for_the_plugin_fails(
    name: str, environment: str, advice: str
) -> None:
    source = f"import sys\n{environment}\n{USE.replace('NAME', name)}"
    program = [sys.executable, "-W", "error", "-c", source]
    done = subprocess.run(program, capture_output=True, text=True)
    assert done.stderr == ""
    is_used, status, error, imports, import_error = done.stdout.splitlines()
    assert is_used == "False"
    assert status == f"missing dependency: {advice}"
    assert error == f"failed to load plugin {name!r} of usersmanager {__version__}: {advice}"
    assert imports == "1"  # Each new manager would search for it again.
    assert import_error == advice
