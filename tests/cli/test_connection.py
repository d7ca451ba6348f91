"""The connection options: a base URL or an issuer, a transport, plugins."""

from __future__ import annotations

import json
import signal
import socket
import sys
from contextlib import contextmanager

import pytest

NOWHERE = "https://nowhere.invalid"
TRANSPORTS = pytest.mark.parametrize("transport", ["urllib3", "aiohttp", "native"])
ADDRESS_OPTIONS = pytest.mark.parametrize("option", ["--base-url", "--issuer"])
PRINTING_PLUGIN = """
from usersmanager.plugins import hookimpl

class Plugin:
    @hookimpl
    def usersmanager_wrap_attempt(self, request, proceed):
        print(request.headers.get("X-Outer", "nothing"), "around {name}")
        return proceed(request.with_headers({{"X-Outer": "{name}"}}))
"""


@pytest.fixture
def info(command, sandbox):
    """Runs `info` for auth0|ada, without a base URL."""

    def info(*arguments, **variables):
        token = {"USERSMANAGER_TOKEN": sandbox.issue_token("auth0|ada")}
        return command("info", *arguments, **(token | variables))

    return info


@contextmanager
def closed_port():
    """A port that refuses connections: it is bound, but not listening."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@ADDRESS_OPTIONS
def test_an_option_gives_the_base_url_or_an_issuer(info, sandbox, option):
    result = info(option, sandbox.base_url)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("variable", ["USERSMANAGER_BASE_URL", "USERSMANAGER_ISSUER"])
def test_a_variable_gives_the_base_url_or_an_issuer(info, sandbox, variable):
    assert info(**{variable: sandbox.base_url}).returncode == 0


@ADDRESS_OPTIONS
def test_an_option_overrides_the_environment(info, sandbox, option):
    variables = {"USERSMANAGER_BASE_URL": NOWHERE, "USERSMANAGER_ISSUER": NOWHERE}
    assert info(option, sandbox.base_url, **variables).returncode == 0


def test_a_base_url_and_an_issuer_in_the_environment_are_an_error(info):
    result = info(USERSMANAGER_BASE_URL=NOWHERE, USERSMANAGER_ISSUER=NOWHERE)
    assert (result.returncode, result.stdout) == (2, "")
    assert "USERSMANAGER_BASE_URL and USERSMANAGER_ISSUER are both set" in result.stderr
    assert "--base-url or --issuer" in result.stderr


def test_an_issuer_spelled_differently_is_shown_as_the_provider_spells_it(info, sandbox):
    result = info("--issuer", sandbox.base_url + "/")
    assert (result.returncode, result.stdout) == (3, "")
    assert f"'{sandbox.base_url}'" in result.stderr


@TRANSPORTS
@ADDRESS_OPTIONS
def test_a_sync_or_async_transport_is_selected_by_name(info, sandbox, transport, option):
    result = info(option, sandbox.base_url, "--transport", transport)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("sub: auth0|ada\n")


@TRANSPORTS
def test_a_call_works_in_a_process_that_ignores_interrupts(info, sandbox, transport):
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert info("--base-url", sandbox.base_url, "--transport", transport).returncode == 0
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, handler)


def test_an_impersonation_may_use_an_async_transport(command, sandbox):
    result = command(
        *("impersonate", "auth0|ada", "--client-id=sandbox-client", "--impersonator=auth0|boss"),
        *("--transport", "aiohttp", "--base-url", sandbox.base_url),
        USERSMANAGER_API_TOKEN=sandbox.issue_api_token(),
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"{sandbox.base_url}/login/impersonated/")


def test_named_plugins_come_before_discovered_ones(info, sandbox, install):
    for name in ("alpha", "beta"):
        install(name, PRINTING_PLUGIN.format(name=name))
    alpha_first = "nothing around alpha\nalpha around beta\nsub: "
    beta_first = "nothing around beta\nbeta around alpha\nsub: "
    base_url = ("--base-url", sandbox.base_url)
    assert info(*base_url).stdout.startswith(alpha_first)
    assert info(*base_url, "--plugin", "beta").stdout.startswith(beta_first)
    both = info(*base_url, "--plugin", "beta", "--plugin", "alpha")
    assert both.stdout.startswith(beta_first)


def test_a_plugin_is_left_out_by_name(info, sandbox):
    sandbox.fail_next(503)
    result = info("--base-url", sandbox.base_url, "--no-plugin", "retry")
    assert (result.returncode, result.stdout) == (1, "")
    assert [status for *_, status in sandbox.requests] == [503]


def test_leaving_a_plugin_out_needs_no_extra_of_another(info, sandbox, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("usersmanager_opentelemetry")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry.metrics", None)
    result = info("--base-url", sandbox.base_url, "--no-plugin", "retry")
    assert (result.returncode, result.stderr) == (0, "")


def test_a_plugin_that_is_left_out_is_not_imported(info, sandbox, install):
    install("broken", "raise ImportError")
    result = info("--base-url", sandbox.base_url, "--no-plugin", "broken")
    assert (result.returncode, result.stderr) == (0, "")


@TRANSPORTS
@ADDRESS_OPTIONS
def test_a_failed_connection_is_reported_with_its_address(info, transport, option):
    with closed_port() as port:
        address = f"http://127.0.0.1:{port}"
        arguments = ("--timeout", "1", "--no-plugin", "retry", "--transport", transport)
        result = info(option, f"{address}/realm", *arguments)
    assert (result.returncode, result.stdout) == (3, "")
    assert f"at {address} failed: the connection was refused" in result.stderr


def test_a_failed_connection_to_a_named_endpoint_is_reported_with_its_address(info, server):
    with closed_port() as port:
        endpoint = f"http://127.0.0.1:{port}/me"
        configuration = {"issuer": server.base_url, "userinfo_endpoint": endpoint}
        server.response = (200, "application/json", json.dumps(configuration).encode())
        result = info("--issuer", server.base_url, "--no-plugin", "retry")
    assert result.returncode == 3
    assert f"get_info at http://127.0.0.1:{port} failed: " in result.stderr
    assert server.base_url not in result.stderr


def test_an_http_endpoint_is_rejected_with_the_option_that_allows_it(info, server):
    configuration = {"issuer": server.base_url, "userinfo_endpoint": "http://api.example/me"}
    server.response = (200, "application/json", json.dumps(configuration).encode())
    result = info("--issuer", server.base_url)
    assert (result.returncode, result.stdout) == (3, "")
    assert "--allow-insecure" in result.stderr


@ADDRESS_OPTIONS
def test_the_userinfo_endpoint_and_its_method_are_set_by_options(info, sandbox, option):
    endpoint = f"{sandbox.base_url}/userinfo?v=2"
    result = info(
        *(option, sandbox.base_url, "--userinfo-endpoint", endpoint, "--userinfo-method", "POST")
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert sandbox.requests == [("POST", "/userinfo?v=2", 200)]


@TRANSPORTS
def test_tls_to_a_plain_http_port_has_a_hint(info, server, transport):
    address = server.base_url.replace("http:", "https:")
    result = info("--base-url", address, "--transport", transport)
    assert (result.returncode, result.stdout) == (3, "")
    assert f"get_info at {address} failed: " in result.stderr
    assert "does the server speak plain http?" in result.stderr
