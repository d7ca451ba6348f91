"""The logging plugin: its records, and what they never contain."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tenacity import wait_none
from tests.flow.support import Hooks
from tests.support import TENANT, Hanging

from usersmanager import (
    AsyncUsersManager,
    DisconnectedError,
    ForbiddenError,
    Request,
    Response,
    UsersManagerError,
)
from usersmanager.plugins import Flow, Proceed, hookimpl
from usersmanager.testing import FakeTransport
from usersmanager_retry import Retry

Call = Callable[..., Any]
JSON = {"Content-Type": "application/json"}
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


def test_an_attempt_is_that_of_the_transport_even_if_a_plugin_replaces_the_response(
    fetch: Call, fake: FakeTransport, caplog: pytest.LogCaptureFixture
) -> None:
    def replace(request: Request, proceed: Proceed) -> Flow[Response]:
        yield from proceed(request)
        return Response(200, JSON, b'{"sub": "u"}')

    caplog.set_level(logging.DEBUG, "usersmanager")
    fake.status(404)
    fetch(plugins=["logging", Hooks(wrap_attempt=replace)])
    assert [fields(record)["status"] for record in caplog.records] == [404, 200]


@pytest.mark.parametrize(
    ("answer", "level", "outcome"),
    [
        (Response(200, JSON, b'{"sub": "u"}'), "INFO", 200),
        (Response(400), "INFO", 400),
        (Response(401), "INFO", 401),
        (Response(404), "INFO", 404),
        (Response(499), "INFO", 499),
        (Response(429), "WARNING", 429),
        (Response(302), "WARNING", 302),
        (Response(500), "WARNING", 500),
        (DisconnectedError("x"), "WARNING", "DisconnectedError"),
        (Response(200, JSON, b"{}"), "WARNING", "DecodeError"),
        (Response(200, JSON, b'{"sub": "v"}'), "WARNING", "SubjectMismatchError"),
        (KeyboardInterrupt(), "WARNING", "KeyboardInterrupt"),
        (asyncio.CancelledError(), "WARNING", "CancelledError"),
        (SystemExit(), "WARNING", "SystemExit"),
    ],
)
def test_the_record_of_a_call_says_what_the_caller_gets(
    mode: Any,
    fake: FakeTransport,
    caplog: pytest.LogCaptureFixture,
    answer: Any,
    level: str,
    outcome: Any,
) -> None:
    caplog.set_level(logging.INFO, "usersmanager")
    fake.add(answer if not isinstance(answer, BaseException) else raising(answer))
    call = ("get_info", ("t",), {"expected_subject": "u"})
    with contextlib.suppress(
        UsersManagerError, KeyboardInterrupt, asyncio.CancelledError, SystemExit
    ):
        mode.calls([call], base_url=TENANT, transport=fake, discover=["logging"])
    (record,) = caplog.records
    status = answer.status if isinstance(answer, Response) else None
    assert (record.levelname, fields(record)["outcome"], fields(record)["status"]) == (
        level,
        outcome,
        status,
    )


def raising(error: BaseException) -> Callable[[Request], Response]:
    def respond(request: Request) -> Response:
        raise error

    return respond


def test_the_record_of_an_attempt_includes_an_interruption(
    fetch: Call, fake: FakeTransport, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "usersmanager")
    fake.add(raising(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        fetch(discover=["logging"])
    assert [fields(record)["outcome"] for record in caplog.records] == ["KeyboardInterrupt"] * 2


def test_a_cancelled_task_is_recorded(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "usersmanager")

    async def main() -> None:
        async with AsyncUsersManager(TENANT, transport=Hanging(), discover=["logging"]) as users:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await users.get_info("t")

    asyncio.run(main())
    names = {record.name: fields(record)["outcome"] for record in caplog.records}
    assert names == dict.fromkeys(("usersmanager.attempt", "usersmanager.call"), "CancelledError")


def test_the_record_of_a_call_includes_what_other_plugins_do_around_it(
    fetch: Call, caplog: pytest.LogCaptureFixture
) -> None:
    class Canned:
        @hookimpl(tryfirst=True)
        def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Response:
            return Response(403)

    caplog.set_level(logging.DEBUG, "usersmanager")
    with pytest.raises(ForbiddenError):
        fetch(plugins=[Canned()], discover=["logging"])
    (record,) = caplog.records
    assert (record.name, fields(record)["status"], fields(record)["attempt"]) == (
        "usersmanager.call",
        403,
        0,
    )


def test_the_record_of_an_attempt_shows_what_is_really_sent(
    fetch: Call, fake: FakeTransport, caplog: pytest.LogCaptureFixture
) -> None:
    class Rewritten:
        @hookimpl
        def usersmanager_wrap_attempt(self, request: Request, proceed: Proceed) -> Flow[Response]:
            yield from proceed(request)
            yield from proceed(request)
            return Response(401)

    caplog.set_level(logging.DEBUG, "usersmanager")
    fake.add(Response(500), Response(502))
    with pytest.raises(UsersManagerError):
        fetch(plugins=[Rewritten()], discover=["logging"])
    assert [fields(record)["status"] for record in caplog.records] == [500, 502, 401]


@pytest.fixture
def clashing_factory() -> Iterator[None]:
    """Let the application set the fields of every record, as a record factory may."""
    standard = logging.getLogRecordFactory()

    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = standard(*args, **kwargs)
        record.operation = "checkout"
        record.status = "busy"
        return record

    logging.setLogRecordFactory(factory)
    yield
    logging.setLogRecordFactory(standard)


@pytest.mark.usefixtures("clashing_factory")
def test_a_record_factory_may_set_the_same_names(
    fetch: Call, fake: FakeTransport, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "usersmanager")
    fake.profile("u")
    fetch(discover=["logging"])
    assert len(caplog.records) == 2
    for record in caplog.records:
        # What the application has set is its own; the rest is there.
        assert (fields(record)["operation"], fields(record)["status"]) == ("checkout", "busy")
        assert fields(record)["attempt"] == 1
        assert record.args == {**fields(record), "operation": "get_info", "status": 200}
        assert record.getMessage().startswith("get_info")


def test_a_filter_may_set_the_same_names(
    fetch: Call, fake: FakeTransport, caplog: pytest.LogCaptureFixture
) -> None:
    def clash(record: logging.LogRecord) -> bool:
        record.operation = "checkout"
        return True

    caplog.set_level(logging.INFO, "usersmanager")
    logger = logging.getLogger("usersmanager.call")
    fake.profile("u")
    logger.addFilter(clash)
    try:
        fetch(discover=["logging"])
    finally:
        logger.removeFilter(clash)
    (record,) = caplog.records
    assert fields(record)["operation"] == "checkout"
    assert record.getMessage().startswith("get_info: 200 ")


class Broken(logging.Handler):
    """A handler that raises, as one may in which an interruption arrives."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self._error = error

    def emit(self, record: logging.LogRecord) -> None:
        raise self._error


@pytest.mark.parametrize("name", ["usersmanager.call", "usersmanager.attempt"])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("disk full")])
def test_what_a_handler_raises_passes(
    fetch: Call,
    fake: FakeTransport,
    name: str,
    error: BaseException,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "usersmanager")
    handler = Broken(error)
    logging.getLogger(name).addHandler(handler)
    fake.profile("u")
    try:
        with pytest.raises(type(error)) as caught:
            fetch(discover=["logging"])
    finally:
        logging.getLogger(name).removeHandler(handler)
    assert caught.value is error


def test_a_record_names_the_plugin_as_its_source(
    fetch: Call, fake: FakeTransport, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "usersmanager")
    fake.profile("u")
    fetch(discover=["logging"])
    assert {record.module for record in caplog.records} == {"__init__"}
    assert all("usersmanager_logging" in record.pathname for record in caplog.records)


def test_nothing_is_measured_and_no_record_is_made_while_logging_is_disabled(
    fetch: Call,
    fake: FakeTransport,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL, "usersmanager")
    monkeypatch.setattr("usersmanager_logging.time.perf_counter", lambda: pytest.fail("measured"))
    monkeypatch.setattr(logging.Logger, "makeRecord", lambda *args: pytest.fail("made"))
    fake.profile("u")
    fetch(discover=["logging"])


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


class Noting:
    """A plugin that leaves notes, one under the name of a field."""

    @hookimpl
    def usersmanager_wrap_call(self, request: Any, proceed: Any) -> Any:
        request.call.notes.update(cache="hit", status="gone", args="?")
        return proceed(request)


def test_the_record_of_a_call_contains_the_notes_of_plugins(
    fetch: Any, fake: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "usersmanager")
    fake.profile("auth0|ada")
    fetch(plugins=[Noting()], discover=["logging"])
    attempt, call = caplog.records
    assert (call.__dict__["cache"], call.__dict__["status"]) == ("hit", 200)
    assert isinstance(call.args, dict)
    assert (call.args["cache"], call.args["status"]) == ("hit", 200)
    assert "cache" not in attempt.__dict__
    assert "get_info: 200" in call.getMessage()
