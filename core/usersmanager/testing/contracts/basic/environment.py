"""Basic cases: redirects, cookies, and settings of the environment, which must be ignored."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from ...fault_server import FaultServer, profile
from ..cases import Contract, make_request
from ..scripts import answering

__all__ = ["EnvironmentCases"]

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")


class EnvironmentCases(Contract):
    """Redirects, cookies, and settings of the environment, which must be ignored."""

    def test_a_redirect_is_not_followed(self) -> None:
        with FaultServer() as elsewhere:
            for status in (301, 302, 303, 307, 308):
                location = f"Location: {elsewhere.origin}/userinfo\r\n"
                head = f"HTTP/1.1 {status} Elsewhere\r\n{location}Content-Length: 0\r\n\r\n"
                for idempotent in (True, False):
                    script = answering(head.encode())
                    with FaultServer(script) as server, self.client() as client:
                        response = client.send(make_request(server, idempotent=idempotent))
                        assert elsewhere.connections == 0, f"a {status} must not be followed"
                        assert response.status == status, f"a {status} must be returned"
                        assert len(server.requests) == 1, f"a {status} must not be followed"

    def test_cookies_are_not_kept(self) -> None:
        # Cookie jars ignore IP addresses, so use a host name.
        cookie = "Set-Cookie: session=alice; Path=/\r\n"
        script = answering(profile("alice", headers=cookie))
        with FaultServer(script, host="localhost") as server, self.client() as client:
            for token in ("alice", "bob"):
                client.send(make_request(server, token))
        for request in server.requests:
            assert b"cookie" not in request.lower(), "a transport must not keep cookies"

    def test_proxies_of_the_environment_are_not_used(self) -> None:
        with FaultServer() as proxy:
            variables = dict.fromkeys(PROXY_VARIABLES, proxy.origin) | {"no_proxy": ""}
            variables |= {name.upper(): value for name, value in variables.items()}
            with (
                mock.patch.dict(os.environ, variables),
                FaultServer(host="localhost") as server,
                self.client() as client,
                contextlib.suppress(Exception),
            ):
                client.send(make_request(server))
            assert proxy.connections == 0, "proxies of the environment must not be used"
            assert len(server.requests) == 1, "a request must be sent to its origin"

    def test_credentials_of_a_netrc_file_are_not_used(self) -> None:
        with _netrc(), FaultServer(host="localhost") as server, self.client() as client:
            client.send(make_request(server, "mine"))
            client.send(make_request(server, ""))
        with_token, without_token = (request.lower() for request in server.requests)
        assert b"\r\nauthorization: bearer mine\r\n" in with_token, (
            "credentials of a netrc file must not replace the token"
        )
        assert b"authorization" not in without_token, "credentials of a netrc file must not be sent"


@contextlib.contextmanager
def _netrc() -> Iterator[None]:
    """Set NETRC to a file with credentials for every host."""
    with tempfile.TemporaryDirectory() as folder:
        netrc = Path(folder, "netrc")
        netrc.write_text("default login attacker password secret\n")
        netrc.chmod(0o600)
        with mock.patch.dict(os.environ, {"NETRC": str(netrc)}):
            yield
