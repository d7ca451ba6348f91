"""The arguments of the constructors and of get_info, and the repr."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest
from tests.support import TENANT

from usersmanager import (
    ArgumentError,
    AsyncUsersManager,
    Request,
    Response,
    SubjectMismatchError,
    UsersManager,
    UsersManagerError,
)
from usersmanager.testing import FakeTransport

Fetch = Callable[..., Any]
ErrorOf = Callable[[Callable[[], object]], UsersManagerError]


def test_the_headers_of_the_constructor_are_sent_with_every_request(
    fetch: Fetch, impersonate: Callable[..., Any], fake: FakeTransport
) -> None:
    fake.profile("u").link("https://t.example/x")
    fetch(headers={"X-Tenant": "7", "accept": "application/json;v=2"})
    impersonate(headers={"X-Tenant": "7"})
    assert [request.headers["X-Tenant"] for request in fake.requests] == ["7", "7"]
    assert fake.requests[0].headers.getall("Accept") == ["application/json;v=2"]


def test_the_mapping_of_headers_is_copied(fake: FakeTransport) -> None:
    mine = {"X-A": "1"}
    with UsersManager(TENANT, headers=mine, transport=fake.profile("u")) as users:
        mine["X-A"] = "2"
        users.get_info("t")
    assert fake.requests[0].headers["X-A"] == "1"


@pytest.mark.parametrize(
    ("arguments", "keyword"),
    [
        ({"headers": {"Authorization": "hush"}}, "can only be set by the client"),
        ({"headers": {"X-A": "a\r\nb"}}, "printable ASCII"),
        ({"headers": {"X-A": 1}}, "must be a str"),
        ({"headers": [("X-A", "1")]}, "must be a mapping"),
        ({"client_id": " "}, "client_id must be"),
        ({"client_id": 7}, "client_id must be"),
        ({"timeout": 0}, "finite number of seconds, more than 0"),
        ({"timeout": -1}, "finite number of seconds, more than 0"),
        ({"timeout": float("nan")}, "finite number of seconds, more than 0"),
        ({"timeout": float("inf")}, "finite number of seconds, more than 0"),
        ({"timeout": None}, "number of seconds"),
        ({"timeout": True}, "number of seconds"),
        ({"timeout": "10"}, "number of seconds"),
    ],
)
@pytest.mark.parametrize("kind", [UsersManager, AsyncUsersManager])
def test_an_invalid_argument_is_rejected_at_construction(
    kind: Any, arguments: Any, keyword: str
) -> None:
    with pytest.raises(ArgumentError) as caught:
        kind(TENANT, **arguments)
    assert keyword in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("timeout", [0, -1, float("inf"), "1", True])
def test_an_invalid_timeout_of_a_call_is_rejected(
    fetch: Fetch, error_of: ErrorOf, timeout: Any
) -> None:
    error = error_of(lambda: fetch(timeout=timeout))
    assert isinstance(error, ArgumentError)
    assert "timeout must be" in str(error)


def test_the_timeout_of_a_call_overrides_that_of_the_constructor(
    fetch: Fetch, fake: FakeTransport
) -> None:
    remaining: list[float] = []

    def record(request: Request) -> Response:
        remaining.append(request.remaining())
        return Response(200, {"Content-Type": "application/json"}, b'{"sub": "u"}')

    fake.add(record, record)
    fetch()
    fetch(timeout=3)
    assert 3 < remaining[0] <= 10
    assert 0 < remaining[1] <= 3


@pytest.mark.parametrize("expected", ["v", "U", "u "])
def test_the_profile_of_another_subject_than_expected_is_an_error(mode: Any, expected: str) -> None:
    call = ("get_info", ("t",), {"expected_subject": expected})
    with pytest.raises(SubjectMismatchError) as caught:
        mode.calls([call], base_url=TENANT, transport=FakeTransport().profile("u"))
    assert caught.value.operation == "get_info"


def test_the_profile_of_the_expected_subject_is_returned(mode: Any) -> None:
    call = ("get_info", ("t",), {"expected_subject": "u"})
    fake = FakeTransport().profile("u")
    assert mode.calls([call], base_url=TENANT, transport=fake) == [{"sub": "u"}]


@pytest.mark.parametrize("bad", ["", " ", 7])
def test_an_invalid_expected_subject_is_rejected(bad: Any) -> None:
    with (
        UsersManager(TENANT, transport=FakeTransport()) as users,
        pytest.raises(ArgumentError, match="expected_subject"),
    ):
        users.get_info("t", expected_subject=bad)


def test_a_failed_construction_leaves_no_warning() -> None:
    with pytest.raises(ArgumentError):
        UsersManager("nowhere")
    gc.collect()


def test_the_repr_of_a_manager_contains_its_url_transport_and_plugins() -> None:
    with UsersManager(TENANT, transport=FakeTransport(), discover=False) as users:
        assert (
            repr(users) == f"<UsersManager {TENANT} transport=FakeTransport call=none attempt=none>"
        )
    asynchronous = AsyncUsersManager(TENANT)
    order = "call=logging,opentelemetry,retry attempt=headers,logging,opentelemetry"
    assert repr(asynchronous) == f"<AsyncUsersManager {TENANT} transport=aiohttp {order}>"
