"""Every way to fail: one line, the right exit code, no traceback, no token."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import pytest

SECRET = "s3cr3t-t0ken-0f-ada"  # A bearer token by its grammar.


def assert_one_line(done, exit_code, *words):
    assert done.stdout == ""
    assert done.stderr.startswith("usersmanager: error: ")
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith("\n")
    assert SECRET not in done.stderr
    assert "s3cr3t" not in done.stderr
    assert all(word in done.stderr for word in words), done.stderr
    assert done.returncode == exit_code


@pytest.fixture
def info(command, server):
    """Runs `info` with a token that no output may show, against `server`."""

    def info(*arguments, **variables):
        known = {"USERSMANAGER_BASE_URL": server.base_url, "USERSMANAGER_TOKEN": SECRET}
        return command("info", *arguments, **(known | variables))

    return info


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (302, "302 Found"),
        (401, "401 Unauthorized"),
        (403, "403 Forbidden"),
        (404, "404 Not Found"),
        (418, "418"),
        (501, "501 Not Implemented"),
    ],
)
def test_an_error_status_exits_1(info, server, status, words):
    server.answer = (status, "text/plain", SECRET.encode())
    assert_one_line(info(), 1, "get_info failed with", words)


def test_a_token_that_the_server_echoes_is_not_shown(info, server):
    body = b'{"error": "invalid_token", "error_description": "no such token: %s\\u001b[31m"}'
    server.answer = (401, "application/json", body % SECRET.encode())
    done = info()
    assert_one_line(done, 1, "invalid_token: no such token: [redacted]")
    assert "\x1b" not in done.stderr


def test_a_success_that_is_no_profile_exits_3(info):
    assert_one_line(info(), 3, "the profile is not sent as application/json")


def test_a_refused_connection_exits_3(info):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # Bound, but not listening.
        base_url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        assert_one_line(info("--timeout", "1", USERSMANAGER_BASE_URL=base_url), 3)


def test_no_answer_in_time_exits_3(info, sandbox):
    sandbox.delay_next(30)
    assert_one_line(info("--timeout", "0.3", USERSMANAGER_BASE_URL=sandbox.base_url), 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--base-url", "ftp://x"], "error: --base-url must begin with https://"),
        (
            ["--base-url", "http://tenant.example"],
            "or with --allow-insecure)",
        ),
        (["--base-url", ""], "error: --base-url must not be empty"),
        (["--base-url", "https://x/userinfo"], "error: --base-url must not end in /userinfo"),
        (["--timeout", "0"], "--timeout takes seconds: a positive number, such as 2.5 (see"),
        (["--timeout", "-1"], "--timeout takes seconds: a positive number, such as 2.5 (see"),
        (["--timeout", "nan"], "--timeout takes seconds: a positive number, such as 2.5 (see"),
        (["--timeout", "inf"], "--timeout takes seconds: a positive number, such as 2.5 (see"),
        (["--timeout", "10s"], "--timeout takes seconds: a positive number, such as 2.5 (see"),
        (["--transport", "urlib3"], "did you mean 'urllib3'?"),
        (["--plugin", "retrry"], "did you mean 'retry'?"),
        (["--no-plugin", "retrry"], "did you mean 'retry'?"),
        (["--plugin=retry", "--no-plugin=retry"], "--plugin and --no-plugin name the same plugin"),
        (["--issuer", "ftp://x"], "error: --issuer must begin with https://"),
        (
            ["--base-url", "https://x", "--issuer", "https://x"],
            "--base-url and --issuer are both given: leave one out",
        ),
        (["--expect-subject", ""], "error: --expect-subject must be"),
    ],
)
def test_a_wrong_argument_exits_2(info, arguments, words):
    assert_one_line(info(*arguments), 2, words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["info", SECRET], "too many arguments; a token is never one"),
        (["info", "--", SECRET], "too many arguments; a token is never one"),
        (["info", "--token", SECRET], "no such option: did you mean --token-file?"),
        (["info", f"--token={SECRET}"], "no such option: did you mean --token-file?"),
        (["impersonate", "u", "--token", SECRET], "no such option: did you mean --token-file?"),
        (["impersonate", "u", "--json"], "no such option (see"),
        (["info", f"--{SECRET}"], "no such option"),
        (["info", f"-{SECRET}"], "no such option"),
        (["info", f"--json={SECRET}"], "'--json' does not take a value"),
        (["info", "--timeout", SECRET], "--timeout takes seconds: a positive number"),
        (["info", "--token-file", SECRET], "--token-file takes a path, and it can't be read"),
        (["info", "--token-file"], "'--token-file' requires an argument"),
        (["info", "--transport", f"{SECRET}" * 4], "no transport of that name is installed"),
        (["info", "--plugin", f"{SECRET}" * 4], "no plugin of that name is installed"),
        (["info", "--no-plugin", f"{SECRET}" * 4], "no plugin of that name is installed"),
        (["impersonate", "a", SECRET, "--client-id=c", "--impersonator=d"], "too many arguments"),
        (["impersonate"], "Missing argument 'USER_ID' (see 'usersmanager impersonate --help')"),
        (["impersonate", SECRET], "Missing option '--client-id'"),
        (["plugins", SECRET], "too many arguments"),
        (["sandbox", "--port", SECRET], "the value of --port is not valid"),
        (["sandbox", "--port", "65536"], "the value of --port is not valid"),
        ([SECRET], "no such command: there are info, impersonate, sandbox, plugins, new, demo"),
        ([f"--{SECRET}", "info"], "no such option (see 'usersmanager --help')"),
    ],
)
def test_a_wrong_use_exits_2_and_shows_nothing_of_what_was_typed(command, arguments, words):
    done = command(
        *arguments, USERSMANAGER_BASE_URL="https://nowhere.invalid", USERSMANAGER_TOKEN="token"
    )
    assert_one_line(done, 2, words)


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--client-id", "--client-id must not be empty"),
        ("--impersonator", "--impersonator must not be empty"),
        ("--protocol", "--protocol must not be empty"),
    ],
)
def test_an_option_of_impersonate_that_is_empty_is_named(command, option, told):
    done = command(
        *("impersonate", "auth0|ada", "--client-id=c", "--impersonator=d", option, " "),
        USERSMANAGER_BASE_URL="https://nowhere.invalid",
        USERSMANAGER_API_TOKEN=SECRET,
    )
    assert_one_line(done, 2, f"error: {told}")


@pytest.mark.parametrize("variable", [{}, {"USERSMANAGER_TOKEN": ""}])
def test_without_a_token_the_three_ways_are_told(command, variable):
    done = command("info", "--base-url", "https://nowhere.invalid", **variable)
    assert_one_line(
        done, 2, "no token: set USERSMANAGER_TOKEN", "--token-file PATH", "--token-file -"
    )


def test_an_empty_standard_input_is_no_token(info):
    assert_one_line(info("--token-file", "-"), 2, "no token")


@pytest.mark.parametrize(
    ("token", "advice"),
    [
        (f"{SECRET}\n\n", "strip it"),
        (f"Bearer {SECRET}\n", "remove the 'Bearer ' prefix"),
        (f"{SECRET} {SECRET}", "it contains characters not allowed in a bearer token"),
        (f"{SECRET}\udcff", "it contains characters not allowed in a bearer token"),
        ("ü", "it contains characters not allowed in a bearer token"),
    ],
)
def test_what_is_no_bearer_token_is_refused_with_advice(info, tmp_path, token, advice):
    path = tmp_path / "token"
    path.write_bytes(token.encode("utf-8", "surrogateescape"))
    assert_one_line(info("--token-file", str(path)), 2, "Invalid access token: ", advice)


def test_without_an_address_the_ways_to_give_one_are_told(command):
    done = command("info")
    assert_one_line(
        done, 2, "no address: give --base-url or --issuer, or set USERSMANAGER_BASE_URL"
    )
    impersonate = ("impersonate", "auth0|ada", "--client-id=c", "--impersonator=auth0|boss")
    assert_one_line(command(*impersonate), 2, "Missing option '--base-url'")


def test_without_a_command_the_help_is_shown(command):
    done = command()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: usersmanager [OPTIONS] ")


def test_a_plugin_that_fails_to_load_is_one_warning_and_the_command_goes_on(info, server, install):
    server.answer = (200, "application/json", b'{"sub": "auth0|ada"}')
    done = info(PYTHONPATH=install("broken", "raise ImportError('gone\\x1b[31m')"))
    assert (done.returncode, done.stdout) == (0, "sub: auth0|ada\n")
    assert done.stderr == (
        "usersmanager: warning: failed to load plugin 'broken' of acme-broken 1.2:"
        r" ImportError: gone\x1b[31m; skipping it" + "\n"
    )


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_an_interrupt_exits_130_without_a_traceback(spawn):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        process = spawn(
            "info",
            USERSMANAGER_BASE_URL=f"http://127.0.0.1:{listener.getsockname()[1]}",
            USERSMANAGER_TOKEN=SECRET,
        )
        connection, _ = listener.accept()
        with connection:
            connection.recv(1)  # Now it waits for its answer.
            process.send_signal(signal.SIGINT)
            stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout, stderr.strip()) == (130, "", "")


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["info"], ["plugins"], ["plugins", "--json"], ["demo"]]
)
def test_a_broken_pipe_is_no_traceback(spawn, server, arguments):
    server.answer = (200, "application/json", b'{"sub": "auth0|ada"}')
    process = spawn(*arguments, USERSMANAGER_BASE_URL=server.base_url, USERSMANAGER_TOKEN=SECRET)
    process.stdout.close()
    assert process.wait(30) == 1
    assert process.stderr.read() == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_one_line():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "usersmanager", "plugins"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
        )
    assert (done.returncode, done.stderr) == (
        3,
        "usersmanager: error: No space left on device\n",
    )
