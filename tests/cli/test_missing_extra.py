"""The command line without its extra: a plain installation has neither click nor rich."""

from __future__ import annotations

import subprocess
import sys

import pytest

BLOCKED = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {missing!r} or name == {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
from usersmanager.cli import main
sys.exit(main())
"""


def without(missing: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", BLOCKED.format(missing=missing), "--version"],
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_one_line_says_how_to_install_it(missing):
    done = without(missing)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == ("the command line needs: python -m pip install 'usersmanager[cli]'\n")


def test_any_other_missing_module_is_not_hidden():
    done = without("usersmanager.cli.info")
    assert done.returncode == 1
    assert "ModuleNotFoundError: No module named 'usersmanager.cli.info'" in done.stderr
