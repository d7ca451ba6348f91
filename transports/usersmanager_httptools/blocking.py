"""The blocking half: sockets shared by threads, one at a time each."""

from __future__ import annotations

import os
import time
from queue import Empty, SimpleQueue

from usersmanager import (
    LifecycleError,
    PoolTimeoutError,
    Request,
    Response,
    UsersManagerError,
    connect_failure,
    exchange_failure,
)

from .idle import Idle
from .settings import Settings, require_time
from .sockets import Connection, connect

__all__ = ["BlockingPool"]


class BlockingPool:
    """Carries requests over connections of its own; a call beyond `pool_size` waits."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._closed = False
        self._start()

    def _start(self) -> None:
        """Begins without a connection: at first, and in the child of a fork."""
        self._idle: Idle[Connection] = Idle()
        # A semaphore, but one of threading's takes longer than all else the pool does.
        self._places: SimpleQueue[None] = SimpleQueue()
        for _ in range(self._settings.pool_size):
            self._places.put(None)
        self._process = os.getpid()

    def send(self, request: Request) -> Response:
        """Carries one request."""
        if self._process != os.getpid():
            self._leave_to_parent()
        failure: UsersManagerError
        try:
            return self._send(request)
        except UsersManagerError as error:
            failure = error
        except Exception as error:
            failure = exchange_failure(error)
        # Raised out here: the first error and its token-bearing frames are gone.
        try:
            raise failure.bare()
        finally:
            del failure  # Kept here, it would hold this frame, and it the request.

    def _send(self, request: Request) -> Response:
        self._require_open()
        places = self._places
        self._queue(places, require_time(request))
        try:
            self._require_open()  # It may have been closed while this call waited.
            return self._exchange(request)
        finally:
            places.put(None)

    def _queue(self, places: SimpleQueue[None], seconds: float) -> None:
        """Waits for a place."""
        try:
            places.get(timeout=seconds)
        except Empty:
            pass
        else:
            return
        raise PoolTimeoutError("every connection stayed busy until the deadline")

    def _exchange(self, request: Request) -> Response:
        exchange = self._settings.exchange(request)
        # Not idempotent: no leftover may answer it, no stale connection swallow it.
        idle = self._idle.take(request.origin) if request.idempotent else None
        connection = idle or self._connect(request)
        try:
            require_time(request)
            connection.carry(request, exchange)
            response = exchange.response()
        except BaseException:
            connection.close()
            raise
        if exchange.reusable and request.idempotent:
            self._idle.put(request.origin, connection)
        else:
            connection.close()
        return response

    def _connect(self, request: Request) -> Connection:
        deadline = time.monotonic() + self._settings.time_to_connect(request)
        try:
            return connect(request.origin, self._settings, deadline)
        except (OSError, ValueError) as error:
            failure = connect_failure(error)
        raise failure

    def _require_open(self) -> None:
        if self._closed:
            raise LifecycleError("the transport is closed")

    def _leave_to_parent(self) -> None:
        """After a fork: two processes on one connection would read each other's answers."""
        inherited = self._idle
        self._start()
        inherited.abandon()

    def close(self) -> None:
        """Closes the idle connections; those in use are closed as their calls end."""
        self._closed = True
        self._idle.close()
