"""ServerThread: serve an aiohttp application on loopback, in a background thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any

from aiohttp import web

__all__ = ["ServerThread"]


class ServerThread:
    """Serve an application on loopback until `stop`. It can be started once.

    Args:
        make_application: makes the application, in the event loop of the thread.
        port: the port to listen on; 0 for a free port.
        on_start: called with the URL of the server before it answers a request.
    """

    def __init__(
        self,
        make_application: Callable[[], web.Application],
        port: int,
        on_start: Callable[[str], None],
    ) -> None:
        self._make_application = make_application
        self._port = port
        self._on_start = on_start
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="usersmanager-sandbox", daemon=True)

    def start(self) -> None:
        """Start the server, and wait until it accepts connections.

        Raises:
            OSError: the port is not free.
        """
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            self._thread.join()
            raise self._error

    def stop(self) -> None:
        """Stop the server and close its connections. Calling it again has no effect."""
        if self._loop is not None and self._stop is not None:
            if self._thread.is_alive():
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        self._loop, self._stop = loop, stop
        # handler_cancellation ends a delayed response when its client disconnects.
        runner = web.AppRunner(
            self._make_application(),
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=0.1,
        )
        await runner.setup()
        make_protocol: Any = runner.server
        try:
            server = await loop.create_server(make_protocol, "127.0.0.1", self._port)
            host, port = server.sockets[0].getsockname()
            self._on_start(f"http://{host}:{port}")
            self._ready.set()
            await stop.wait()
            await _stop_accepting(server)
        finally:
            await runner.cleanup()


async def _stop_accepting(server: asyncio.Server) -> None:
    """Close a server once the application knows of every connection that it has accepted.

    A connection is lost, and its socket stays open, if its server is closed before it has begun.
    """
    loop = server.get_loop()
    for sock in server.sockets:
        with contextlib.suppress(NotImplementedError):  # By the event loop of Windows.
            loop.remove_reader(sock.fileno())
    for _ in range(3):  # The steps in which a connection begins.
        await asyncio.sleep(0)
    server.close()
