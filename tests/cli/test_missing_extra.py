"""The command line without the `cli` extra: click and rich are not installed."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {missing!r} or name == {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
from usersmanager.cli import main
sys.exit(main())
"""


def run_without(missing: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT.format(missing=missing), "--version"],
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_one_line_tells_how_to_install_the_extra(missing):
    result = run_without(missing)
    assert (result.returncode, result.stdout) == (2, "")
    assert "pip install 'usersmanager[cli]'" in result.stderr
    assert result.stderr.count("\n") == 1


def test_any_other_missing_module_is_not_hidden():
    result = run_without("usersmanager.cli.info")
    assert result.returncode == 1
    assert "ModuleNotFoundError: No module named 'usersmanager.cli.info'" in result.stderr
