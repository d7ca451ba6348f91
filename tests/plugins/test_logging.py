"""The logging plugin: its records, and what they never contain."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from tenacity import wait_none

from usersmanager import DisconnectedError, Response, UsersManagerError
from usersmanager.testing import FakeTransport
from usersmanager_retry import Retry

Call = Callable[..., Any]
STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return the extra fields of a record."""
    return {name: value for name, value in vars(record).items() if name not in STANDARD}


def test_a_call_is_one_record_and_so_is_each_attempt(
    fetch: Call, fake: FakeTransport, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "usersmanager")
    fake.add(Response(503), DisconnectedError("x")).profile("u")
    fetch(plugins=[Retry(wait=wait_none())], discover=["logging"])
    records = [
        (record.name, record.levelname, *map(fields(record).get, ("status", "attempt")))
        for record in caplog.records
    ]
    assert records == [
        ("usersmanager.attempt", "DEBUG", 503, 1),
        ("usersmanager.attempt", "DEBUG", None, 2),
        ("usersmanager.attempt", "DEBUG", 200, 3),
        ("usersmanager.call", "INFO", 200, 3),
    ]
    for record in caplog.records:
        extra = fields(record)
        assert set(extra) == {"operation", "status", "outcome", "attempt", "elapsed"}
        assert extra["operation"] == "get_info"
        assert 0 <= extra["elapsed"] < 5


def test_a_message_contains_the_operation_the_outcome_and_the_time(
    fetch: Call, fake: FakeTransport, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "usersmanager")
    fake.add(DisconnectedError("x"))
    with pytest.raises(DisconnectedError):
        fetch(discover=["logging"])
    attempt, call = (record.getMessage() for record in caplog.records)
    assert attempt.startswith("get_info attempt 1: DisconnectedError in 0.0")
    assert call.startswith("get_info: DisconnectedError after 1 attempt(s) in 0.0")


@pytest.mark.parametrize("response", [Response(401), Response(302), DisconnectedError("x")])
def test_a_failed_call_is_logged_as_a_warning(
    fetch: Call, fake: FakeTransport, caplog: pytest.LogCaptureFixture, response: Any
) -> None:
    fake.add(response)
    with pytest.raises(UsersManagerError):
        fetch(discover=["logging"])
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_nothing_is_measured_while_logging_is_disabled(
    fetch: Call, fake: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("usersmanager"), "level", logging.CRITICAL)
    monkeypatch.setattr("usersmanager_logging.time.perf_counter", lambda: pytest.fail("measured"))
    logging.getLogger("usersmanager.call").manager._clear_cache()  # type: ignore[attr-defined] # setLevel would do this, but not be undone.
    fake.profile("u")
    fetch(discover=["logging"])
    logging.getLogger("usersmanager.call").manager._clear_cache()  # type: ignore[attr-defined] # As above.


@pytest.mark.parametrize("status", [200, 401])
def test_no_record_contains_a_token_a_link_a_body_or_a_user_id(
    fetch: Call,
    impersonate: Call,
    impersonation: Call,
    fake: FakeTransport,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    caplog.set_level(logging.DEBUG)
    profile = Response(status, {"Content-Type": "application/json"}, b'{"sub": "hush-body"}')
    link = Response(status, {}, b"https://t.example/hush-link")
    fake.add(profile, link)
    for call in (
        lambda: fetch("hush-token", discover=["logging"]),
        lambda: impersonate("hush-user", impersonation(token="hush-api"), discover=["logging"]),
    ):
        try:
            call()
        except UsersManagerError:
            assert status == 401
    assert len([record for record in caplog.records if record.name.startswith("usersmanager")]) == 4
    assert "hush" not in repr([vars(record) for record in caplog.records])


def test_the_logger_of_the_library_has_a_null_handler() -> None:
    handlers = logging.getLogger("usersmanager").handlers
    assert any(isinstance(handler, logging.NullHandler) for handler in handlers)
