"""The logging plugin: which records, with which fields, and what is never in them."""

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
    """The extra fields of a record."""
    return {name: value for name, value in vars(record).items() if name not in STANDARD}


def test_a_call_is_one_record_and_each_attempt_is_one(
    fetch: Call, fake: FakeTransport, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "usersmanager")
    fake.add(Response(503), DisconnectedError("x")).profile("u")
    fetch(plugins=[Retry(wait=wait_none())], discover=["logging"])
    seen = [
        (one.name, one.levelname, *map(fields(one).get, ("status", "attempt")))
        for one in caplog.records
    ]
    assert seen == [
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


def test_the_message_is_readable(
    fetch: Call, fake: FakeTransport, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "usersmanager")
    fake.add(DisconnectedError("x"))
    with pytest.raises(DisconnectedError):
        fetch(discover=["logging"])
    attempt, call = (record.getMessage() for record in caplog.records)
    assert attempt.startswith("get_info attempt 1: DisconnectedError in 0.0")
    assert call.startswith("get_info: DisconnectedError after 1 attempt(s) in 0.0")


@pytest.mark.parametrize("answer", [Response(401), Response(302), DisconnectedError("x")])
def test_a_failed_call_is_a_warning(
    fetch: Call, fake: FakeTransport, caplog: pytest.LogCaptureFixture, answer: Any
) -> None:
    fake.add(answer)
    with pytest.raises(UsersManagerError):
        fetch(discover=["logging"])
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_nothing_is_measured_while_nobody_listens(
    fetch: Call, fake: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("usersmanager"), "level", logging.CRITICAL)
    monkeypatch.setattr("usersmanager_logging.time.perf_counter", lambda: pytest.fail("measured"))
    logging.getLogger("usersmanager.call").manager._clear_cache()  # type: ignore[attr-defined] # setLevel would do it, and not be undone.
    fake.profile("u")
    fetch(discover=["logging"])
    logging.getLogger("usersmanager.call").manager._clear_cache()  # type: ignore[attr-defined] # As above.


@pytest.mark.parametrize("status", [200, 401])
def test_no_record_holds_a_token_a_link_a_body_or_a_user_id(
    fetch: Call,
    impersonate: Call,
    impersonation: Call,
    fake: FakeTransport,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = Response(status, {"Content-Type": "application/json"}, b'{"sub": "hush-body"}')
    link = Response(status, {}, b"https://t.example/hush-link")
    fake.add(answer, link)
    for call in (
        lambda: fetch("hush-token", discover=["logging"]),
        lambda: impersonate("hush-user", impersonation(token="hush-api"), discover=["logging"]),
    ):
        try:
            call()
        except UsersManagerError:
            assert status == 401
    assert len([one for one in caplog.records if one.name.startswith("usersmanager")]) == 4
    assert "hush" not in repr([vars(record) for record in caplog.records])


def test_a_library_that_logs_says_nothing_unless_asked(
    fetch: Call, fake: FakeTransport, capfd: pytest.CaptureFixture[str]
) -> None:
    assert any(
        isinstance(handler, logging.NullHandler)
        for handler in logging.getLogger("usersmanager").handlers
    )
