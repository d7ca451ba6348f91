"""`usersmanager plugins`."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from typing import get_args

import usersmanager
from usersmanager._composition.report import Status
from usersmanager.plugins import PluginReport

WORDS = {
    *("name", "kind", "mode", "hooks", "distribution", "status", "plugin", "sync", "async"),
    *("transport", "async_transport", "wrap_call", "wrap_attempt", "request", "done"),
    *("aiohttp", "httptools", "urllib3", "headers", "logging", "retry", "usersmanager"),
    *(usersmanager.__version__, "acme", "opentelemetry", "1.2"),
    *(word for status in get_args(Status) for word in status.split()),
}
BROKEN = "raise ImportError('needs \\x1b[31mvault\\nand more')"


def get_reports(command, **variables):
    return {
        report["name"]: report
        for report in json.loads(command("plugins", "--json", **variables).stdout)
    }


def test_json_is_a_list_of_reports(command):
    reports = get_reports(command)
    names = [field.name for field in fields(PluginReport)]
    assert all(list(report) == names for report in reports.values())
    retry = reports["retry"]
    assert (retry["kind"], retry["modes"]) == ("plugin", ["sync", "async"])
    assert retry["distribution"] == "usersmanager"
    assert retry["hooks"] == ["usersmanager_wrap_call"]
    assert (retry["status"], retry["reason"]) == ("active", "")


def test_the_table_fits_80_columns_and_names_everything(command):
    result = command("plugins")
    assert (result.returncode, result.stderr) == (0, "")
    assert max(map(len, result.stdout.splitlines())) <= 80
    words = set(result.stdout.split())
    assert {"aiohttp", "urllib3", "headers", "logging", "retry", "async_transport"} <= words


def test_a_disabled_plugin_is_listed_with_the_variable_that_disables_it(command):
    lines = command("plugins", USERSMANAGER_DISABLE="retry").stdout.splitlines()
    assert any(re.match("retry: .*USERSMANAGER_DISABLE", line) for line in lines)
    reports = get_reports(command, USERSMANAGER_DISABLE="retry")
    assert [name for name, report in reports.items() if report["status"] != "active"] == ["retry"]


def test_an_unknown_name_in_the_variable_is_a_warning_with_a_suggestion(command):
    result = command("plugins", USERSMANAGER_DISABLE="retrry,logging, urlib3")
    warnings = result.stderr.splitlines()
    assert len(warnings) == 2
    assert all("warning: USERSMANAGER_DISABLE: " in warning for warning in warnings)
    assert "did you mean 'retry'?" in warnings[0]
    assert "did you mean 'urllib3'?" in warnings[1]
    assert (result.returncode, result.stdout) == (
        0,
        command("plugins", USERSMANAGER_DISABLE="logging").stdout,
    )


def test_the_warning_is_not_part_of_the_json(command):
    result = command("plugins", "--json", USERSMANAGER_DISABLE="retrry")
    assert "warning: USERSMANAGER_DISABLE: " in result.stderr
    assert json.loads(result.stdout)


def test_a_name_unlike_any_other_is_a_warning_with_the_installed_names(command):
    result = command("plugins", USERSMANAGER_DISABLE="something-of-another-program")
    assert result.stderr.count("\n") == 1
    assert "aiohttp, headers, httptools, logging, retry, urllib3" in result.stderr


def test_the_reason_of_a_failure_is_printed_below_the_table_and_escaped(command, install):
    install("broken", BROKEN)
    result = command("plugins")
    lines = result.stdout.splitlines()
    assert (result.returncode, result.stderr) == (0, "")
    assert max(map(len, lines)) <= 80
    assert any(re.match(r"broken +plugin +acme-broken 1.2 +failed", line) for line in lines)
    reason = " ".join(result.stdout[result.stdout.index("broken: ") :].split())
    assert reason.endswith(r"ImportError: needs \x1b[31mvault\nand more")


def test_a_long_name_is_folded_into_80_columns(command, install):
    install("a_name_so_long_that_no_table_of_80_columns_could_ever_hold_it_in_one_line", BROKEN)
    assert max(map(len, command("plugins").stdout.splitlines())) <= 80


def test_no_word_is_broken_in_80_columns(command, install):
    install("opentelemetry", "import a_module_that_is_not_installed")
    output = command("plugins").stdout
    table = output.partition("opentelemetry: ")[0]
    assert max(map(len, output.splitlines())) <= 80
    assert set(re.findall("[a-z_0-9.]+", table)) <= WORDS
