"""The command line without the `cli` extra: click and rich are not installed."""

from __future__ import annotations

import sys
from unittest import mock

import pytest

import usersmanager.cli


@pytest.fixture
def run_without(command):
    """Runs a command that is imported anew, without one module."""

    def run_without(missing):
        # Submodules are attributes of their package, too.
        with mock.patch.dict(sys.modules), mock.patch.dict(vars(usersmanager.cli)):
            for name in list(sys.modules):
                if name.startswith(("usersmanager.cli.", f"{missing}.")):
                    del sys.modules[name]
            sys.modules[missing] = None
            return command("--version")

    return run_without


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_one_line_tells_how_to_install_the_extra(run_without, missing):
    result = run_without(missing)
    assert (result.returncode, result.stdout) == (2, "")
    assert "pip install 'usersmanager[cli]'" in result.stderr
    assert result.stderr.count("\n") == 1


def test_any_other_missing_module_is_not_hidden(run_without):
    with pytest.raises(ModuleNotFoundError, match=r"usersmanager\.cli\.info"):
        run_without("usersmanager.cli.info")
