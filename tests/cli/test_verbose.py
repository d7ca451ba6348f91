"""`--verbose`: calls, attempts and waits are logged to stderr as they happen."""

from __future__ import annotations

import logging
import re

import pytest

from usersmanager import UsersManager
from usersmanager.cli.verbose import CallLogger, log_to
from usersmanager.testing import PluginContract


class TestCallLogger(PluginContract):
    def plugin(self) -> CallLogger:
        return CallLogger()


@pytest.fixture
def info(command, ada):
    """Runs `info --verbose` for auth0|ada. Returns the exit code and stderr."""

    def info(*arguments, **variables):
        result = command("info", "--verbose", *arguments, **(ada | variables))
        assert result.returncode or result.stdout.startswith("sub: auth0|ada\n")
        return result.returncode, result.stderr

    return info


def events(stderr):
    """Return the start of a call, the attempts, the waits and the total."""
    return re.findall(r"(?m)^usersmanager: (get_info: GET|.*attempt \d: \w+|waiting)", stderr)


@pytest.mark.parametrize("transport", ["urllib3", "aiohttp", "native"])
def test_calls_attempts_and_waits_are_logged(info, sandbox, transport):
    sandbox.fail_next(502)
    exit_code, stderr = info("--transport", transport)
    assert (exit_code, events(stderr)) == (
        0,
        ["get_info: GET", "get_info attempt 1: 502", "waiting", "get_info attempt 2: 200"],
    )
    assert f"get_info: GET {sandbox.base_url}/userinfo\n" in stderr
    assert re.search(r"get_info: 200 after 2 .* \d+\.\d{3} s\n", stderr)


def test_a_call_without_retries_is_logged_before_its_error(info, sandbox):
    sandbox.fail_next(503)
    exit_code, stderr = info("--no-plugin", "retry")
    assert (exit_code, events(stderr)) == (1, ["get_info: GET", "get_info attempt 1: 503"])
    assert "usersmanager: error: " in stderr.splitlines()[-1]


def test_waits_are_logged_without_the_logging_plugin(info, sandbox):
    sandbox.fail_next(502)
    exit_code, stderr = info(USERSMANAGER_DISABLE="logging")
    assert (exit_code, events(stderr)) == (0, ["get_info: GET", "waiting"])
    assert re.search(r"waiting 0\.\d{3} s\n", stderr)


def test_an_attempt_without_a_response_is_logged(info, sandbox):
    sandbox.disconnect_next()
    exit_code, stderr = info("--no-plugin", "retry")
    assert exit_code == 3
    assert "get_info attempt 1: DisconnectedError" in events(stderr)


def test_both_calls_of_an_issuer_are_logged(info, sandbox):
    exit_code, stderr = info("--issuer", sandbox.base_url)
    assert exit_code == 0
    assert re.findall("(?:GET|POST) (.*)", stderr) == [
        f"{sandbox.base_url}/.well-known/openid-configuration",
        f"{sandbox.base_url}/userinfo",
    ]


def test_neither_the_link_nor_the_token_of_an_impersonation_is_logged(command, sandbox):
    token = sandbox.issue_api_token()
    result = command(
        *("impersonate", "auth0|ada", "--client-id=sandbox-client", "--impersonator=auth0|boss"),
        *("--verbose", "--base-url", sandbox.base_url),
        USERSMANAGER_API_TOKEN=token,
    )
    assert "usersmanager: impersonate attempt 1: 200 in " in result.stderr
    assert token not in result.stderr
    assert result.stdout.rpartition("/")[2].strip() not in result.stderr


def test_nothing_is_logged_by_default(command, sandbox, monkeypatch):
    # Without the handlers of pytest, logging writes warnings to stderr.
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    sandbox.fail_next(502)
    token = sandbox.issue_token("auth0|ada")
    result = command("info", "--base-url", sandbox.base_url, USERSMANAGER_TOKEN=token)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("sub: auth0|ada\n")


def test_a_wait_is_logged_when_it_begins(mode, sandbox):
    lines = []

    def write_line(line):
        lines.append((line.split()[0], len(sandbox.requests)))

    sandbox.disconnect_next()
    with log_to(write_line):
        profile = mode.call(
            "get_info",
            sandbox.issue_token("auth0|ada"),
            base_url=sandbox.base_url,
            plugins=[CallLogger()],
        )
    assert profile.sub == "auth0|ada"
    assert ("waiting", 1) in lines
    assert lines[-1] == ("get_info:", 2)


def test_control_characters_are_escaped():
    lines = []
    with log_to(lines.append):
        logging.getLogger("usersmanager.test").debug("a\x1b[31m\nb")
    assert lines == [r"a\x1b[31m\nb"]


def test_the_logger_is_restored(sandbox):
    logger = logging.getLogger("usersmanager")
    lines = []
    with UsersManager(sandbox.base_url) as users:
        before = (logger.level, list(logger.handlers))
        with log_to(lines.append):
            users.get_info(sandbox.issue_token("auth0|ada"))
        users.get_info(sandbox.issue_token("auth0|ada"))
    assert len(lines) == 2
    assert (logger.level, list(logger.handlers)) == before
