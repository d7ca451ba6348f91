"""`usersmanager impersonate`."""

from __future__ import annotations

import json
import sys

import pytest
from tests.support import browse


@pytest.fixture
def impersonate(command, sandbox):
    """Runs `impersonate` for auth0|ada, as auth0|boss."""

    def impersonate(*arguments, user_id="auth0|ada", **variables):
        defaults = {
            "USERSMANAGER_BASE_URL": sandbox.base_url,
            "USERSMANAGER_API_TOKEN": sandbox.issue_api_token(),
        }
        return command(
            *("impersonate", user_id, "--client-id", "sandbox-client"),
            *("--impersonator", "auth0|boss", *arguments),
            **(defaults | variables),
        )

    return impersonate


def test_only_the_link_is_printed_and_it_works_once(impersonate):
    result = impersonate()
    assert (result.returncode, result.stderr) == (0, "")
    link = result.stdout.removesuffix("\n")
    assert "Logged in as Ada<" in browse(link).text
    assert browse(link).status == 403


def test_json_is_an_object_with_the_link(impersonate):
    result = impersonate("--json")
    assert (result.returncode, result.stderr) == (0, "")
    document = json.loads(result.stdout)
    assert list(document) == ["link"]
    assert "Logged in as Ada<" in browse(document["link"]).text


def test_the_api_token_may_come_from_stdin(impersonate, sandbox):
    token = sandbox.issue_api_token() + "\n"
    result = impersonate("--token-file", "-", stdin=token, USERSMANAGER_API_TOKEN="")
    assert result.returncode == 0


def test_the_access_token_of_info_is_not_used(impersonate):
    result = impersonate(USERSMANAGER_API_TOKEN="", USERSMANAGER_TOKEN="of-a-user")
    assert result.returncode == 2
    assert "USERSMANAGER_API_TOKEN" in result.stderr


def test_all_settings_are_sent_and_the_token_is_not_in_the_body(impersonate, server):
    server.response = (200, "text/plain", b"https://tenant.example/login?ticket=1")
    result = impersonate(
        *("--base-url", server.base_url, "--protocol", "samlp"),
        *("--param", "scope=openid profile", "--param", "state=a=b", "--param", "empty="),
        USERSMANAGER_API_TOKEN="api-token",
    )
    assert result.stdout == "https://tenant.example/login?ticket=1\n"
    assert [json.loads(body) for body in server.bodies] == [
        {
            "client_id": "sandbox-client",
            "impersonator_id": "auth0|boss",
            "protocol": "samlp",
            "additionalParameters": {"scope": "openid profile", "state": "a=b", "empty": ""},
        }
    ]


def test_additional_parameters_are_not_sent_by_default(impersonate, server):
    impersonate("--base-url", server.base_url)
    assert "additionalParameters" not in json.loads(server.bodies[0])


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        (["--param", "secret"], "NAME=VALUE"),
        (["--param", "=secret"], "NAME=VALUE"),
        (["--param", "a=secret", "--param", "a=secret"], "twice"),
    ],
)
def test_a_malformed_parameter_is_rejected_and_not_shown(impersonate, parameters, problem):
    result = impersonate(*parameters)
    assert (result.returncode, result.stdout) == (2, "")
    assert "--param" in result.stderr
    assert problem in result.stderr
    assert "secret" not in result.stderr


def test_an_unknown_user_is_an_api_error(impersonate):
    result = impersonate(user_id="auth0|nobody")
    assert (result.returncode, result.stdout) == (1, "")
    assert "404" in result.stderr


class Browser:
    """A browser that records the links it is asked to open."""

    def __init__(self):
        self.works = True
        self.links = []

    def open(self, link, new=0, autoraise=True):
        self.links.append(link)
        return self.works


@pytest.fixture
def browser(monkeypatch):
    """The only browser of this machine."""
    browser = Browser()
    monkeypatch.setattr("webbrowser._tryorder", ["test"])
    monkeypatch.setattr("webbrowser._browsers", {"test": [None, browser]})
    return browser


def test_open_passes_the_link_to_the_browser_and_does_not_print_it(impersonate, browser):
    result = impersonate("--open")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert ["Logged in as Ada<" in browse(link).text for link in browser.links] == [True]


def test_a_failing_browser_is_an_error_that_tells_how_to_get_a_link(impersonate, browser):
    browser.works = False
    result = impersonate("--open")
    assert (result.returncode, result.stdout) == (3, "")
    assert "without --open" in result.stderr
    assert browser.links[0] not in result.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a browser is always available")
def test_no_link_is_made_if_no_browser_is_available(impersonate, sandbox, monkeypatch):
    # `webbrowser` looks for browsers once per process.
    monkeypatch.setattr("webbrowser._tryorder", None)
    monkeypatch.setattr("webbrowser._browsers", {})
    result = impersonate("--open", BROWSER="", PATH="", DISPLAY="", WAYLAND_DISPLAY="")
    assert (result.returncode, result.stdout) == (3, "")
    assert "without --open" in result.stderr
    assert sandbox.requests == []
