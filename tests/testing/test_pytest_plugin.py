"""The pytest plugin, in runs of pytest of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"


def run(pytester: pytest.Pytester, source: str, *arguments: str) -> pytest.RunResult:
    pytester.makepyfile(source)
    return pytester.runpytest_subprocess("-W", "error", "-p", "no:cacheprovider", *arguments)


def test_the_file_in_the_docs_passes_as_it_is(pytester: pytest.Pytester) -> None:
    (source,) = re.findall(r"^```python\n([^`]*def test_.*?)^```", PAGE.read_text(), re.M | re.S)
    run(pytester, source).assert_outcomes(passed=source.count("def test_"))


def test_importing_the_plugin_imports_nothing_else() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import usersmanager_pytest;"
        "print(*(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["usersmanager_pytest"]


def test_a_run_that_uses_no_fixture_of_it_imports_nothing_of_the_library(
    pytester: pytest.Pytester,
) -> None:
    source = """
        import sys

        def test_it():
            found = [name for name in sys.modules if name.startswith("usersmanager")]
            assert found == ["usersmanager_pytest"]
    """
    run(pytester, source).assert_outcomes(passed=1)


def test_the_fake_transport_imports_no_http_library(pytester: pytest.Pytester) -> None:
    source = """
        import sys

        def test_it(usersmanager_fake):
            assert not {"aiohttp", "urllib3"} & set(sys.modules)
    """
    run(pytester, source).assert_outcomes(passed=1)


def test_each_test_has_fixtures_of_its_own_and_a_sandbox_is_stopped(
    pytester: pytest.Pytester,
) -> None:
    source = """
        import threading

        def sandboxes():
            return [one for one in threading.enumerate() if one.name == "usersmanager-sandbox"]

        seen = []

        def test_one(usersmanager_fake, usersmanager_sandbox):
            assert len(sandboxes()) == 1
            seen.extend([usersmanager_fake, usersmanager_sandbox])

        def test_between():
            assert sandboxes() == []

        def test_two(usersmanager_fake, usersmanager_sandbox):
            assert usersmanager_fake not in seen
            assert usersmanager_sandbox not in seen
    """
    run(pytester, source).assert_outcomes(passed=3)


def test_a_contract_that_fails_shows_the_values(pytester: pytest.Pytester) -> None:
    source = """
        from usersmanager import Response
        from usersmanager.plugins import hookimpl
        from usersmanager.testing import PluginContract

        class Wrong:
            @hookimpl
            def usersmanager_wrap_call(self):
                body = b'{"sub": "mallory"}'
                return lambda request, proceed: Response(
                    200, {"Content-Type": "application/json"}, body
                )

        class TestWrong(PluginContract):
            def plugin(self):
                return Wrong()
    """
    shown = run(pytester, source, "-k", "every_user")
    shown.assert_outcomes(failed=1)
    shown.stdout.fnmatch_lines(["E*assert 'mallory' == 'alice'"])


def test_the_fixtures_are_listed_with_what_they_are(pytester: pytest.Pytester) -> None:
    listed = run(pytester, "", "--fixtures").stdout
    listed.fnmatch_lines(["usersmanager_fake*", "*A transport that plays a script*"])
    listed.fnmatch_lines(["usersmanager_sandbox*", "*A tenant in a box*"])


def test_it_can_be_switched_off(pytester: pytest.Pytester) -> None:
    source = "def test_it(usersmanager_fake): ..."
    run(pytester, source, "-p", "no:usersmanager").assert_outcomes(errors=1)
