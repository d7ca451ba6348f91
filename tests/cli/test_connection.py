"""The way to the API: an address or an issuer, a transport of either mode, the plugins."""

from __future__ import annotations

import json
import socket

import pytest

from usersmanager import ConnectError, TLSError
from usersmanager.cli.unreachable import with_address

NOWHERE = "https://nowhere.invalid"
SAYS_SO = """
from usersmanager.plugins import hookimpl

class Plugin:
    @hookimpl
    def usersmanager_wrap_attempt(self):
        return self.around

    def around(self, request, proceed):
        print(request.headers.get("X-Seen", "nobody"), "before {name}")
        return proceed(request.with_headers({{"X-Seen": "{name}"}}))
"""


@pytest.fixture
def info(command, sandbox):
    """Runs `info` for auth0|ada, without an address."""

    def info(*arguments, **variables):
        known = {"USERSMANAGER_TOKEN": sandbox.issue_token("auth0|ada")}
        return command("info", *arguments, **(known | variables))

    return info


def test_the_address_may_be_a_base_url_or_an_issuer(info, sandbox):
    for option in ("--base-url", "--issuer"):
        done = info(option, sandbox.base_url)
        assert (done.returncode, done.stderr) == (0, ""), option
    for variable in ("USERSMANAGER_BASE_URL", "USERSMANAGER_ISSUER"):
        assert info(**{variable: sandbox.base_url}).returncode == 0, variable


@pytest.mark.parametrize("option", ["--base-url", "--issuer"])
def test_an_address_that_is_typed_stands_above_the_environment(info, sandbox, option):
    there = {"USERSMANAGER_BASE_URL": NOWHERE, "USERSMANAGER_ISSUER": NOWHERE}
    assert info(option, sandbox.base_url, **there).returncode == 0


def test_two_addresses_in_the_environment_are_one_too_many(info):
    done = info(USERSMANAGER_BASE_URL=NOWHERE, USERSMANAGER_ISSUER=NOWHERE)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "usersmanager: error: USERSMANAGER_BASE_URL and USERSMANAGER_ISSUER are both set:"
        " unset one, or give --base-url or --issuer\n"
    )


def test_an_issuer_that_is_not_exactly_the_providers_is_told_how_it_is_written(info, sandbox):
    done = info("--issuer", sandbox.base_url + "/")
    assert (done.returncode, done.stdout) == (3, "")
    assert f"pass exactly '{sandbox.base_url}'" in done.stderr


@pytest.mark.parametrize("transport", ["urllib3", "aiohttp", "httptools"])
@pytest.mark.parametrize("option", ["--base-url", "--issuer"])
def test_a_transport_of_either_mode_is_chosen_by_its_name(info, sandbox, transport, option):
    done = info(option, sandbox.base_url, "--transport", transport)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("sub: auth0|ada\n")


def test_an_asyncio_transport_carries_an_impersonation_too(command, sandbox):
    done = command(
        *("impersonate", "auth0|ada", "--client-id=sandbox-client", "--impersonator=auth0|boss"),
        *("--transport", "aiohttp", "--base-url", sandbox.base_url),
        USERSMANAGER_API_TOKEN=sandbox.issue_api_token(),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{sandbox.base_url}/login/impersonated/")


def test_a_plugin_that_is_named_comes_before_those_that_are_found(info, sandbox, install):
    for name in ("alpha", "beta"):
        path = install(name, SAYS_SO.format(name=name))
    there = {"PYTHONPATH": path, "USERSMANAGER_BASE_URL": sandbox.base_url}
    assert info(**there).stdout.startswith("nobody before alpha\nalpha before beta\nsub: ")
    done = info("--plugin", "beta", **there)
    assert done.stdout.startswith("nobody before beta\nbeta before alpha\nsub: ")
    done = info("--plugin", "beta", "--plugin", "alpha", **there)
    assert done.stdout.startswith("nobody before beta\nbeta before alpha\nsub: ")


def test_a_plugin_is_left_out_by_its_name(info, sandbox):
    sandbox.fail_next(503)
    done = info("--base-url", sandbox.base_url, "--no-plugin", "retry")
    assert (done.returncode, done.stdout) == (1, "")
    assert [status for *_, status in sandbox.requests] == [503]


def test_a_plugin_that_is_left_out_is_not_even_imported(info, sandbox, install):
    path = install("broken", "raise ImportError")
    done = info("--base-url", sandbox.base_url, "--no-plugin", "broken", PYTHONPATH=path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("transport", ["urllib3", "aiohttp", "httptools"])
@pytest.mark.parametrize("option", ["--base-url", "--issuer"])
def test_a_connection_that_fails_is_told_with_its_address(info, transport, option):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # Bound, but not listening.
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        done = info(option, f"{address}/realm", "--timeout", "1", "--transport", transport)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        f"usersmanager: error: can't connect to {address}: the connection was refused\n"
    )


@pytest.mark.parametrize(
    ("error", "address", "told"),
    [
        (
            ConnectError("no such host"),
            "https://Tenant.example:443/x",
            "can't connect to https://tenant.example: no such host",
        ),
        (
            ConnectError("refused"),
            "http://intranet:8080",
            "can't connect to http://intranet:8080: refused",
        ),
        (
            TLSError("untrusted"),
            "https://tenant.example/",
            "can't connect to https://tenant.example: untrusted",
        ),
        (
            TLSError("untrusted"),
            "https://[::1]:8443",
            "can't connect to https://[::1]:8443: untrusted"
            " (if port 8443 speaks plain http, write http://)",
        ),
    ],
)
def test_the_address_is_told_without_its_path_and_the_hint_for_a_port_of_its_own(
    error, address, told
):
    assert str(with_address(error, address)) == told


def test_an_endpoint_that_the_provider_names_is_not_told_as_the_issuers(info, server):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}/me"
        configuration = {"issuer": server.base_url, "userinfo_endpoint": endpoint}
        server.answer = (200, "application/json", json.dumps(configuration).encode())
        done = info("--issuer", server.base_url, "--no-plugin", "retry")
    assert (done.returncode, done.stderr) == (
        3,
        "usersmanager: error: the connection was refused\n",
    )


def test_an_http_endpoint_is_refused_with_the_option_that_permits_it(info, server):
    configuration = {"issuer": server.base_url, "userinfo_endpoint": "http://api.example/me"}
    server.answer = (200, "application/json", json.dumps(configuration).encode())
    done = info("--issuer", server.base_url)
    assert (done.returncode, done.stdout) == (3, "")
    assert "is http, not https" in done.stderr
    assert "(--allow-insecure permits it)" in done.stderr


@pytest.mark.parametrize("transport", ["urllib3", "aiohttp", "httptools"])
def test_tls_on_a_plain_port_is_told_to_try_http(info, server, transport):
    address = server.base_url.replace("http:", "https:")
    done = info("--base-url", address, "--transport", transport)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(f"usersmanager: error: can't connect to {address}: the TLS ")
    assert done.stderr.endswith(
        f" (if port {server.server_port} speaks plain http, write http://)\n"
    )
