"""`usersmanager impersonate`."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request

import pytest

AS_ADA = ("impersonate", "auth0|ada", "--client-id", "sandbox-client", "--impersonator")
# Elsewhere there is always a browser, and these tests would open it.
NEEDS_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="a browser can't be kept away")


@pytest.fixture
def impersonate(command, sandbox):
    """Runs `impersonate`, as auth0|boss for auth0|ada."""

    def impersonate(*arguments, **variables):
        known = {
            "USERSMANAGER_BASE_URL": sandbox.base_url,
            "USERSMANAGER_API_TOKEN": sandbox.issue_api_token(),
        }
        return command(*AS_ADA, "auth0|boss", *arguments, **(known | variables))

    return impersonate


def opened(link: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(link, timeout=10) as page:
        return page.read().decode()


def test_the_link_alone_is_printed_and_it_logs_in_once(impersonate):
    done = impersonate()
    assert (done.returncode, done.stderr) == (0, "")
    link = done.stdout.removesuffix("\n")
    assert "Logged in as Ada<" in opened(link)
    with pytest.raises(urllib.error.HTTPError, match="403") as refusal:
        opened(link)
    refusal.value.close()


def test_the_api_token_may_come_from_standard_input(impersonate, sandbox):
    done = impersonate(
        "--token-file", "-", stdin=sandbox.issue_api_token() + "\n", USERSMANAGER_API_TOKEN=""
    )
    assert done.returncode == 0


def test_the_access_token_of_info_is_not_taken(impersonate):
    done = impersonate(USERSMANAGER_API_TOKEN="", USERSMANAGER_TOKEN="of-a-user")
    assert done.returncode == 2
    assert "set USERSMANAGER_API_TOKEN" in done.stderr


def test_everything_is_sent_but_the_token_is_not_in_the_body(impersonate, server):
    server.answer = (200, "text/plain", b"https://tenant.example/login?ticket=1")
    done = impersonate(
        "--base-url",
        server.base_url,
        "--protocol",
        "samlp",
        "--param",
        "scope=openid profile",
        "--param",
        "state=a=b",
        "--param",
        "empty=",
        USERSMANAGER_API_TOKEN="api-token",
    )
    assert done.stdout == "https://tenant.example/login?ticket=1\n"
    assert [json.loads(body) for body in server.bodies] == [
        {
            "client_id": "sandbox-client",
            "impersonator_id": "auth0|boss",
            "protocol": "samlp",
            "additionalParameters": {"scope": "openid profile", "state": "a=b", "empty": ""},
        }
    ]


def test_without_parameters_none_are_sent(impersonate, server):
    impersonate("--base-url", server.base_url)
    assert "additionalParameters" not in json.loads(server.bodies[0])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (["--param", "secret"], "--param needs NAME=VALUE"),
        (["--param", "=secret"], "--param needs NAME=VALUE"),
        (["--param", "a=secret", "--param", "a=secret"], "--param gives a name twice"),
    ],
)
def test_a_malformed_parameter_is_refused_without_showing_it(impersonate, parameters, message):
    done = impersonate(*parameters)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"usersmanager: error: {message}\n"


def test_a_user_who_is_not_there_is_an_api_error(command, sandbox):
    done = command(
        "impersonate",
        "auth0|nobody",
        "--client-id=sandbox-client",
        "--impersonator=auth0|boss",
        USERSMANAGER_BASE_URL=sandbox.base_url,
        USERSMANAGER_API_TOKEN=sandbox.issue_api_token(),
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "usersmanager: error: impersonate failed with 404 Not Found: not_found:"
        " There is no such user\n"
    )


@pytest.fixture
def browser(tmp_path):
    """Makes a browser that ends with an exit code: its command, and where it puts its link."""

    def browser(exit_code):
        script = tmp_path / "browser.py"
        script.write_text(
            "import pathlib, sys\n"
            "pathlib.Path(__file__).with_name('opened').write_text(sys.argv[1])\n"
            f"sys.exit({exit_code})\n"
        )
        return f"{sys.executable} {script} %s", tmp_path / "opened"

    return browser


@NEEDS_LINUX
def test_with_open_the_link_goes_to_the_browser_and_is_not_printed(impersonate, browser):
    command, seen = browser(0)
    done = impersonate("--open", BROWSER=command)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "Logged in as Ada<" in opened(seen.read_text())


@NEEDS_LINUX
def test_a_browser_that_fails_is_one_line_that_says_how_to_see_a_link(impersonate, browser):
    command, seen = browser(1)
    done = impersonate("--open", BROWSER=command, PATH="", DISPLAY="")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "usersmanager: error: the browser did not open the link: leave --open out, and a new link"
        " is printed\n"
    )
    assert seen.read_text() not in done.stderr


@NEEDS_LINUX
def test_where_there_is_no_browser_no_link_is_made(impersonate, sandbox):
    done = impersonate("--open", BROWSER="", PATH="", DISPLAY="", WAYLAND_DISPLAY="")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("usersmanager: error: there is no browser here: leave --open out")
    assert sandbox.requests == []
