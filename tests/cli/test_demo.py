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


def test_it_shows_what_the_cache_saves(output):
    assert "without a cache:     10 profiles, 290 refused with 429, 300 requests\n" in output
    assert 'plugins=["cache"]:  300 profiles,   0 refused with 429, 1 request\n' in output


def test_it_shows_what_an_api_answers_in_an_outage(output):
    answers = re.findall(r"GET /me .*?: +(\d.*)\n", output)
    assert answers == [
        "200, Ada Lovelace",
        "503, Retry-After: 30",
        '401, WWW-Authenticate: Bearer realm="api"',
    ]


def test_it_makes_a_link_that_works_once_and_shows_it_shortened(output):
    assert re.search(r"/login/impersonated/[\w-]{4}\.\.\.\n", output)
    assert "first time:   Logged in as Ada Lovelace\n" in output
    assert "second time:  Link refused\n" in output


@pytest.mark.parametrize("names", ["headers, retry", "cache"])
def test_it_runs_to_its_end_without_some_of_the_plugins(command, names):
    result = command("demo", USERSMANAGER_DISABLE=names)
    assert result.returncode == 0
    assert "second time:  Link refused\n" in result.stdout
