"""The headers plugin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tenacity import wait_none

from usersmanager import ArgumentError, Response, __version__
from usersmanager.testing import FakeTransport
from usersmanager_headers import Headers
from usersmanager_retry import Retry

Fetch = Callable[..., Any]


def test_the_user_agent_is_set_by_default(fetch: Fetch, fake: FakeTransport) -> None:
    fake.profile("u")
    fetch(discover=["headers"])
    assert (
        fake.requests[0].headers["User-Agent"].startswith(f"usersmanager/{__version__} python/3.")
    )


@pytest.mark.parametrize("source", ["constructor", "plugin", "callable"])
def test_a_custom_user_agent_overrides_the_default(
    fetch: Fetch, fake: FakeTransport, source: str
) -> None:
    fake.profile("u")
    mine = {"user-agent": "mine"}
    settings: dict[str, Any] = {
        "constructor": {"headers": mine, "plugins": [Headers()]},
        "plugin": {"plugins": [Headers(mine)]},
        "callable": {"plugins": [Headers(lambda request: mine)]},
    }[source]
    fetch(**settings)
    assert fake.requests[0].headers.getall("User-Agent") == ["mine"]


def test_fixed_fields_are_sent_and_the_mapping_is_copied(fetch: Fetch, fake: FakeTransport) -> None:
    fake.profile("u")
    mine = {"X-Service": "billing"}
    plugin = Headers(mine)
    mine["X-Service"] = "changed"
    fetch(plugins=[plugin])
    assert fake.requests[0].headers["X-Service"] == "billing"


def test_a_function_is_called_for_each_attempt(fetch: Fetch, fake: FakeTransport) -> None:
    fake.add(Response(503)).profile("u")
    numbers = Headers(lambda request: {"X-Attempt": str(request.attempt)})
    fetch(plugins=[Retry(wait=wait_none()), numbers])
    assert [request.headers["X-Attempt"] for request in fake.requests] == ["1", "2"]


@pytest.mark.parametrize("name", ["Authorization", "host", "Cookie", "Content-Length"])
def test_a_reserved_field_is_rejected_by_the_constructor(name: str) -> None:
    with pytest.raises(ArgumentError, match="can only be set by the client") as caught:
        Headers({name: "hush"})
    assert "hush" not in str(caught.value)
    # The first frame is that of this test.
    assert all("hush" not in str(entry.frame.f_locals) for entry in caught.traceback[1:])


@pytest.mark.parametrize("name", ["Authorization", "Cookie"])
def test_a_reserved_field_of_a_function_is_rejected_at_the_call(
    fetch: Fetch, fake: FakeTransport, name: str
) -> None:
    with pytest.raises(ArgumentError, match="can only be set by the client") as caught:
        fetch(plugins=[Headers(lambda request: {name: "hush"})])
    assert "hush" not in str(caught.value)
    assert fake.requests == []


@pytest.mark.parametrize(
    ("fields", "same"),
    [
        ({"X-A": "1", "X-B": "2"}, True),
        ({"x-b": "2", "x-a": "1"}, True),
        ({"X-A": "1", "X-B": "2", "User-Agent": "mine"}, True),
        ({"X-A": "1", "X-B": "3"}, False),
        ({"X-A": "2", "X-B": "1"}, False),
        ({"X-A": "1"}, False),
        ({}, False),
    ],
)
def test_the_variant_tells_fixed_fields_apart(
    fetch: Fetch, fake: FakeTransport, fields: dict[str, str], same: bool
) -> None:
    for plugin in (Headers({"X-A": "1", "X-B": "2"}), Headers(fields)):
        fake.profile("u")
        fetch(plugins=[plugin])
    first, second = (request.call.variant for request in fake.requests)
    assert (first == second) is same
    assert [name for name, _ in first] == ["headers"]


def test_computed_fields_and_no_fields_are_no_variant(fetch: Fetch, fake: FakeTransport) -> None:
    for plugin in (Headers(), Headers({"User-Agent": "mine"}), Headers(lambda request: {})):
        fake.profile("u")
        fetch(plugins=[plugin])
    assert [request.call.variant for request in fake.requests] == [(), (), ()]
