"""`usersmanager demo`."""

from __future__ import annotations

import re

import pytest
from tests.cli.conftest import instant_waits


@pytest.fixture(scope="module")
def output(command):
    """The output of the demo on a pipe."""
    with instant_waits():
        result = command("demo")
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def test_its_output_on_a_pipe_fits_80_columns_and_has_no_control_characters(output):
    lines = output.removesuffix("\n").split("\n")
    assert max(map(len, lines)) <= 80
    assert all(line.isprintable() for line in lines)


def test_it_gets_one_profile_with_the_sync_and_the_async_manager(output):
    assert re.search(r"name +Ada Lovelace\b", output)
    assert "the same profile\n" in output


def test_it_gets_many_profiles_concurrently(output):
    assert re.search(r"1000 profiles, at most 100 at a time: \d+/s\n", output)


def test_it_recovers_from_a_failing_server(output):
    events = re.findall(r"attempt \d: \d+|waiting [\d.]+ s|recovered: .+", output)
    assert events == [
        "attempt 1: 503",
        "waiting 1.000 s",
        "attempt 2: 200",
        "recovered: the profile of auth0|ada",
    ]


def test_it_makes_a_link_that_works_once_and_shows_it_shortened(output):
    assert re.search(r"/login/impersonated/[\w-]{4}\.\.\.\n", output)
    assert "first time: Logged in as Ada Lovelace\n" in output
    assert "second time: Link refused\n" in output


def test_it_lists_the_installed_plugins_and_transports(output):
    assert {"urllib3", "aiohttp", "retry", "logging", "headers"} <= set(output.split())


def test_it_runs_to_its_end_without_the_plugin_that_retries(command):
    result = command("demo", USERSMANAGER_DISABLE="headers, retry")
    assert (result.returncode, result.stderr) == (0, "")
    assert "not retried: " in result.stdout
    assert "second time: Link refused\n" in result.stdout
