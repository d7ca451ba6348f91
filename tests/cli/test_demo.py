"""`usersmanager demo`."""

from __future__ import annotations

import os
import re

import pytest


@pytest.fixture(scope="module")
def shown(command):
    """What the demo prints in a pipe."""
    before = os.times()
    done = command("demo")
    # Its own work, so that a busy machine is no failure.
    assert os.times().children_user - before.children_user < 10
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_in_a_pipe_it_has_80_columns_and_no_control_characters(shown):
    lines = shown.removesuffix("\n").split("\n")
    assert max(map(len, lines)) <= 80
    assert all(line.isprintable() for line in lines)


def test_it_shows_one_profile_in_both_modes(shown):
    assert re.search(r"name +Ada Lovelace\b", shown)
    assert "the same profile\n" in shown


def test_it_shows_many_profiles_and_that_each_is_its_tokens_own(shown):
    assert re.search(r"1000 profiles, 100 in flight at most: \d+ a second\n", shown)
    assert "each checked: it belongs to the token that asked for it\n" in shown


def test_it_shows_a_retry_that_recovers(shown):
    told = re.findall(r"attempt \d: \d+|waiting [\d.]+ s|recovered: .+", shown)
    assert told == [
        "attempt 1: 503",
        "waiting 0.25 s",
        "attempt 2: 503",
        "waiting 0.5 s",
        "attempt 3: 200",
        "recovered: the profile of auth0|ada",
    ]


def test_it_shows_a_link_shortened_that_works_once(shown):
    assert re.search(r"/login/impersonated/[\w-]{4}\.\.\.\n", shown)
    assert "first time: Logged in as Ada Lovelace\n" in shown
    assert "second time: Link refused\n" in shown


def test_it_shows_the_transports_and_plugins(shown):
    assert {"urllib3", "aiohttp", "retry", "logging", "headers"} <= set(shown.split())


def test_a_retry_that_is_switched_off_is_said_and_the_rest_is_shown(command):
    done = command("demo", USERSMANAGER_DISABLE="headers, retry")
    assert (done.returncode, done.stderr) == (0, "")
    assert "   left out: USERSMANAGER_DISABLE switches the plugin retry off\n" in done.stdout
    assert "second time: Link refused\n" in done.stdout
