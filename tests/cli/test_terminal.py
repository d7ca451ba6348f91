"""The command line in a real terminal, with someone at the keyboard."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest
from tests.cli.conftest import ended

CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
MODE = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9\d|10[0-7])[;\d]*m")


def plain_lines(shown):
    """The lines that were shown, without control sequences and blank ones."""
    lines = re.split("[\r\n]+", CONTROL.sub("", shown))
    return [line.rstrip() for line in lines if line.strip()]


@pytest.fixture
def ada(sandbox):
    """The environment of a command that asks for auth0|ada."""
    return {
        "USERSMANAGER_BASE_URL": sandbox.base_url,
        "USERSMANAGER_TOKEN": sandbox.issue_token("auth0|ada"),
    }


def test_a_profile_is_a_table_in_mode(terminal, ada):
    shown = terminal("info", **ada)
    assert MODE.search(shown)
    rows = [line.split() for line in plain_lines(shown)]
    assert rows[:2] == [["sub", "auth0|ada"], ["name", "Ada"]]


def test_the_profile_on_the_page_is_what_is_printed(terminal, command, sandbox):
    sandbox.add_user("auth0|ada", name="Ada Lovelace", email="ada@example.com", email_verified=True)
    ada = {
        "USERSMANAGER_BASE_URL": sandbox.base_url,
        "USERSMANAGER_TOKEN": sandbox.issue_token("auth0|ada"),
    }
    page = (Path(__file__).parents[2] / "docs/cli.md").read_text()
    assert "\n$ usersmanager info\n" + "\n".join(plain_lines(terminal("info", **ada))) in page
    assert "\n$ usersmanager info | cat\n" + command("info", **ada).stdout in page


def test_json_is_without_mode_even_there(terminal, ada):
    assert "\x1b" not in terminal("info", "--json", **ada)


@pytest.mark.parametrize("command", ["info", "plugins", "demo"])
def test_no_color_is_respected(terminal, ada, command):
    assert not MODE.search(terminal(command, NO_COLOR="1", **ada))


@pytest.mark.parametrize("command", ["info", "plugins"])
def test_a_dumb_terminal_gets_plain_text(terminal, ada, command):
    assert "\x1b" not in terminal(command, **ada, TERM="dumb")


@pytest.mark.parametrize("command", ["info", "plugins", "demo"])
def test_nothing_is_wider_than_its_80_columns(terminal, sandbox, ada, command):
    sandbox.add_user("auth0|ada", name="Ada " * 50, picture="https://example.com/" + "a" * 200)
    shown = terminal(command, **ada)
    assert max(map(len, plain_lines(shown))) <= 80


def test_the_demo_shows_a_progress_bar_that_fills(terminal):
    shown = terminal("demo")
    assert MODE.search(shown)
    counts = [int(count) for count in re.findall(r"(\d+)/1000", CONTROL.sub("", shown))]
    assert counts == sorted(counts)
    assert (len(set(counts)) > 1, counts[-1]) == (True, 1000)
    assert "━━━━" in shown


def test_ctrl_c_ends_the_sandbox_well(on_terminal):
    child = on_terminal("sandbox")
    child.expect_exact("Try it in another terminal")
    child.expect_exact("--impersonator")
    child.sendintr()
    assert plain_lines(ended(child, 0))[-2:] == ["^C", "stopped"]


def test_ctrl_c_ends_the_demo_without_a_traceback(on_terminal):
    child = on_terminal("demo")
    child.expect(r"[1-9]\d*/1000")
    child.sendintr()
    assert "Traceback" not in ended(child, 130)


@pytest.mark.parametrize("transport", ["urllib3", "aiohttp", "httptools"])
def test_ctrl_c_ends_a_call_that_hangs_without_a_traceback(on_terminal, transport):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        child = on_terminal(
            *("info", "--transport", transport, "--base-url", base_url),
            USERSMANAGER_TOKEN="a-token",
        )
        connection, _ = listener.accept()
        with connection:
            connection.recv(1)  # Now it waits for its answer.
            child.sendintr()
            assert plain_lines(ended(child, 130)) == ["^C"]


@pytest.mark.parametrize("transport", ["urllib3", "aiohttp", "httptools"])
def test_ctrl_c_ends_a_wait_for_the_next_attempt(on_terminal, sandbox, ada, transport):
    sandbox.fail_next(503, retry_after=5)
    child = on_terminal("info", "--verbose", "--transport", transport, **ada)
    child.expect_exact("waiting 5 s")
    child.sendintr()
    assert "Traceback" not in ended(child, 130)
    assert [status for *_, status in sandbox.requests] == [503]


def test_a_token_may_be_typed(on_terminal, ada):
    child = on_terminal("info", "--token-file", "-", **(ada | {"USERSMANAGER_TOKEN": ""}))
    child.sendline(ada["USERSMANAGER_TOKEN"])
    child.sendeof()
    assert "Ada" in ended(child, 0)
