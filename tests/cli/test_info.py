"""`usersmanager info`."""

from __future__ import annotations

import json
import re

import pytest


@pytest.fixture
def info(command, ada):
    """Runs `info` for auth0|ada."""
    return lambda *arguments, **options: command("info", *arguments, **(ada | options))


def test_a_profile_on_a_pipe_is_one_plain_line_per_claim(info):
    result = info()
    assert result.stdout == (
        "sub: auth0|ada\nname: Ada\nemail: ada@example.com\nemail_verified: true\n"
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_json_is_the_profile_as_one_object(info):
    assert json.loads(info("--json").stdout) == {
        "sub": "auth0|ada",
        "name": "Ada",
        "email": "ada@example.com",
        "email_verified": True,
    }


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_token_file_may_end_in_one_newline_and_overrides_the_environment(
    info, sandbox, tmp_path, ending
):
    path = tmp_path / "token"
    path.write_bytes(f"{sandbox.issue_token('auth0|boss')}{ending}".encode())
    assert "sub: auth0|boss" in info("--token-file", str(path)).stdout.splitlines()


def test_a_token_file_may_begin_with_a_byte_order_mark(info, sandbox, tmp_path):
    path = tmp_path / "token"
    path.write_text(sandbox.issue_token("auth0|ada"), encoding="utf-8-sig")
    assert info("--token-file", str(path)).returncode == 0


def test_a_dash_reads_the_token_from_stdin(info, sandbox):
    result = info("--token-file", "-", stdin=sandbox.issue_token("auth0|boss") + "\n")
    assert "sub: auth0|boss" in result.stdout.splitlines()


def test_the_expected_subject_is_accepted(info):
    assert info("--expect-subject", "auth0|ada").returncode == 0


def test_the_profile_of_another_subject_is_not_printed(info):
    result = info("--expect-subject", "auth0|boss")
    assert (result.returncode, result.stdout) == (3, "")
    assert "subject" in result.stderr


def test_http_to_another_host_needs_allow_insecure(info, sandbox):
    # 0.0.0.0 is this machine, but not a loopback address.
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
def hostile_claims(sandbox):
    sandbox.add_user("auth0|ada", **CLAIMS)


@pytest.mark.usefixtures("hostile_claims")
def test_control_characters_of_claims_are_escaped_on_a_pipe(info):
    lines = info().stdout.removesuffix("\n").split("\n")
    assert all(line.isprintable() for line in lines)
    assert lines == [
        "sub: auth0|ada",
        r"name: \x1b[2J\x1b]0;owned\x07Ada\r\nsub: auth0|root",
        r'https://example.com/\x1b[31mroles: ["\x9b31m", {"a": "\x7f"}]',
        r"nickname: \u202egnp.exe\u2028",
        "locale: [red]en[/red] :smile:",
    ]


@pytest.mark.usefixtures("hostile_claims")
def test_control_characters_of_claims_are_escaped_in_json(info):
    text = info("--json").stdout
    assert re.fullmatch(r"[\n\x20-\x7e]+", text)
    assert json.loads(text) == {"sub": "auth0|ada", **CLAIMS}


@pytest.mark.usefixtures("hostile_claims")
def test_control_characters_and_markup_of_claims_have_no_effect_on_a_terminal(terminal, ada):
    output = terminal("info", **ada)
    text = re.sub(r"\x1b\[[0-9;]*m|\n", "", output)  # Styles and line ends of the table.
    assert text.isprintable()
    assert "\x1b[31m" not in output
    assert "[red]en[/red] :smile:" in text


def test_a_claim_that_the_encoding_lacks_is_escaped(info, sandbox):
    sandbox.add_user("auth0|ada", name="Ada \u5b57")
    assert info(encoding="latin-1").stdout == "sub: auth0|ada\nname: Ada \\u5b57\n"


def test_force_color_has_no_effect_on_a_pipe(info):
    assert info(FORCE_COLOR="1").stdout.startswith("sub: auth0|ada\n")
