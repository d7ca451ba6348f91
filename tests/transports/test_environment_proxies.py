"""Proxies of the environment, with `trust_env=True`: read once, as the standard library does."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
from tests.transports.calls import TRANSPORTS, Outcome, call

from usersmanager import ArgumentError, ConnectError
from usersmanager.plugins import Secret
from usersmanager.testing import FaultServer, echo
from usersmanager.testing.contracts.scripts import answering
from usersmanager.transports.http1.proxies import Proxies

EVERY_TRANSPORT = pytest.mark.parametrize("transport", TRANSPORTS)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment, without proxies."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def fetch(transport: str, url: str = "http://id.example", **settings: Any) -> Outcome:
    return call(transport, "get_info", url, trust_env=True, **settings)


@EVERY_TRANSPORT
@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY"])
def test_a_proxy_of_the_environment_is_used(
    transport: str, name: str, environment: pytest.MonkeyPatch
) -> None:
    with FaultServer(echo) as proxy:
        address = proxy.origin.replace("://", "://us%40er:pass@")
        environment.setenv(name, address)
        assert fetch(transport).error is None
    assert proxy.requests[0].startswith(b"GET http://id.example/userinfo HTTP/1.1\r\n")
    assert b"\r\nProxy-Authorization: Basic dXNAZXI6cGFzcw==\r\n" in proxy.requests[0]


def proxy_for(proxies: Proxies, origin: str) -> str | None:
    proxy = proxies.for_origin(origin)
    return None if proxy is None else proxy.origin


def test_each_scheme_has_its_own_proxy(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("https_proxy", "http://proxy.example")
    proxies = Proxies(Secret(None), trust_env=True)
    assert proxy_for(proxies, "https://id.example") == "http://proxy.example"
    assert proxy_for(proxies, "http://id.example") is None


@EVERY_TRANSPORT
def test_the_proxy_for_https_is_asked_for_a_tunnel(
    transport: str, environment: pytest.MonkeyPatch
) -> None:
    with FaultServer(answering(b"HTTP/1.1 403 No\r\n\r\n")) as proxy:
        environment.setenv("https_proxy", proxy.origin)
        outcome = fetch(transport, "https://id.example")
        assert proxy.requests[0].startswith(b"CONNECT id.example:443 ")
    assert isinstance(outcome.error, ConnectError)
    assert outcome.error.proxy_status == 403


@pytest.mark.parametrize("exceptions", ["*", "id.example", "a.example, id.example:81", "example"])
def test_an_exception_is_reached_without_the_proxy(
    exceptions: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("http_proxy", "http://proxy.example")
    environment.setenv("no_proxy", exceptions)
    proxies = Proxies(Secret(None), trust_env=True)
    assert proxy_for(proxies, "http://id.example:81") is None
    assert (proxy_for(proxies, "http://id.test") is None) == (exceptions == "*")


@EVERY_TRANSPORT
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "tenant.localhost"])
def test_loopback_is_always_reached_without_the_proxy(
    transport: str, host: str, environment: pytest.MonkeyPatch
) -> None:
    with FaultServer() as server, FaultServer(echo) as proxy:
        environment.setenv("http_proxy", proxy.origin)
        assert fetch(transport, f"http://{host}:{server.port}").error is None
        assert (server.connections, proxy.connections) == (1, 0)


def test_the_environment_is_read_once(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("http_proxy", "http://proxy.example")
    proxies = Proxies(Secret(None), trust_env=True)
    environment.setenv("http_proxy", "http://another.example")
    environment.setenv("no_proxy", "*")
    assert proxy_for(proxies, "http://id.example") == "http://proxy.example"


@EVERY_TRANSPORT
def test_an_explicit_proxy_takes_precedence_also_over_the_exceptions(
    transport: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("http_proxy", "http://proxy.invalid")
    environment.setenv("no_proxy", "*")
    with FaultServer(echo) as proxy:
        assert fetch(transport, proxy=proxy.origin).error is None
        assert proxy.connections == 1


@EVERY_TRANSPORT
def test_the_environment_is_not_read_unless_it_is_trusted(
    transport: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("http_proxy", "socks5://user:hush@proxy")
    with FaultServer() as server:
        assert call(transport, "get_info", server.origin).error is None


@EVERY_TRANSPORT
def test_a_proxy_without_a_scheme_is_http(transport: str, environment: pytest.MonkeyPatch) -> None:
    with FaultServer(echo) as proxy:
        environment.setenv("http_proxy", proxy.origin.removeprefix("http://"))
        assert fetch(transport).error is None
        assert proxy.connections == 1


@EVERY_TRANSPORT
@pytest.mark.parametrize("url", ["socks5://user:hush@proxy", "http://a%3Auser:hush@proxy"])
def test_a_bad_url_is_an_error_that_names_the_variable_and_does_not_show_its_value(
    transport: str, url: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("HTTPS_PROXY", url)
    with pytest.raises(ArgumentError, match="https_proxy") as caught:
        TRANSPORTS[transport][1](trust_env=True)
    rendered = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    library = [frame for frame in rendered.stack if frame.filename != __file__]
    assert caught.value.__context__ is None
    assert "hush" not in repr([frame.locals for frame in library]) + str(caught.value)


def test_a_cgi_program_ignores_the_variable_that_a_client_can_set(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("HTTP_PROXY", "http://proxy.example")
    environment.setenv("REQUEST_METHOD", "GET")
    assert proxy_for(Proxies(Secret(None), trust_env=True), "http://id.example") is None
