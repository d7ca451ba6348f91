"""Without the extra `jwt`, managers work, and only a request for the plugin fails."""

from __future__ import annotations

import subprocess
import sys

from usersmanager import __version__

ADVICE = "it needs joserfc 1.6.8 or newer: python -m pip install 'usersmanager[jwt]'"
USE = """
import sys
sys.modules["joserfc"] = None
import usersmanager as u, usersmanager.plugins as p
with u.UsersManager("https://tenant.example") as users:
    print("jwt" in repr(users))
(report,) = [report for report in p.installed_plugins() if report.name == "jwt"]
print(report.status, report.reason)
try:
    u.UsersManager("https://tenant.example", plugins=["jwt"])
except u.PluginError as error:
    print(error)
try:
    import usersmanager_jwt
except ModuleNotFoundError as error:
    print(error)
"""


def test_a_manager_works_and_only_a_request_for_the_plugin_fails() -> None:
    program = [sys.executable, "-W", "error", "-c", USE]
    done = subprocess.run(program, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "False",
        f"missing dependency {ADVICE}",
        f"failed to load plugin 'jwt' of usersmanager {__version__}: {ADVICE}",
        ADVICE,
    ]
