"""The pytest plugin, tested in subprocesses that run pytest."""

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
    output = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert output.split() == ["usersmanager_pytest"]


def test_a_run_without_its_fixtures_does_not_import_the_library(
    pytester: pytest.Pytester,
) -> None:
    source = """
        import sys

        def test_it():
            imported = [name for name in sys.modules if name.startswith("usersmanager")]
            assert imported == ["usersmanager_pytest"]
    """
    run(pytester, source).assert_outcomes(passed=1)


def test_the_fake_transport_imports_no_http_library(pytester: pytest.Pytester) -> None:
    source = """
        import sys

        def test_it(usersmanager_fake):
            assert not {"aiohttp", "urllib3"} & set(sys.modules)
    """
    run(pytester, source).assert_outcomes(passed=1)


def test_each_test_gets_new_fixtures_and_the_sandbox_is_stopped(
    pytester: pytest.Pytester,
) -> None:
    source = """
        import threading

        def sandboxes():
            threads = threading.enumerate()
            return [thread for thread in threads if thread.name == "usersmanager-sandbox"]

        earlier = []

        def test_one(usersmanager_fake, usersmanager_sandbox):
            assert len(sandboxes()) == 1
            earlier.extend([usersmanager_fake, usersmanager_sandbox])

        def test_between():
            assert sandboxes() == []

        def test_two(usersmanager_fake, usersmanager_sandbox):
            assert usersmanager_fake not in earlier
            assert usersmanager_sandbox not in earlier
    """
    run(pytester, source).assert_outcomes(passed=3)


def test_a_failing_contract_shows_the_rule_and_the_values(pytester: pytest.Pytester) -> None:
    source = """
        from usersmanager import Response
        from usersmanager.plugins import hookimpl
        from usersmanager.testing import PluginContract

        class Wrong:
            @hookimpl
            def usersmanager_wrap_call(self):
                body = b'{"sub": "attacker"}'
                return Response(200, {"Content-Type": "application/json"}, body)

        class TestWrong(PluginContract):
            def plugin(self):
                return Wrong()
    """
    result = run(pytester, source, "-k", "every_user")
    result.assert_outcomes(failed=1)
    rule = "E*must not return another user's profile"
    result.stdout.fnmatch_lines([rule, "E*assert 'attacker' == 'alice'"])


def test_the_fixtures_are_listed_with_their_descriptions(pytester: pytest.Pytester) -> None:
    listed = run(pytester, "", "--fixtures").stdout
    listed.fnmatch_lines(["usersmanager_fake*", "*scripted responses*"])
    listed.fnmatch_lines(["usersmanager_sandbox*", "*test server*"])


def test_the_plugin_can_be_disabled(pytester: pytest.Pytester) -> None:
    source = "def test_it(usersmanager_fake): ..."
    run(pytester, source, "-p", "no:usersmanager").assert_outcomes(errors=1)
