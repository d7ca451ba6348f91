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
    *("aiohttp", "cache", "httptools", "urllib3", "headers", "logging", "retry", "usersmanager"),
    *(usersmanager.__version__, "acme", "opentelemetry", "1.2", "for", "0.1"),
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
    assert (retry["requires"], retry["around_call"], retry["around_attempt"]) == ("", 2, None)
    assert (reports["logging"]["around_call"], reports["logging"]["around_attempt"]) == (1, 2)


def test_the_table_fits_80_columns_and_names_everything(command):
    result = command("plugins")
    assert (result.returncode, result.stderr) == (0, "")
    assert max(map(len, result.stdout.splitlines())) <= 80
    words = set(result.stdout.split())
    assert {"aiohttp", "urllib3", "headers", "logging", "retry", "async_transport"} <= words


def test_the_order_of_the_plugins_is_that_of_a_manager(command):
    (order,) = (line for line in command("plugins").stdout.splitlines() if line[:6] == "order,")
    with usersmanager.UsersManager("https://tenant.example") as users:
        assert order.endswith(" call=logging,retry attempt=headers,logging")
        assert order.removeprefix("order, outermost first: ") in repr(users)
    lines = command("plugins", USERSMANAGER_DISABLE="logging").stdout.splitlines()
    (order,) = (line for line in lines if line[:6] == "order,")
    assert order.endswith(" call=retry attempt=headers")


def test_a_distribution_is_listed_with_the_version_of_this_one_that_it_requires(command, install):
    install("tint", BROKEN, requires="usersmanager[cli]>=0.1,<1")
    assert " for usersmanager >=0.1,<1 " in " ".join(command("plugins").stdout.split())
    assert get_reports(command)["tint"]["requires"] == "usersmanager>=0.1,<1"


def test_an_optional_plugin_is_listed_as_off_with_how_to_use_it(command, install):
    install("caching", "raise KeyboardInterrupt", group="usersmanager.optional_plugins")
    lines = command("plugins").stdout.splitlines()
    assert any(re.match("caching +plugin +acme-caching 1.2 +off", line) for line in lines)
    assert any(re.match(r"caching: .*plugins=\['caching'\]", line) for line in lines)


def test_a_plugin_that_is_not_in_the_list_of_the_variable_is_off(command):
    reports = get_reports(command, USERSMANAGER_PLUGINS="logging,Headers")
    off = [name for name, report in reports.items() if report["status"] == "off"]
    assert off == ["cache", "retry"]
    assert "USERSMANAGER_PLUGINS" in reports["retry"]["reason"]


def test_a_plugin_that_ends_the_program_is_listed_as_failed(command, install):
    install("exiting", "import sys; sys.exit(5)")
    result = command("plugins")
    assert (result.returncode, result.stderr) == (0, "")
    assert any(re.match("exiting: .*SystemExit: 5", line) for line in result.stdout.splitlines())


def test_a_disabled_plugin_is_listed_with_the_variable_that_disables_it(command):
    lines = command("plugins", USERSMANAGER_DISABLE="retry").stdout.splitlines()
    assert any(re.match("retry: .*USERSMANAGER_DISABLE", line) for line in lines)
    reports = get_reports(command, USERSMANAGER_DISABLE="retry")
    statuses = {name: report["status"] for name, report in reports.items()}
    assert {name for name, status in statuses.items() if status != "active"} == {"cache", "retry"}
    assert statuses["retry"] == "disabled"


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


def test_an_unknown_name_in_the_list_of_plugins_is_a_warning(command):
    result = command("plugins", USERSMANAGER_PLUGINS="retry,urllib3,Log_ging")
    warnings = result.stderr.splitlines()
    assert len(warnings) == 2
    assert all("warning: USERSMANAGER_PLUGINS: no plugin " in warning for warning in warnings)
    assert "did you mean 'logging'?" in warnings[0]


def test_the_warning_is_not_part_of_the_json(command):
    result = command("plugins", "--json", USERSMANAGER_DISABLE="retrry")
    assert "warning: USERSMANAGER_DISABLE: " in result.stderr
    assert json.loads(result.stdout)


def test_a_name_unlike_any_other_is_a_warning_with_the_installed_names(command):
    result = command("plugins", USERSMANAGER_DISABLE="something-of-another-program")
    assert result.stderr.count("\n") == 1
    assert "aiohttp, cache, headers, httptools, logging, retry, urllib3" in result.stderr


def test_the_reason_of_a_failure_is_printed_below_the_table_and_escaped(command, install):
    install("broken", BROKEN)
    result = command("plugins")
    lines = result.stdout.splitlines()
    assert (result.returncode, result.stderr) == (0, "")
    assert max(map(len, lines)) <= 80
    assert any(re.match(r"broken +plugin +acme-broken 1.2 +failed", line) for line in lines)
    reason = " ".join(result.stdout[result.stdout.index("broken: ") :].split())
    assert r"ImportError: needs \x1b[31mvault\nand more cache: to use it" in reason


def test_a_long_name_is_folded_into_80_columns(command, install):
    install("a_name_so_long_that_no_table_of_80_columns_could_ever_hold_it_in_one_line", BROKEN)
    assert max(map(len, command("plugins").stdout.splitlines())) <= 80


def test_no_word_is_broken_in_80_columns(command, install):
    install("opentelemetry", "import a_module_that_is_not_installed")
    output = command("plugins").stdout
    table = output.partition("order, ")[0]
    assert max(map(len, output.splitlines())) <= 80
    assert set(re.findall("[a-z_0-9.]+", table)) <= WORDS
