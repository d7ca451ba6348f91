"""The command line on a terminal. Ctrl-C, typing and the width need a real one."""

from __future__ import annotations

import re
import shlex
import socket
from pathlib import Path

import pytest
from tests.cli.conftest import CONTROL_SEQUENCE, instant_waits, read_to_end

COLOR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9\d|10[0-7])[;\d]*m")
PAGE = (Path(__file__).parents[2] / "docs/cli.md").read_text()


def plain_lines(output):
    """Return the lines that are not blank, without control sequences."""
    lines = re.split("[\r\n]+", CONTROL_SEQUENCE.sub("", output))
    return [line.rstrip() for line in lines if line.strip()]


@pytest.fixture(scope="module")
def demo(terminal):
    """The output of the demo on a terminal."""
    with instant_waits():
        return terminal("demo")


def test_a_profile_is_a_table_in_color(terminal, ada):
    output = terminal("info", **ada)
    assert COLOR.search(output)
    rows = [line.split() for line in plain_lines(output)]
    assert rows[:2] == [["sub", "auth0|ada"], ["name", "Ada"]]


def test_the_documented_profile_is_the_real_output(terminal, command, sandbox, ada):
    sandbox.add_user("auth0|ada", name="Ada Lovelace", email="ada@example.com", email_verified=True)
    assert "\n$ usersmanager info\n" + "\n".join(plain_lines(terminal("info", **ada))) in PAGE
    assert "\n$ usersmanager info | cat\n" + command("info", **ada).stdout in PAGE


def test_json_has_no_control_sequences(terminal, ada):
    assert "\x1b" not in terminal("info", "--json", **ada)


@pytest.mark.parametrize("command", ["info", "plugins", "demo"])
def test_no_color_turns_colors_off(terminal, ada, command):
    with instant_waits():
        assert not COLOR.search(terminal(command, NO_COLOR="1", **ada))


@pytest.mark.parametrize("command", ["info", "plugins"])
def test_a_dumb_terminal_gets_plain_text(terminal, ada, command):
    assert "\x1b" not in terminal(command, **ada, TERM="dumb")


@pytest.mark.parametrize("width", [40, 80])
def test_a_profile_fits_the_width_of_the_terminal(terminal, sandbox, ada, width):
    sandbox.add_user("auth0|ada", name="Ada " * 50, picture="https://example.com/" + "a" * 200)
    assert max(map(len, plain_lines(terminal("info", **ada, COLUMNS=str(width))))) <= width


def test_the_demo_fits_80_columns(demo):
    assert max(map(len, plain_lines(demo))) <= 80


def test_the_demo_is_in_color(demo):
    assert COLOR.search(demo)


def test_the_guide_of_the_sandbox_works_as_printed_until_ctrl_c(on_terminal, command):
    child = on_terminal("sandbox")
    child.expect(r"usersmanager (impersonate .*'auth0\|grace')\r\n")
    variables = dict(re.findall("^export (.*)=(.*)\r$", child.before, re.M))
    assert "name: Ada Lovelace\n" in command("info", **variables).stdout
    arguments = shlex.split(child.match[1].replace("\\\r\n", ""))
    link = command(*arguments, **variables).stdout
    assert link.startswith(variables["USERSMANAGER_BASE_URL"])
    child.sendintr()
    assert plain_lines(read_to_end(child, 0)) == ["^C", "stopped"]


@pytest.mark.parametrize("transport", ["urllib3", "aiohttp"])
def test_ctrl_c_ends_a_call_without_a_traceback(on_terminal, transport):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        child = on_terminal(
            *("info", "--transport", transport, "--base-url", base_url),
            USERSMANAGER_TOKEN="a-token",
        )
        connection, _ = listener.accept()
        with connection:
            connection.recv(1)  # The client is waiting for the response now.
            child.sendintr()
            assert plain_lines(read_to_end(child, 130)) == ["^C"]


def test_ctrl_c_ends_the_wait_for_the_next_attempt(on_terminal, sandbox, ada):
    sandbox.fail_next(503, retry_after=5)
    child = on_terminal("info", "--verbose", **ada)
    child.expect_exact("waiting 5.000 s")
    child.sendintr()
    assert "Traceback" not in read_to_end(child, 130)
    assert [status for *_, status in sandbox.requests] == [503]


def test_a_token_may_be_typed_and_the_profile_fits_the_terminal(on_terminal, sandbox, ada):
    sandbox.add_user("auth0|ada", name="Ada " * 50)
    child = on_terminal("info", "--token-file", "-", **(ada | {"USERSMANAGER_TOKEN": ""}))
    child.sendline(ada["USERSMANAGER_TOKEN"])
    child.sendeof()
    lines = plain_lines(read_to_end(child, 0))
    assert "Ada" in "".join(lines)
    assert max(map(len, lines)) <= 80
