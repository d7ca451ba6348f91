"""Sandbox: a tenant in a box, a real HTTP server on loopback in a background thread.

The rules are in `tenant.py`, the endpoints in `endpoints.py`; here is its life and
what a test says to it.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from .endpoints import Endpoints, Trouble
from .tenant import Limit, Tenant

__all__ = ["Sandbox"]


class Sandbox:
    """Behaves like the Auth0 Authentication API, for demos and tests. Use it with `with`.

    Args:
        rate_limit: how often a user's profile may be asked for; `Limit()` is Auth0's
            (5 a minute, bursts of 10); None for no limit.
        client_id: the one client it knows.
        port: 0 for any free port.

    Attributes:
        base_url: where it listens, once started: "http://127.0.0.1:...".
        client_id: the one client it knows.

    Example:
        ```python
        with Sandbox() as sandbox:
            sandbox.add_user("auth0|1", name="Ada", email="ada@example.com")
            token = sandbox.issue_token("auth0|1")
            with UsersManager(sandbox.base_url) as users:
                print(users.get_info(token).email)
        ```
    """

    def __init__(
        self,
        *,
        rate_limit: Limit | None = None,
        client_id: str = "sandbox-client",
        port: int = 0,
    ) -> None:
        self.base_url = ""
        self.client_id = client_id
        self._port = port
        self._tenant = Tenant(limit=rate_limit, clients={client_id})
        self._trouble: deque[Trouble] = deque()
        self._endpoints = Endpoints(self._tenant, self._trouble)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None

    def add_user(self, user_id: str, **claims: Any) -> Self:
        """Adds or replaces a user; the claims are given out as the token's scope allows."""
        self._tenant.add_user(user_id, claims)
        return self

    def remove_user(self, user_id: str) -> None:
        """Deletes a user; its tokens are refused from now on."""
        self._tenant.users.pop(user_id, None)

    def issue_token(
        self, user_id: str, *, scope: str = "openid profile email", expires_in: float = 3600.0
    ) -> str:
        """An access token for a user.

        Args:
            user_id: a user that was added.
            scope: space-separated; without "openid" the profile is refused with 403.
            expires_in: seconds; 0 or less for a token that has expired already.
        """
        if user_id not in self._tenant.users:
            raise KeyError(f"no such user: {user_id!r}; call add_user first")
        return self._tenant.issue(user_id, scope, expires_in)

    def issue_api_token(self, *, expires_in: float = 3600.0) -> str:
        """A token that may impersonate."""
        return self._tenant.issue("", "impersonate", expires_in)

    def revoke(self, token: str) -> None:
        """Makes a token invalid."""
        self._tenant.revoke(token)

    def fail_next(self, status: int, *, times: int = 1, retry_after: int | None = None) -> None:
        """Answers the next API requests with an error status.

        Args:
            status: such as 503.
            times: how many requests.
            retry_after: seconds for a Retry-After header, if any.
        """
        self._trouble.extend([Trouble(status=status, retry_after=retry_after)] * times)

    def delay_next(self, seconds: float, *, times: int = 1) -> None:
        """Answers the next API requests only after this many seconds."""
        self._trouble.extend([Trouble(delay=seconds)] * times)

    def disconnect_next(self, *, times: int = 1) -> None:
        """Drops the connection of the next API requests without an answer."""
        self._trouble.extend([Trouble(disconnect=True)] * times)

    @property
    def requests(self) -> list[tuple[str, str, int]]:
        """Method, path and status of every API request so far; status 0 if it was dropped."""
        return list(self._endpoints.seen)

    def start(self) -> Self:
        """Starts to listen. `with` does it for you."""
        if self._thread is not None:
            raise RuntimeError("a Sandbox is started once")
        self._thread = threading.Thread(target=self._run, name="usersmanager-sandbox", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def stop(self) -> None:
        """Stops to listen and drops every connection. May be called twice."""
        if self._loop is not None and self._stop is not None and self._thread is not None:
            if self._thread.is_alive():
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        # handler_cancellation: a client that gave up leaves no delayed answer behind.
        runner = web.AppRunner(
            self._endpoints.application(),
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=0.1,
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", self._port)
            await site.start()
            host, port = runner.addresses[0][:2]
            self.base_url = self._endpoints.base_url = f"http://{host}:{port}"
            self._ready.set()
            await self._stop.wait()
        finally:
            await runner.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
