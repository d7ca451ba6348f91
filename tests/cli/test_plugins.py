"""`usersmanager plugins`."""

from __future__ import annotations

import json
import re

import pytest

import usersmanager

KEYS = ["name", "kind", "modes", "distribution", "version", "hooks", "status", "reason"]
WORDS = {
    *("name", "kind", "modes", "hooks", "distribution", "status", "plugin", "sync"),
    *("async", "transport", "async_transport", "wrap_call", "wrap_attempt"),
    *("aiohttp", "httptools", "urllib3", "headers", "logging", "retry", "usersmanager"),
    *(usersmanager.__version__, "acme", "opentelemetry", "1.2", "active", "missing", "dependency"),
}
BROKEN = "raise ImportError('needs \\x1b[31mvault\\nand more')"


def test_json_is_a_list_of_objects_with_these_keys(command):
    reports = json.loads(command("plugins", "--json").stdout)
    assert all(list(report) == KEYS for report in reports)
    retry = next(report for report in reports if report["name"] == "retry")
    assert retry["kind"] == "plugin"
    assert retry["modes"] == ["sync", "async"]
    assert retry["distribution"] == "usersmanager"
    assert retry["hooks"] == ["usersmanager_wrap_call"]
    assert (retry["status"], retry["reason"]) == ("active", "")


def test_the_table_fits_80_columns_and_names_everything(command):
    done = command("plugins")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    words = set(done.stdout.split())
    assert {"aiohttp", "urllib3", "headers", "logging", "retry", "async_transport"} <= words


def test_one_that_is_blocked_says_so(command):
    done = command("plugins", USERSMANAGER_DISABLE="retry")
    assert "retry: disabled by USERSMANAGER_DISABLE" in done.stdout.splitlines()
    reports = json.loads(command("plugins", "--json", USERSMANAGER_DISABLE="retry").stdout)
    assert [one["name"] for one in reports if one["status"] == "disabled"] == ["retry"]


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_a_name_that_blocks_nothing_is_told_with_the_near_one(command, arguments):
    done = command("plugins", *arguments, USERSMANAGER_DISABLE="retrry,logging, urlib3")
    told = "usersmanager: warning: USERSMANAGER_DISABLE: no plugin or transport of that name"
    assert done.stderr.splitlines() == [
        f"{told} is installed: 'retrry' (did you mean 'retry'?)",
        f"{told} is installed: 'urlib3' (did you mean 'urllib3'?)",
    ]
    assert (done.returncode, done.stdout) == (
        0,
        command("plugins", *arguments, USERSMANAGER_DISABLE="logging").stdout,
    )


def test_a_name_near_to_none_is_told_with_those_there_are(command):
    done = command("plugins", USERSMANAGER_DISABLE="something-of-another-program")
    assert done.stderr == (
        "usersmanager: warning: USERSMANAGER_DISABLE: no plugin or transport of that name is"
        " installed (known: aiohttp, headers, httptools, logging, retry, urllib3)\n"
    )


def test_one_that_fails_is_listed_with_its_reason_escaped_on_lines_of_its_own(command, install):
    path = install("broken", BROKEN)
    done = command("plugins", PYTHONPATH=path)
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, lines)) <= 80
    assert any(re.match(r"broken +plugin +acme-broken 1.2 +failed", line) for line in lines)
    told = done.stdout[done.stdout.index("broken:") :].split()
    assert " ".join(told) == (
        "broken: failed to load plugin 'broken' of acme-broken 1.2: ImportError: needs"
        r" \x1b[31mvault\nand more"
    )


def test_long_names_are_folded_into_80_columns(command, install):
    name = "a_name_so_long_that_no_table_of_80_columns_could_ever_hold_it_in_one_line"
    done = command("plugins", PYTHONPATH=install(name, BROKEN))
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_no_word_is_broken_in_80_columns(command, install):
    path = install("opentelemetry", "import a_module_that_is_not_there")
    done = command("plugins", PYTHONPATH=path)
    table = done.stdout.partition("opentelemetry: ")[0]
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert set(re.findall("[a-z_0-9.]+", table)) <= WORDS
