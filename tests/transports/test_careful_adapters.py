"""Careful adapters over four HTTP libraries pass the basic contract, and not the strict one."""

from __future__ import annotations

from typing import Any

import pytest
from tests.transports.careful_adapters import (
    aiohttp_adapter,
    httpx_adapters,
    requests_adapter,
    urllib3_adapter,
)

from usersmanager.testing import (
    AsyncTransportContract,
    StrictAsyncTransportContract,
    StrictTransportContract,
    TransportContract,
)

pytestmark = pytest.mark.slow


class TestUrllib3(TransportContract):
    def transport(self, **settings: Any) -> Any:
        return urllib3_adapter(**settings)


class TestRequests(TransportContract):
    def transport(self, **settings: Any) -> Any:
        return requests_adapter(**settings)


class TestHttpx(TransportContract):
    def transport(self, **settings: Any) -> Any:
        return httpx_adapters()[0](**settings)


class TestHttpxAsync(AsyncTransportContract):
    def transport(self, **settings: Any) -> Any:
        return httpx_adapters()[1](**settings)


class TestAiohttp(AsyncTransportContract):
    def transport(self, **settings: Any) -> Any:
        return aiohttp_adapter(**settings)


@pytest.mark.parametrize(
    ("basic", "strict"),
    [
        (TestUrllib3, StrictTransportContract),
        (TestRequests, StrictTransportContract),
        (TestHttpx, StrictTransportContract),
        (TestHttpxAsync, StrictAsyncTransportContract),
        (TestAiohttp, StrictAsyncTransportContract),
    ],
)
@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("test_a_malformed_header_line_is_a_protocol_error", "must raise ProtocolError"),
        ("test_a_tls_connection_is_reused", "must be reused"),
    ],
)
def test_they_fail_cases_of_the_strict_contract(
    basic: type[Any], strict: type[Any], name: str, rule: str
) -> None:
    contract = type("TestStrict", (strict,), {"transport": basic.transport})()
    with pytest.raises(AssertionError, match=rule):
        getattr(contract, name)()
