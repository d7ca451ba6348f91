"""Resolve host names in threads, because the system's resolver can't be interrupted.

A look-up that hangs uses one thread, no matter how many calls wait for it, and doesn't delay other
names. The threads are daemons, so the program can end while they run.
"""

from __future__ import annotations

import copy
import os
import socket
import threading
from collections import deque
from collections.abc import Callable
from ipaddress import ip_address

from ..._values.deadline import Deadline
from .addresses import Address, in_order

__all__ = ["ResolverTimeoutError", "is_resolver_timeout", "resolve", "resolve_async"]

_THREAD_LIMIT = 32

_Name = tuple[str, int]
_Result = list[Address] | BaseException
_Reply = Callable[[_Result], object]

_CANCELLED = "cancelled while resolving a host name"


class ResolverTimeoutError(TimeoutError):
    """A host name was not resolved in time."""


def is_resolver_timeout(error: TimeoutError) -> bool:
    """Return whether a name resolution was too slow, not a server."""
    cancelled = error.__cause__
    was_cancelled = cancelled is not None and cancelled.args == (_CANCELLED,)
    return was_cancelled or isinstance(error, ResolverTimeoutError)


def resolve(host: str, port: int, deadline: Deadline) -> list[Address]:
    """Return the addresses of a host, in the order in which they should be tried.

    Args:
        host: a name, or an IP address without brackets.
        port: the TCP port.
        deadline: when to give up.

    Raises:
        ResolverTimeoutError: the deadline passed.
        OSError: the host can't be resolved.
    """
    if (known := _known(host, port)) is not None:
        return in_order(host, port, known)
    results: list[_Result] = []
    # A lock, because an exception of a signal handler could leave an Event locked.
    done = threading.Lock()
    done.acquire()

    def reply(result: _Result) -> None:
        results.append(result)
        done.release()

    _request(host, port, reply)
    seconds = min(max(0.0, deadline.remaining()), threading.TIMEOUT_MAX)
    if not done.acquire(timeout=seconds):
        raise ResolverTimeoutError("the deadline passed while resolving the host")
    return in_order(host, port, _addresses(results.pop()))


async def resolve_async(host: str, port: int) -> list[Address]:
    """Return the addresses of a host, in the order in which they should be tried.

    Args:
        host: a name, or an IP address without brackets.
        port: the TCP port.

    Raises:
        OSError: the host can't be resolved.
    """
    import asyncio  # Slow to import, and a sync program does not need it.

    if (known := _known(host, port)) is not None:
        return in_order(host, port, known)
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_Result] = loop.create_future()

    def set_result(result: _Result) -> None:
        if not future.done():
            future.set_result(result)

    def reply(result: _Result) -> None:
        loop.call_soon_threadsafe(set_result, result)

    _request(host, port, reply)
    try:
        result = await future
    except asyncio.CancelledError as error:
        # Not a subclass: `asyncio.timeout` only replaces a plain CancelledError.
        raise asyncio.CancelledError(_CANCELLED) from error
    return in_order(host, port, _addresses(result))


def _request(host: str, port: int, reply: _Reply) -> None:
    """Start to resolve a name. The new thread ends at once if the name is being resolved."""
    work = threading.Thread(
        target=_look_ups.serve, args=((host, port), reply), name="usersmanager-resolve", daemon=True
    )
    try:
        work.start()
    except RuntimeError as error:  # Too many threads, or the interpreter is ending.
        raise socket.gaierror(socket.EAI_AGAIN, "no thread to resolve the host") from error


class _LookUps:
    """The look-ups in progress and their threads.

    All state changes in these threads alone, which no signal handler can interrupt.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._replies: dict[_Name, list[_Reply]] = {}
        self._queue: deque[_Name] = deque()
        self._thread_count = 0

    def serve(self, name: _Name, reply: _Reply) -> None:
        """Resolve a name, or leave it to the thread that already does. Runs in a thread."""
        with self._lock:
            if name in self._replies:
                self._replies[name].append(reply)
                return
            self._replies[name] = [reply]
            self._queue.append(name)
            if self._thread_count >= _THREAD_LIMIT:
                return
            self._thread_count += 1
        del reply
        while (next_name := self._take()) is not None:
            self._finish(next_name, _try_look_up(*next_name))

    def _take(self) -> _Name | None:
        """Return the next name, or None if this thread may end."""
        with self._lock:
            if self._queue:
                return self._queue.popleft()
            self._thread_count -= 1
            return None

    def _finish(self, name: _Name, result: _Result) -> None:
        with self._lock:
            replies = self._replies.pop(name)
        for reply in replies:
            try:
                reply(result)
            except RuntimeError:
                continue  # Its event loop has been closed.
            result = _duplicate(result)


_look_ups = _LookUps()


def _reset_after_fork() -> None:
    global _look_ups  # The threads are gone, and one of them may have held the lock.
    _look_ups = _LookUps()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_after_fork)


def _try_look_up(host: str, port: int) -> _Result:
    try:
        return _look_up(host, port)
    except UnicodeError:  # IDNA cannot encode it.
        return socket.gaierror()
    except BaseException as error:
        return error.with_traceback(None)


def _look_up(host: str, port: int) -> list[Address]:
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not entries:
        raise socket.gaierror(socket.EAI_NONAME, "the host has no address")
    return [Address(family, sockaddr) for family, _, _, _, sockaddr in entries]


def _duplicate(result: _Result) -> _Result:
    """Return a result for another call: a traceback must not show the frames of several calls."""
    if not isinstance(result, BaseException):
        return result
    try:
        return copy.copy(result)
    except Exception:
        return OSError(f"the look-up failed ({type(result).__name__})")


def _addresses(result: _Result) -> list[Address]:
    if isinstance(result, BaseException):
        try:
            raise result
        finally:
            del result  # Break the reference cycle.
    return result


def _known(host: str, port: int) -> list[Address] | None:
    """Return the addresses of a host for which no resolver is needed."""
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, section 6.3.
        return [_address("127.0.0.1", port), _address("::1", port)]
    try:
        return [_address(str(ip_address(host)), port)]
    except ValueError:
        return None


def _address(host: str, port: int) -> Address:
    if ":" in host:
        return Address(socket.AF_INET6, (host, port, 0, 0))
    return Address(socket.AF_INET, (host, port))
