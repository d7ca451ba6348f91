"""A member of an Enum counts as its text, however it would be formatted."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest
from tests.support import TENANT, make_request

from usersmanager import UsersManager
from usersmanager.operations import Operation
from usersmanager.testing import FakeTransport


class Text(str, Enum):  # noqa: UP042 - a StrEnum would be formatted as its value.
    BASE = "https://users.example/api"
    NAME = "ping"
    POST = "POST"
    DPOP = "DPoP"


@pytest.mark.parametrize(
    ("base_url", "settings", "url"),
    [
        (Text.BASE, {}, "https://users.example/api/userinfo"),
        (TENANT, {"endpoints": {"userinfo_endpoint": Text.BASE}}, "https://users.example/api"),
    ],
)
def test_a_member_in_a_url_is_its_text(
    fake: FakeTransport, base_url: str, settings: dict[str, Any], url: str
) -> None:
    with UsersManager(base_url, transport=fake.profile("u"), **settings) as users:
        users.get_info("t")
    assert fake.requests[0].url == url


def test_a_member_in_an_operation_is_its_text(fake: FakeTransport) -> None:
    method: Any = Text.POST
    operation = Operation(Text.NAME, method, path="/ping", read=lambda response: response.status)
    with UsersManager(TENANT, transport=fake.profile("u")) as users:
        users.call(operation)
    request = fake.requests[0]
    assert f"{request.method} {request.operation}" == "POST ping"


def test_a_member_in_a_scheme_is_its_text() -> None:
    request = make_request().with_token("hush", Text.DPOP)
    assert request.headers_to_send()["Authorization"] == "DPoP hush"
