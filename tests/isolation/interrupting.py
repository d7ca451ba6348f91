"""Make calls, interrupt them, and find what an interruption left behind."""

from __future__ import annotations

import ast
import inspect
import os
import re
import signal
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any, NamedTuple

from tests.isolation.moments import CARRIERS, Moment, Recorder, SoftTimeLimit
from tests.isolation.server import LINKS, link

from usersmanager import AsyncUsersManager, UsersManager
from usersmanager.testing import FaultServer, profile
from usersmanager.testing.certificates import client_context, server_context
from usersmanager.testing.contracts import scripts
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_headers import Headers
from usersmanager_logging import Logging
from usersmanager_native import NativeTransport
from usersmanager_retry import Retry
from usersmanager_urllib3 import Urllib3Transport

__all__ = [
    "ASYNC",
    "SYNC",
    "TRANSPORTS",
    "Ended",
    "HangError",
    "answer_to",
    "arguments_of",
    "attempt",
    "call",
    "guarded",
    "interrupt_after",
    "interrupt_at_each",
    "interrupt_when",
    "is_answer_for",
    "make_manager",
    "problems_of",
    "serving",
    "shown_by",
    "subject_of",
    "token_of",
]

SYNC: dict[str, Callable[..., Any]] = {
    "urllib3": Urllib3Transport,
    "native": NativeTransport,
}
ASYNC: dict[str, Callable[..., Any]] = {
    "aiohttp": AiohttpTransport,
    "native-async": NativeTransport,
}
TRANSPORTS = SYNC | ASYNC

HANG_SECONDS = 8.0
"""Longer than any call takes: what has not ended by then never will."""


# A server that answers each token with its user, and calls of it.


def token_of(subject: str) -> str:
    """Return the token of a user. No response of the server contains it."""
    return f"token-of-{subject}-"


_SUBJECT = re.compile(rb"\r\nauthorization: bearer token-of-([^\r\n]*)-\r\n", re.IGNORECASE)


def subject_of(request: bytes) -> str:
    """Return the user that a request is for."""
    found = _SUBJECT.search(request)
    return found[1].decode() if found else ""


def answer_to(request: bytes) -> bytes:
    """Return the profile or the link of the user that a request is for."""
    make = profile if request.startswith(b"GET") else link
    return make(subject_of(request))


def serving(*, is_tls: bool = False) -> FaultServer:
    """Return a server that answers everybody."""
    context = server_context("127.0.0.1") if is_tls else None
    return FaultServer(otherwise=scripts.serving(answer_to), ssl_context=context)


def make_manager(
    name: str, origin: str, *, is_tls: bool = False, pool_size: int = 1, **settings: Any
) -> Any:
    """Return a manager with several plugins over a transport with one connection."""
    transport_settings: dict[str, Any] = {"pool_size": pool_size}
    if is_tls:
        transport_settings["ssl_context"] = client_context()
    plugins = [Retry(), Headers(), Logging()]
    defaults = {
        "plugins": plugins,
        "discover": False,
        "client_id": "a-client",
        "allow_insecure": True,
    }
    kind = UsersManager if name in SYNC else AsyncUsersManager
    return kind(origin, transport=TRANSPORTS[name](**transport_settings), **defaults | settings)


def call(manager: Any, operation: str, subject: str, **options: Any) -> Any:
    """Call a manager, sync or async."""
    return getattr(manager, operation)(*arguments_of(operation, subject), **options)


def arguments_of(operation: str, subject: str) -> tuple[Any, ...]:
    """Return the arguments of a call for a user."""
    if operation == "get_info":
        return (token_of(subject),)
    settings = {"impersonator_id": "boss", "protocol": "oauth2", "token": token_of(subject)}
    return ("auth0|ada", settings)


def is_answer_for(subject: str, result: Any) -> bool:
    """Return whether a result belongs to a user."""
    return result == LINKS + subject or getattr(result, "sub", None) == subject


# Interrupting.


class HangError(BaseException):
    """A call has not ended, and never will."""


class Ended(NamedTuple):
    """How a call ended."""

    result: Any
    error: BaseException | None


def attempt(work: Callable[[], Any]) -> Ended:
    """Run `work`; return its result or its error."""
    try:
        return Ended(work(), None)
    except BaseException as error:
        return Ended(None, error)


def guarded(work: Callable[[], object], seconds: float = HANG_SECONDS) -> None:
    """Run `work` in a thread, which is left behind if it hangs.

    Raises:
        HangError: it has not ended in time.
    """
    ends: list[Ended] = []
    thread = threading.Thread(target=lambda: ends.append(attempt(work)), daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise HangError
    (ended,) = ends
    if ended.error is not None:
        raise ended.error


def interrupt_after(
    seconds: float, work: Callable[[], Any], error: BaseException
) -> tuple[Ended, bool]:
    """Run `work` in the main thread; a signal handler raises `error` in it.

    Returns:
        How it ended, and whether the handler has raised.
    """
    return _interrupted(lambda: _set_alarm_after(seconds), work, error)


def interrupt_when(
    happens: Callable[[], object], work: Callable[[], Any], error: BaseException
) -> Ended:
    """Run `work` in the main thread; `error` is raised in it once `happens` returns elsewhere."""

    def wait_and_set_alarm() -> None:
        happens()
        _set_alarm_after(0.05)  # What has just begun to wait does so by then.

    waiting = threading.Thread(target=wait_and_set_alarm)

    def work_and_join() -> Any:
        try:
            return work()
        finally:
            waiting.join()

    return _interrupted(waiting.start, work_and_join, error)[0]


def _set_alarm_after(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, seconds, HANG_SECONDS)


def _interrupted(
    arm: Callable[[], object], work: Callable[[], Any], error: BaseException
) -> tuple[Ended, bool]:
    fired = 0

    def fire(number: int, frame: object) -> None:
        nonlocal fired
        fired += 1
        raise error if fired == 1 else HangError

    def run() -> Any:
        try:
            arm()
            return work()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    before = signal.signal(signal.SIGALRM, fire)
    try:
        return attempt(run), fired > 0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def interrupt_at_each(
    moments: list[Moment], kind: type[Recorder], play: Callable[[Recorder], list[str]]
) -> None:
    """Plays once for each moment, and fails with what was wrong after an exception at it."""
    problems: list[str] = []

    def play_all() -> None:
        for moment in moments:
            recorder = kind(at=moment)
            found = play(recorder)
            if not recorder.raised:
                found.append("nothing was raised")
            if found:
                problems.append(f"{moment}: {found}")

    guarded(play_all, 60)
    assert not problems, "\n".join(problems)


def problems_of(
    ended: Ended,
    subject: str,
    error: SoftTimeLimit,
    *,
    raised: bool,
    reported: list[BaseException | None],
) -> list[str]:
    """Return what is wrong with the end of a call in which `error` may have been raised.

    Args:
        ended: how the call ended.
        subject: the user it was for.
        error: the interruption.
        raised: whether it was raised.
        reported: exceptions raised where nobody can catch them.
    """
    if ended.error is error:
        return shown_by(error, token_of(subject))
    if isinstance(ended.error, HangError):
        return ["it never ended"]
    if ended.error is not None:
        return [f"it ended with {type(ended.error).__name__}: {ended.error}"]
    if not is_answer_for(subject, ended.result):
        return [f"it was answered with {ended.result!r}"]
    if raised and error not in reported:
        return ["the exception was swallowed"]
    return []


# What an exception shows.

_TESTS = os.path.join(str(Path(__file__).parents[1]), "")


def shown_by(error: BaseException, secret: str) -> list[str]:
    """Return frames of transports in a traceback, and variables that show a secret."""
    found: list[str] = []
    for one in _chain(error):
        for frame in _library_frames(one.__traceback__):
            filename = frame.f_code.co_filename
            where = f"{os.path.basename(filename)}:{frame.f_code.co_name}"
            if filename.startswith(CARRIERS):
                found.append(f"its traceback has a frame of {where}")
            found += [
                f"its traceback shows the token as {name!r} of {where}"
                for name, value in frame.f_locals.items()
                if secret in _repr(value)
            ]
    return found


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and one not in found:
            found.append(one)
            waiting += [one.__cause__, one.__context__]
    return found


def _library_frames(trace: TracebackType | None) -> Iterator[FrameType]:
    """Yield the frames that are not the tests' own, up to one that is still sealing its token."""
    while trace is not None:
        code = trace.tb_frame.f_code
        if trace.tb_lineno in _SEALING.get(code, ()):
            return
        if not code.co_filename.startswith(_TESTS):
            yield trace.tb_frame
        trace = trace.tb_next


def _repr(value: object) -> str:
    try:
        return repr(value)
    except Exception as error:  # The construction of an object may have been interrupted.
        return type(error).__name__


def _sealing_lines(function: Any) -> range:
    """Return the first lines of a method, in which the token is still a plain string."""
    (method,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(method, ast.FunctionDef)
    _docstring, first, second = method.body[:3]
    last = second if isinstance(second, ast.Delete) else first
    start = function.__code__.co_firstlineno
    return range(start, start + (last.end_lineno or last.lineno))


_SEALING: dict[CodeType, range] = {
    method.__code__: _sealing_lines(method)
    for kind in (UsersManager, AsyncUsersManager)
    for method in (kind.get_info, kind.impersonate)
}
