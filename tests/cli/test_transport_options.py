"""--proxy and --cacert, with real proxies and real TLS servers."""

from __future__ import annotations

import pytest
from tests.transports.servers import tunnel

from usersmanager.testing import FaultServer
from usersmanager.testing.certificates import authority, new_authority, server_context
from usersmanager.testing.fault_server import echo

TRANSPORTS = pytest.mark.parametrize("transport", ["urllib3", "aiohttp", "native"])
# Its hooks take no arguments.
PLAIN_TRANSPORT = """
from usersmanager.testing import FakeTransport
from usersmanager.transports import hookimpl

class Plugin:
    @hookimpl
    def usersmanager_transport(self):
        return FakeTransport().profile("mine")
"""
LEAKING_TRANSPORT = """
from usersmanager.transports import hookimpl

class Plugin:
    @hookimpl
    def usersmanager_transport(self, proxy):
        raise ValueError(f"bad proxy: {proxy}")
"""


@pytest.fixture
def info(command):
    """Runs `info` with the token "mine", which the servers echo as the subject."""

    def info(*arguments):
        return command("info", *arguments, USERSMANAGER_TOKEN="mine")

    return info


@pytest.fixture
def cacert(tmp_path):
    """The path of a file with the authority of the TLS servers."""
    path = tmp_path / "authority.pem"
    authority().cert_pem.write_to_path(path)
    return str(path)


def with_password(proxy):
    return proxy.origin.replace("://", "://us%40er:hush@")


@TRANSPORTS
def test_a_request_to_a_plain_origin_goes_through_the_proxy(info, transport):
    with FaultServer() as proxy:
        result = info(
            *("--base-url", "http://id.example:8080", "--allow-insecure"),
            *("--proxy", with_password(proxy), "--transport", transport),
        )
    assert (result.returncode, result.stdout, result.stderr) == (0, "sub: mine\n", "")
    assert proxy.requests[0].startswith(b"GET http://id.example:8080/userinfo HTTP/1.1\r\n")
    assert b"\r\nproxy-authorization: basic dxnazxi6ahvzaa==\r\n" in proxy.requests[0].lower()


@TRANSPORTS
def test_a_request_to_a_tls_origin_is_tunnelled_through_the_proxy(info, cacert, transport):
    with (
        FaultServer(ssl_context=server_context(), host="localhost") as server,
        FaultServer(tunnel) as proxy,
    ):
        result = info(
            *("--base-url", server.origin, "--cacert", cacert),
            *("--proxy", with_password(proxy), "--transport", transport),
        )
    assert (result.returncode, result.stdout, result.stderr) == (0, "sub: mine\n", "")
    assert proxy.requests[0].startswith(b"CONNECT localhost:%d HTTP/1.1\r\n" % server.port)
    assert b"\r\nproxy-authorization: basic dxnazxi6ahvzaa==\r\n" in proxy.requests[0].lower()
    assert len(server.requests) == 1


@pytest.mark.parametrize("transport", [(), ("--transport", "aiohttp")])
def test_the_configuration_of_an_issuer_is_fetched_through_the_proxy(info, server, transport):
    server.response = (404, "text/plain", b"")
    with FaultServer(echo) as proxy:
        result = info(
            *("--issuer", "http://id.example", "--allow-insecure", "--no-plugin", "retry"),
            *("--proxy", proxy.origin, *transport),
        )
    assert result.returncode == 3
    head = proxy.requests[0].partition(b" HTTP/1.1")[0]
    assert head == b"GET http://id.example/.well-known/openid-configuration"


@TRANSPORTS
def test_the_authority_in_the_file_is_trusted(info, cacert, transport):
    with FaultServer(ssl_context=server_context(), host="localhost") as server:
        arguments = ("--base-url", server.origin, "--transport", transport)
        trusted = info(*arguments, "--cacert", cacert)
        untrusted = info(*arguments, "--no-plugin", "retry")
    assert (trusted.returncode, trusted.stdout, trusted.stderr) == (0, "sub: mine\n", "")
    assert (untrusted.returncode, untrusted.stdout) == (3, "")
    assert len(server.requests) == 1


@TRANSPORTS
def test_the_file_replaces_the_authorities_of_the_system(
    info, cacert, tmp_path, monkeypatch, transport
):
    other = tmp_path / "other.pem"
    new_authority().cert_pem.write_to_path(other)
    monkeypatch.setenv("SSL_CERT_FILE", cacert)  # The system trusts the server.
    with FaultServer(ssl_context=server_context(), host="localhost") as server:
        arguments = ("--base-url", server.origin, "--transport", transport)
        result = info(*arguments, "--cacert", str(other), "--no-plugin", "retry")
    assert (result.returncode, result.stdout) == (3, "")
    assert server.requests == []


@TRANSPORTS
def test_a_certificate_must_still_be_for_the_host(info, cacert, transport):
    context = server_context("elsewhere.example")
    with FaultServer(ssl_context=context, host="localhost") as server:
        arguments = ("--base-url", server.origin, "--transport", transport)
        result = info(*arguments, "--cacert", cacert, "--no-plugin", "retry")
    assert (result.returncode, result.stdout) == (3, "")
    assert server.requests == []


@TRANSPORTS
def test_the_password_of_a_proxy_is_never_shown(info, transport):
    with FaultServer() as proxy:
        address = with_password(proxy)
    arguments = ("--no-plugin", "retry", "--transport", transport, "--verbose")
    result = info("--base-url", "https://id.example", "--proxy", address, *arguments)
    assert (result.returncode, result.stdout) == (3, "")
    assert "hush" not in result.stderr


@pytest.mark.parametrize(
    "url", ["", "hush", "proxy:3128", "socks5://u:hush@proxy:1080", "http://u:hush@:1", "http://[h"]
)
def test_what_is_not_the_url_of_a_proxy_is_rejected_without_quoting_it(info, url):
    result = info("--base-url", "https://id.example", "--proxy", url)
    assert (result.returncode, result.stdout) == (2, "")
    assert "--proxy must be a URL such as http://proxy.example:3128" in result.stderr
    assert "hush" not in result.stderr


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        ("", "no certificate in PEM format"),
        ("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n", "no certificate in PEM"),
    ],
)
def test_a_file_without_a_certificate_is_rejected(info, tmp_path, content, reason):
    path = tmp_path / "authority.pem"
    if content is not None:
        path.write_text(content)
    result = info("--base-url", "https://id.example", "--cacert", str(path))
    assert (result.returncode, result.stdout) == (2, "")
    assert "--cacert: cannot use the file: " in result.stderr
    assert reason in result.stderr


def test_a_folder_is_rejected(info, tmp_path):
    result = info("--base-url", "https://id.example", "--cacert", str(tmp_path))
    assert (result.returncode, result.stdout) == (2, "")
    assert "--cacert: cannot use the file: " in result.stderr


def test_a_transport_that_takes_neither_is_rejected_with_the_name_of_the_option(
    info, install, cacert
):
    install("plain", PLAIN_TRANSPORT, group="usersmanager.transports")
    arguments = ("--base-url", "https://id.example", "--transport", "plain")
    for option, value in (("--proxy", "http://u:hush@proxy:1"), ("--cacert", cacert)):
        result = info(*arguments, option, value)
        assert (result.returncode, result.stdout) == (2, "")
        assert f"transport 'plain' of acme-plain 1.2 can't be used with {option}: " in result.stderr
        assert "hush" not in result.stderr
    assert info(*arguments).stdout == "sub: mine\n"


def test_a_transport_that_fails_does_not_show_the_password(info, install):
    install("leaking", LEAKING_TRANSPORT, group="usersmanager.transports")
    arguments = ("--base-url", "https://id.example", "--transport", "leaking")
    result = info(*arguments, "--proxy", "http://u:hush@proxy:1")
    assert (result.returncode, result.stdout) == (2, "")
    assert "usersmanager_transport of the transport 'leaking' of acme-leaking 1.2" in result.stderr
    assert "hush" not in result.stderr
    assert result.stderr.count("\n") == 1
