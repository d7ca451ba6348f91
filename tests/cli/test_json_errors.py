"""With --json, an error is one JSON object on stderr, with the same keys for every error."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from usersmanager.cli.errors import describe_error

PAGE = (Path(__file__).parents[2] / "docs/cli.md").read_text()
TOKEN = "s3cr3t-t0ken-0f-ada"
KEYS = list(describe_error(OSError()))
DETAILS = b'{"error": "invalid_token", "error_description": "expired: %s"}' % TOKEN.encode()


@pytest.fixture
def fail(command, server):
    """Runs a command with --json that fails; returns the exit code and the error."""

    def fail(*arguments, **variables):
        defaults = {"USERSMANAGER_BASE_URL": server.base_url, "USERSMANAGER_TOKEN": TOKEN}
        result = command(*arguments, "--json", **(defaults | variables))
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1
        assert TOKEN not in result.stderr
        error = json.loads(result.stderr)
        assert list(error) == KEYS
        return result.returncode, {key: value for key, value in error.items() if value is not None}

    return fail


def test_an_error_response_has_its_status_and_the_words_of_the_server(fail, server):
    server.response = (401, "application/json", DETAILS)
    exit_code, error = fail("info")
    message = error.pop("message")
    assert message.startswith(f"get_info at {server.base_url} failed with 401 Unauthorized")
    assert (exit_code, error) == (
        1,
        {
            "type": "UnauthorizedError",
            "operation": "get_info",
            "origin": server.base_url,
            "status": 401,
            "error": "invalid_token",
            "error_description": "expired: [redacted]",
        },
    )


def test_a_transport_error_has_its_reason_and_whether_the_request_was_sent(fail, sandbox):
    sandbox.delay_next(30)
    exit_code, error = fail("info", "--timeout", "0.2", USERSMANAGER_BASE_URL=sandbox.base_url)
    assert error.pop("message").startswith("get_info at ")
    assert (exit_code, error) == (
        3,
        {
            "type": "DeadlineExceededError",
            "operation": "get_info",
            "origin": sandbox.base_url,
            "reason": "deadline",
            "sent": True,
        },
    )


def test_a_rate_limit_has_the_seconds_to_wait(fail, sandbox):
    sandbox.fail_next(429, retry_after=77)
    exit_code, error = fail("info", USERSMANAGER_BASE_URL=sandbox.base_url)
    assert (exit_code, error["type"], error["retry_after"]) == (1, "RateLimitedError", 77)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (["info", "--base-url", "ftp://x"], "ArgumentError", "--base-url must begin with https://"),
        (["info", "--token-file", "/nowhere"], "ArgumentError", "--token-file: cannot read"),
        (["info", "--timeout", "0"], "UsageError", "--timeout must be a positive number"),
        (["info", "--bogus"], "UsageError", "no such option (see"),
        (["impersonate", "auth0|ada"], "UsageError", "missing option '--client-id'"),
        (["bogus"], "UsageError", "no such command: choose one of info, "),
    ],
)
def test_a_mistake_of_the_caller_exits_2(fail, arguments, kind, message):
    exit_code, error = fail(*arguments)
    assert error.pop("message").startswith(message)
    assert (exit_code, error) == (2, {"type": kind})


def test_every_key_is_documented():
    section = PAGE.partition("### Errors as JSON")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` ", section, re.MULTILINE) == KEYS
