"""`usersmanager info`."""

from __future__ import annotations

import json
import re

import pytest


@pytest.fixture
def info(command, sandbox):
    """Runs `info` for auth0|ada."""

    def info(*arguments, **variables):
        known = {
            "USERSMANAGER_BASE_URL": sandbox.base_url,
            "USERSMANAGER_TOKEN": sandbox.issue_token("auth0|ada"),
        }
        return command("info", *arguments, **(known | variables))

    return info


def test_in_a_pipe_a_profile_is_one_plain_line_for_each_claim(info):
    done = info()
    assert (
        done.stdout == "sub: auth0|ada\nname: Ada\nemail: ada@example.com\nemail_verified: true\n"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_json_is_the_profile_as_one_object(info):
    assert json.loads(info("--json").stdout) == {
        "sub": "auth0|ada",
        "name": "Ada",
        "email": "ada@example.com",
        "email_verified": True,
    }


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_token_file_may_end_in_one_newline(info, sandbox, tmp_path, ending):
    path = tmp_path / "token"
    path.write_bytes(f"{sandbox.issue_token('auth0|boss')}{ending}".encode())
    done = info("--token-file", str(path))
    assert "sub: auth0|boss" in done.stdout.splitlines(), "the file stands above the environment"


def test_a_token_file_may_begin_with_a_byte_order_mark(info, sandbox, tmp_path):
    path = tmp_path / "token"
    path.write_text(sandbox.issue_token("auth0|ada"), encoding="utf-8-sig")
    assert info("--token-file", str(path)).returncode == 0


def test_a_dash_reads_the_token_from_standard_input(info, sandbox):
    done = info("--token-file", "-", stdin=sandbox.issue_token("auth0|boss") + "\n")
    assert "sub: auth0|boss" in done.stdout.splitlines()


def test_the_expected_subject_is_accepted(info):
    assert info("--expect-subject", "auth0|ada").returncode == 0


def test_the_profile_of_someone_else_is_not_printed(info):
    done = info("--expect-subject", "auth0|boss")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "usersmanager: error: the profile has another subject than expected: do not use it\n"
    )


def test_http_to_another_host_needs_allow_insecure(info, sandbox):
    # 0.0.0.0 is this machine, but no loopback address.
    base_url = sandbox.base_url.replace("127.0.0.1", "0.0.0.0")
    assert info("--base-url", base_url).returncode == 2
    assert info("--base-url", base_url, "--allow-insecure").returncode == 0


CLAIMS = {
    "name": "\x1b[2J\x1b]0;owned\x07Ada\r\nsub: auth0|root",
    "https://example.com/\x1b[31mroles": ["\x9b31m", {"a": "\x7f"}],
    "nickname": "\u202egnp.exe\u2028",
    "locale": "[red]en[/red] :smile:",
}


@pytest.fixture
def hostile(sandbox):
    sandbox.add_user("auth0|ada", **CLAIMS)


@pytest.mark.usefixtures("hostile")
def test_in_a_pipe_control_characters_of_claims_are_escaped(info):
    lines = info().stdout.removesuffix("\n").split("\n")
    assert all(line.isprintable() for line in lines)
    assert lines == [
        "sub: auth0|ada",
        r"name: \x1b[2J\x1b]0;owned\x07Ada\r\nsub: auth0|root",
        r'https://example.com/\x1b[31mroles: ["\x9b31m", {"a": "\x7f"}]',
        r"nickname: \u202egnp.exe\u2028",
        "locale: [red]en[/red] :smile:",
    ]


@pytest.mark.usefixtures("hostile")
def test_json_escapes_control_characters_and_keeps_them(info):
    printed = info("--json").stdout
    assert re.fullmatch(r"[\n\x20-\x7e]+", printed)
    assert json.loads(printed) == {"sub": "auth0|ada", **CLAIMS}


@pytest.mark.usefixtures("hostile")
def test_on_a_terminal_neither_control_characters_nor_markup_of_claims_act(terminal, sandbox):
    shown = terminal(
        "info",
        USERSMANAGER_BASE_URL=sandbox.base_url,
        USERSMANAGER_TOKEN=sandbox.issue_token("auth0|ada"),
    )
    text = re.sub(r"\x1b\[[0-9;]*m|\r\n", "", shown)  # Our own modes and line ends.
    assert text.isprintable()
    assert "\x1b[31m" not in shown
    assert "[red]en[/red] :smile:" in text


def test_a_claim_that_the_encoding_lacks_is_shown_escaped(info, sandbox):
    sandbox.add_user("auth0|ada", name="Ada \u5b57")
    done = info(PYTHONIOENCODING="latin-1")
    assert done.stdout == "sub: auth0|ada\nname: Ada \\u5b57\n"


def test_a_pipe_has_no_mode_even_if_it_is_forced(info):
    assert info(FORCE_COLOR="1").stdout.startswith("sub: auth0|ada\n")
