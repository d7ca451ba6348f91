"""Basic cases: TLS."""

from __future__ import annotations

import ssl
from typing import Any

from ....errors import ConnectError, TLSError
from ...certificates import client_context, new_authority, server_context
from ...fault_server import FaultServer
from ..cases import Contract, make_request

__all__ = ["TLSCases"]


class TLSCases(Contract):
    """TLS."""

    def test_a_trusted_certificate_is_accepted(self) -> None:
        with (
            FaultServer(ssl_context=server_context(), host="localhost") as server,
            self.client(ssl_context=client_context()) as client,
        ):
            for token in ("one", "two"):
                rule = "a server with a trusted certificate must be accepted"
                self.assert_own_response(client, server, token, rule=rule)

    def test_an_untrusted_certificate_is_refused(self) -> None:
        self._assert_refused(
            server_context(issuer=new_authority()),
            "a certificate of an authority that the ssl_context does not trust",
            ssl_context=client_context(),
        )
        self._assert_refused(
            server_context(), "a certificate of an authority that the system does not trust"
        )

    def test_a_certificate_for_another_host_is_refused(self) -> None:
        self._assert_refused(
            server_context("elsewhere.example"),
            "a certificate for another host",
            ssl_context=client_context(),
        )

    def _assert_refused(self, context: ssl.SSLContext, fault: str, **settings: Any) -> None:
        with (
            FaultServer(ssl_context=context, host="localhost") as server,
            self.client(**settings) as client,
        ):
            errors = (TLSError, ConnectError)
            self.assert_fails(client, make_request(server), errors, fault, sent=False)
        assert server.requests == [], f"{fault}: nothing may be sent"
