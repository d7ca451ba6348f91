"""Every error is one line on stderr with the right exit code, and shows no token."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from unittest import mock

import pytest
from tests.cli.conftest import COMMAND, environment, instant_waits

from usersmanager.cli import main

SECRET = "s3cr3t-t0ken-0f-ada"  # A bearer token by its grammar.
NOWHERE = "https://nowhere.invalid"


def assert_error(result, exit_code, *words):
    assert result.stdout == ""
    assert result.stderr.startswith("usersmanager: error: ")
    assert result.stderr.count("\n") == 1
    assert result.stderr.endswith("\n")
    assert "s3cr3t" not in result.stderr
    assert all(word in result.stderr for word in words), result.stderr
    assert result.returncode == exit_code


@pytest.fixture
def info(command, server):
    """Runs `info` against `server`, with a token that must not be shown."""

    def info(*arguments, **variables):
        defaults = {"USERSMANAGER_BASE_URL": server.base_url, "USERSMANAGER_TOKEN": SECRET}
        return command("info", *arguments, **(defaults | variables))

    return info


@pytest.mark.parametrize("status", [302, 401, 403, 404, 418, 501])
def test_an_error_status_exits_1(info, server, status):
    server.response = (status, "text/plain", SECRET.encode())
    assert_error(info(), 1, "get_info", str(status))


def test_a_missing_endpoint_asks_for_the_option_of_the_base_url(info, server):
    server.response = (404, "text/plain", b"")
    assert_error(info(), 1, f"get_info at {server.base_url} failed", "is --base-url right?")


def test_a_missing_configuration_asks_for_the_option_of_the_issuer(info, server):
    server.response = (404, "text/plain", b"")
    result = info("--issuer", server.base_url)
    assert_error(result, 1, f"discover at {server.base_url} failed", "is --issuer right?")


def test_a_token_that_the_server_echoes_is_redacted(info, server):
    body = b'{"error": "invalid_token", "error_description": "no such token: %s\\u001b[31m"}'
    server.response = (401, "application/json", body % SECRET.encode())
    result = info()
    assert_error(result, 1, "invalid_token: no such token: [redacted]")
    assert "\x1b" not in result.stderr


def test_a_success_that_is_not_a_profile_exits_3(info):
    assert_error(info(), 3, "application/json")


def test_no_response_in_time_exits_3(info, sandbox):
    sandbox.delay_next(30)
    assert_error(info("--timeout", "0.3", USERSMANAGER_BASE_URL=sandbox.base_url), 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--base-url", "ftp://x"], "--base-url must begin with https://"),
        (["--base-url", "http://tenant.example"], "--allow-insecure"),
        (["--base-url", ""], "--base-url must not be empty"),
        (["--base-url", "https://x/userinfo"], "--base-url must not end in /userinfo"),
        (["--timeout", "0"], "--timeout must be a positive number"),
        (["--timeout", "-1"], "--timeout must be a positive number"),
        (["--timeout", "nan"], "--timeout must be a positive number"),
        (["--timeout", "inf"], "--timeout must be a positive number"),
        (["--timeout", "10s"], "--timeout must be a positive number"),
        (["--transport", "urlib3"], "--transport: .*did you mean 'urllib3'?"),
        (["--plugin", "retrry"], "--plugin: .*did you mean 'retry'?"),
        (["--no-plugin", "retrry"], "--no-plugin: .*did you mean 'retry'?"),
        (["--plugin=retry", "--no-plugin=retry"], "--plugin and --no-plugin"),
        (["--issuer", "ftp://x"], "--issuer must begin with https://"),
        (["--base-url", NOWHERE, "--issuer", NOWHERE], "--base-url and --issuer"),
        (["--expect-subject", ""], "--expect-subject must be"),
        (["--userinfo-endpoint", f"/{SECRET}"], "--userinfo-endpoint must be an absolute URL"),
        (["--base-url", "https://x/oauth2/userInfo"], "pass the whole URL as --userinfo-endpoint"),
        (["--base-url", "https://x/.well-known"], "pass the issuer as --issuer"),
    ],
)
def test_an_invalid_option_exits_2_and_is_named(info, arguments, words):
    assert_error(info(*arguments), 2, *words.split(".*"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["info", SECRET], "too many arguments; don't pass a token"),
        (["info", "--", SECRET], "too many arguments; don't pass a token"),
        (["info", "--token", SECRET], "no such option: did you mean --token-file?"),
        (["info", f"--token={SECRET}"], "no such option: did you mean --token-file?"),
        (["impersonate", "u", "--token", SECRET], "no such option: did you mean --token-file?"),
        (["sandbox", "-j"], "no such option (see"),
        (["info", f"--{SECRET}"], "no such option"),
        (["info", f"-{SECRET}"], "no such option"),
        (["info", f"--json={SECRET}"], "--json"),
        (["info", "--timeout", SECRET], "--timeout"),
        (["info", "--token-file", SECRET], "--token-file"),
        (["info", "--token-file"], "--token-file"),
        (["info", "--transport", f"{SECRET}" * 4], "--transport: no transport"),
        (["info", "--plugin", f"{SECRET}" * 4], "--plugin: no plugin"),
        (["info", "--no-plugin", f"{SECRET}" * 4], "--no-plugin: no plugin"),
        (["impersonate", "a", SECRET, "--client-id=c", "--impersonator=d"], "too many arguments"),
        (
            ["impersonate"],
            "error: missing argument 'USER_ID' (see 'usersmanager impersonate --help')",
        ),
        (["impersonate", SECRET], "option '--client-id'"),
        (["plugins", SECRET], "too many arguments"),
        (["sandbox", "--port", SECRET], "for --port: use a whole number from 0 to 65535 (see"),
        (["sandbox", "--port", "65536"], "invalid value for --port"),
        (["info", "--userinfo-method", SECRET], "for --userinfo-method: choose GET or POST (see"),
        ([SECRET], "no such command: choose one of info, impersonate, "),
        ([f"--{SECRET}", "info"], "no such option (see 'usersmanager --help')"),
    ],
)
def test_a_usage_error_exits_2_and_quotes_no_argument(command, arguments, words):
    result = command(*arguments, USERSMANAGER_BASE_URL=NOWHERE, USERSMANAGER_TOKEN="token")
    assert_error(result, 2, words)


@pytest.mark.parametrize("option", ["--client-id", "--impersonator", "--protocol"])
def test_a_blank_option_of_impersonate_exits_2_and_is_named(command, option):
    result = command(
        *("impersonate", "auth0|ada", "--client-id=c", "--impersonator=d", option, " "),
        USERSMANAGER_BASE_URL=NOWHERE,
        USERSMANAGER_API_TOKEN=SECRET,
    )
    assert_error(result, 2, f"error: {option} must not be empty")


@pytest.mark.parametrize("variable", [{}, {"USERSMANAGER_TOKEN": ""}])
def test_a_missing_token_exits_2_with_the_ways_to_pass_one(command, variable):
    result = command("info", "--base-url", NOWHERE, **variable)
    assert_error(
        result, 2, "no token: set USERSMANAGER_TOKEN", "--token-file PATH", "--token-file -"
    )


def test_empty_stdin_is_a_missing_token(info):
    assert_error(info("--token-file", "-"), 2, "no token")


@pytest.mark.parametrize(
    ("token", "advice"),
    [
        (f"{SECRET}\n\n", "strip it"),
        (f"Bearer {SECRET}\n", "remove the 'Bearer ' prefix"),
        (f"{SECRET} {SECRET}", "characters not allowed"),
        (f"{SECRET}\udcff", "characters not allowed"),
        ("ü", "characters not allowed"),
    ],
)
def test_an_invalid_token_exits_2_with_advice(info, tmp_path, token, advice):
    path = tmp_path / "token"
    path.write_bytes(token.encode("utf-8", "surrogateescape"))
    assert_error(info("--token-file", str(path)), 2, advice)


def test_a_missing_base_url_exits_2_with_the_ways_to_pass_one(command):
    result = command("info")
    assert_error(result, 2, "--base-url or --issuer", "USERSMANAGER_BASE_URL")
    impersonate = ("impersonate", "auth0|ada", "--client-id=c", "--impersonator=auth0|boss")
    assert_error(command(*impersonate), 2, "option '--base-url'")


def test_no_command_exits_2_with_the_help_on_stderr(command):
    result = command()
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: usersmanager [OPTIONS] ")


def test_a_plugin_that_fails_to_load_is_a_warning_and_the_command_continues(info, server, install):
    server.response = (200, "application/json", b'{"sub": "auth0|ada"}')
    install("broken", "raise ImportError('gone\\x1b[31m')")
    result = info()
    assert (result.returncode, result.stdout) == (0, "sub: auth0|ada\n")
    assert result.stderr.startswith("usersmanager: warning: ")
    assert result.stderr.count("\n") == 1
    assert all(word in result.stderr for word in ("acme-broken 1.2", r"gone\x1b[31m"))


POSIX_PIPES = pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")


@pytest.fixture
def broken_pipe():
    """A pipe that nobody reads, as a stream to write to."""
    reader, writer = os.pipe()
    os.close(reader)
    # Text that is still buffered cannot be written when the stream is closed.
    with contextlib.suppress(BrokenPipeError), open(writer, "w", encoding="utf-8") as stream:
        yield stream


@POSIX_PIPES
@pytest.mark.parametrize("arguments", [["--help"], ["info"], ["plugins"], ["demo"]])
def test_a_broken_pipe_exits_1_without_a_message(command, server, broken_pipe, arguments):
    server.response = (200, "application/json", b'{"sub": "auth0|ada"}')
    variables = {"USERSMANAGER_BASE_URL": server.base_url, "USERSMANAGER_TOKEN": SECRET}
    with instant_waits():
        result = command(*arguments, stdout=broken_pipe, **variables)
    assert (result.returncode, result.stderr) == (1, "")


@POSIX_PIPES
def test_the_interpreter_does_not_report_a_broken_pipe_either(broken_pipe):
    result = subprocess.run(
        [*COMMAND, "plugins"],
        stdout=broken_pipe,
        stderr=subprocess.PIPE,
        env=environment(),
        timeout=120,
    )
    assert (result.returncode, result.stderr) == (1, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_exits_3_with_one_line(command):
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = command("plugins", stdout=full)
    assert result.returncode == 3
    assert "No space left on device" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--help"], ["info"], ["plugins"]])
def test_a_closed_stdout_is_not_an_error(server, monkeypatch, capsys, arguments):
    server.response = (200, "application/json", b'{"sub": "auth0|ada"}')
    monkeypatch.setattr(sys, "argv", ["usersmanager", *arguments])
    monkeypatch.setattr(sys, "stdout", None)
    variables = environment(USERSMANAGER_BASE_URL=server.base_url, USERSMANAGER_TOKEN=SECRET)
    with mock.patch.dict(os.environ, variables, clear=True):
        assert main() == 0
    assert capsys.readouterr() == ("", "")
