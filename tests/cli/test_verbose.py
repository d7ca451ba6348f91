"""`--verbose`: what happens is told on standard error, as it happens."""

from __future__ import annotations

import logging
import re

import pytest

from usersmanager import UsersManager
from usersmanager.cli.verbose import Watch, log_told
from usersmanager.testing import PluginContract


class TestWatch(PluginContract):
    def plugin(self) -> Watch:
        return Watch(lambda line: None)


@pytest.fixture
def info(command, sandbox):
    """Runs `info --verbose` for auth0|ada; gives its exit code and the lines it tells."""

    def info(*arguments, **variables):
        done = command(
            *("info", "--verbose", *arguments),
            **{
                "USERSMANAGER_BASE_URL": sandbox.base_url,
                "USERSMANAGER_TOKEN": sandbox.issue_token("auth0|ada"),
                **variables,
            },
        )
        assert done.returncode or done.stdout.startswith("sub: auth0|ada\n")
        return done.returncode, re.sub(r"\d+\.\d{3} s$", "N s", done.stderr, flags=re.M)

    return info


@pytest.mark.parametrize("transport", ["urllib3", "aiohttp", "httptools"])
def test_attempts_waits_and_timings_are_told(info, sandbox, transport):
    sandbox.fail_next(503, retry_after=1)
    assert info("--transport", transport) == (
        0,
        f"usersmanager: get_info: GET {sandbox.base_url}/userinfo\n"
        "usersmanager: get_info attempt 1: 503 in N s\n"
        "usersmanager: waiting 1 s\n"
        "usersmanager: get_info attempt 2: 200 in N s\n"
        "usersmanager: get_info: 200 after 2 attempt(s) in N s\n",
    )


def test_without_retries_the_one_attempt_is_told(info, sandbox):
    sandbox.fail_next(503)
    assert info("--no-plugin", "retry") == (
        1,
        f"usersmanager: get_info: GET {sandbox.base_url}/userinfo\n"
        "usersmanager: get_info attempt 1: 503 in N s\n"
        "usersmanager: get_info: 503 after 1 attempt(s) in N s\n"
        "usersmanager: error: get_info failed with 503 Service Unavailable\n",
    )


def test_waits_are_told_even_without_the_log(info, sandbox):
    sandbox.fail_next(503, retry_after=1)
    assert info(USERSMANAGER_DISABLE="logging") == (
        0,
        f"usersmanager: get_info: GET {sandbox.base_url}/userinfo\nusersmanager: waiting 1 s\n",
    )


def test_an_attempt_without_an_answer_is_told(info, sandbox):
    sandbox.disconnect_next()
    exit_code, told = info("--no-plugin", "retry")
    assert exit_code == 3
    assert "usersmanager: get_info attempt 1: DisconnectedError in N s\n" in told


def test_by_way_of_an_issuer_both_calls_are_told(info, sandbox):
    exit_code, told = info("--issuer", sandbox.base_url)
    assert exit_code == 0
    assert re.findall("(?:GET|POST) (.*)", told) == [
        f"{sandbox.base_url}/.well-known/openid-configuration",
        f"{sandbox.base_url}/userinfo",
    ]


def test_each_line_is_told_when_it_happens(spawn, sandbox):
    sandbox.fail_next(503, retry_after=1)
    token = sandbox.issue_token("auth0|ada")
    process = spawn("info", "-v", "--base-url", sandbox.base_url, USERSMANAGER_TOKEN=token)
    for line in process.stderr:
        if "waiting" in line:
            break
    answered = [status for *_, status in sandbox.requests]
    assert answered == [503], "told as the wait begins, not when it is over"
    assert process.wait(30) == 0


def test_an_impersonation_is_told_without_its_link_and_token(command, sandbox):
    token = sandbox.issue_api_token()
    done = command(
        *("impersonate", "auth0|ada", "--client-id=sandbox-client", "--impersonator=auth0|boss"),
        *("--verbose", "--base-url", sandbox.base_url),
        USERSMANAGER_API_TOKEN=token,
    )
    assert "usersmanager: impersonate attempt 1: 200 in " in done.stderr
    assert token not in done.stderr
    assert done.stdout.rpartition("/")[2].strip() not in done.stderr


def test_without_it_nothing_is_told(command, sandbox):
    sandbox.fail_next(503)
    done = command(
        "info", "--base-url", sandbox.base_url, USERSMANAGER_TOKEN=sandbox.issue_token("auth0|ada")
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_error_passes_a_watch_by_and_the_retry_inside_it_recovers(mode, sandbox):
    told = []
    sandbox.disconnect_next()
    profile = mode.call(
        "get_info",
        sandbox.issue_token("auth0|ada"),
        base_url=sandbox.base_url,
        plugins=[Watch(told.append)],
    )
    assert profile.sub == "auth0|ada"
    assert [line.split()[0] for line in told] == ["get_info:", "waiting"]


def test_the_log_is_as_it_was_afterwards(sandbox):
    logger = logging.getLogger("usersmanager")
    told = []
    with UsersManager(sandbox.base_url) as users:
        before = (logger.level, list(logger.handlers))
        with log_told(told.append):
            users.get_info(sandbox.issue_token("auth0|ada"))
        users.get_info(sandbox.issue_token("auth0|ada"))
    assert len(told) == 2
    assert (logger.level, list(logger.handlers)) == before
