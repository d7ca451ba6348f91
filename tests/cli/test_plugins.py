"""`usersmanager plugins`."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import fields
from typing import get_args

import pytest
from tests.cli.conftest import CONTROL_SEQUENCE
from tests.support import TENANT

import usersmanager
from usersmanager._composition import entry_points
from usersmanager._composition.report import Status
from usersmanager.plugins import PluginReport

WORDS = {
    *("name", "kind", "mode", "hooks", "distribution", "status", "plugin", "sync", "async"),
    *("transport", "async_transport", "wrap_call", "wrap_attempt", "variant"),
    *("request", "done"),
    *(
        "aiohttp",
        "cache",
        "jwt",
        "native",
        "urllib3",
        "headers",
        "logging",
        "retry",
        "usersmanager",
    ),
    *(usersmanager.__version__, "acme", "opentelemetry", "1.2", "for", "0.1"),
    *(word for status in get_args(Status) for word in status.split()),
}
DISABLED = "disabled by USERSMANAGER_DISABLE"
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
    assert (retry["requires"], retry["around_call"], retry["around_attempt"]) == ("", 3, None)
    assert (reports["logging"]["around_call"], reports["logging"]["around_attempt"]) == (1, 2)


@pytest.fixture
def listing(terminal):
    """Returns the lines that are shown on a terminal, without colors."""

    def listing(width=80, **variables):
        output = terminal("plugins", NO_COLOR="1", COLUMNS=str(width), **variables)
        return [line.rstrip() for line in CONTROL_SEQUENCE.sub("", output).splitlines()]

    return listing


@pytest.mark.parametrize("width", [20, 40, 79, 80, 120])
def test_every_width_of_a_terminal_shows_every_name_hook_and_status(listing, install, width):
    install("broken", BROKEN)
    lines = listing(width)
    assert max(map(len, lines)) <= width
    words = set(re.findall("[a-z_0-9]+", " ".join(lines)))
    assert {"aiohttp", "urllib3", "headers", "opentelemetry", "broken"} <= words
    assert {"async_transport", "wrap_attempt", "done", "active", "failed"} <= words


def test_on_a_pipe_each_plugin_is_one_line_of_fields_separated_by_tabs(command, install):
    install("broken", BROKEN, requires="usersmanager>=0.1")
    result = command("plugins", USERSMANAGER_DISABLE="retry", COLUMNS="40")
    assert (result.returncode, result.stderr) == (0, "")
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert {len(row) for row in rows} == {9}
    by_name = {row[0]: row[1:] for row in rows}
    assert list(by_name) == list(get_reports(command))
    shipped = ["usersmanager", usersmanager.__version__, ""]
    hooks = "done,wrap_attempt"
    assert by_name["logging"] == ["plugin", "active", "sync,async", hooks, *shipped, ""]
    assert by_name["retry"] == ["plugin", "disabled", "", "", *shipped, DISABLED]
    *fields, reason = by_name["broken"]
    assert fields == ["plugin", "failed", "", "", "acme-broken", "1.2", "usersmanager>=0.1"]
    assert reason.endswith(r"ImportError: needs \x1b[31mvault\nand more")


def test_the_order_of_the_plugins_is_that_of_a_manager(listing):
    assert listing()[-3:] == [
        "order, outermost first:",
        "  around a call: logging, opentelemetry, retry",
        "  around an attempt: headers, logging, opentelemetry",
    ]
    with usersmanager.UsersManager(TENANT) as users:
        order = "call=logging,opentelemetry,retry attempt=headers,logging,opentelemetry"
        assert order in repr(users)
    assert listing(USERSMANAGER_DISABLE="logging,opentelemetry")[-2:] == [
        "  around a call: retry",
        "  around an attempt: headers",
    ]


def test_a_distribution_is_listed_with_the_version_of_this_one_that_it_requires(
    command, listing, install
):
    install("tint", BROKEN, requires="usersmanager[cli]>=0.1,<1")
    assert " for usersmanager >=0.1,<1" in " ".join(" ".join(listing()).split())
    assert "  for usersmanager>=0.1,<1" in listing(40)
    assert get_reports(command)["tint"]["requires"] == "usersmanager>=0.1,<1"


def test_an_optional_plugin_is_listed_as_off_with_how_to_use_it(command, listing, install):
    install("caching", "class Plugin: ...", group="usersmanager.optional_plugins")
    assert any(re.match("caching +plugin +acme-caching 1.2 +off", line) for line in listing())
    advice = "to use it, pass plugins=['caching'] or an instance, or --plugin caching to a command"
    assert get_reports(command)["caching"]["reason"] == advice
    assert f"caching: {advice}" in " ".join(listing())


@pytest.mark.parametrize(
    ("plugin", "module", "extra"),
    [
        ("cache", "cryptography", None),  # Only a shared store needs it.
        ("jwt", "joserfc", "jwt"),
        ("opentelemetry", "opentelemetry.metrics", "otel"),
    ],
)
def test_a_plugin_whose_extra_is_missing_is_listed_with_the_command_to_install_it(
    command, monkeypatch, request, plugin, module, extra
):
    request.addfinalizer(entry_points.refresh)  # What is missing is remembered.
    for name in [name for name in sys.modules if name.startswith(f"usersmanager_{plugin}")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [module, *(name for name in sys.modules if name.startswith(f"{module}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    report = get_reports(command)[plugin]
    assert (report["status"] == "missing dependency") == (extra is not None)
    if extra:
        assert report["reason"].endswith(f": python -m pip install 'usersmanager[{extra}]'")


def test_a_plugin_that_needs_arguments_can_not_be_turned_on_by_its_name(command):
    advice = "it needs arguments: write `from usersmanager_jwt import JwtUserInfo` and"
    advice += " `plugins=[JwtUserInfo(client_id=...)]`"
    report = get_reports(command)["jwt"]
    assert (report["status"], report["reason"]) == ("off", advice)
    url = TENANT
    result = command("info", "--plugin", "jwt", "--base-url", url, USERSMANAGER_TOKEN="t")
    assert result.returncode == 2
    assert result.stderr.endswith(f" {advice}\n")


def test_a_required_plugin_that_is_disabled_is_an_error_and_nothing_is_sent(command, sandbox):
    arguments = ("info", "--plugin", "jwt", "--base-url", sandbox.base_url)
    result = command(*arguments, USERSMANAGER_TOKEN="t", USERSMANAGER_DISABLE="jwt")
    assert (result.returncode, result.stdout) == (2, "")
    assert "is required, but is disabled by USERSMANAGER_DISABLE" in result.stderr
    assert sandbox.requests == []


def test_a_plugin_that_is_not_in_the_list_of_the_variable_is_off(command):
    reports = get_reports(command, USERSMANAGER_PLUGINS="logging,Headers,opentelemetry")
    off = [name for name, report in reports.items() if report["status"] == "off"]
    assert off == ["cache", "jwt", "retry"]
    assert "USERSMANAGER_PLUGINS" in reports["retry"]["reason"]


def test_a_plugin_that_ends_the_program_is_listed_as_failed(command, install):
    install("exiting", "import sys; sys.exit(5)")
    assert "SystemExit: 5" in get_reports(command)["exiting"]["reason"]


def test_a_disabled_plugin_is_listed_with_the_variable_that_disables_it(command):
    reports = get_reports(command, USERSMANAGER_DISABLE="retry")
    assert reports["retry"]["reason"] == DISABLED
    statuses = {name: report["status"] for name, report in reports.items()}
    inactive = {name for name, status in statuses.items() if status != "active"}
    assert inactive == {"cache", "jwt", "retry"}


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
    assert (
        "aiohttp, cache, headers, jwt, logging, native, opentelemetry, retry, urllib3"
        in result.stderr
    )


def test_the_reason_of_a_failure_is_printed_below_the_table_and_escaped(listing, install):
    install("broken", BROKEN)
    lines = listing()
    assert any(re.match(r"broken +plugin +acme-broken 1.2 +failed", line) for line in lines)
    reason = " ".join(lines)
    assert r"broken: failed to load" in reason
    assert r"ImportError: needs \x1b[31mvault\nand more" in reason


@pytest.mark.parametrize("width", [40, 80])
def test_a_long_name_is_folded(listing, install, width):
    install("a_name_so_long_that_no_table_of_80_columns_could_ever_hold_it_in_one_line", BROKEN)
    assert max(map(len, listing(width))) <= width


def test_no_word_of_the_table_is_broken(listing):
    table = " ".join(listing()).partition("cache: ")[0]
    assert set(re.findall("[a-z_0-9.]+", table)) <= WORDS
