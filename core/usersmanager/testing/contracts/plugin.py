"""The contract of a plugin, as tests to subclass.

    class TestMine(PluginContract):
        def plugin(self):
            return MyPlugin()

Written for pytest. It knows nothing of what the plugin is for: only what every plugin
owes to the callers around it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import weakref
from collections.abc import Callable
from typing import Any

from ..._composition.compose import compose
from ..._composition.modes import SYNC
from ..._flow.effects import Sleep
from ..._manager.async_manager import AsyncUsersManager
from ..._manager.sync_manager import UsersManager
from ..._values.messages import Request, Response
from ...errors import DisconnectedError, TLSError, TransportError, UnauthorizedError
from ..fake import FakeTransport
from .exemptions import Exemptions

__all__ = ["PluginContract"]

_URL = "https://contract.example"
_Answer = Callable[[Request], Response]


def _own_profile(request: Request) -> Response:
    body = json.dumps({"sub": request.token.reveal()}).encode()
    return Response(200, {"Content-Type": "application/json"}, body)


class _Answering(FakeTransport):
    """Answers every request with the same function."""

    def __init__(self, answer: _Answer) -> None:
        super().__init__()
        self._answer = answer

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        return self._answer(request)


class PluginContract(Exemptions):
    """What a plugin must do. Subclass it and override `plugin`.

    Example:
        ```python
        class TestMine(PluginContract):
            def plugin(self):
                return MyPlugin()
        ```
    """

    def plugin(self) -> object:
        """The factory to override: a new plugin."""
        raise NotImplementedError("override plugin() to return a new plugin")

    def _both(self, answer: _Answer, token: str = "a-token") -> list[tuple[Any, list[Request]]]:
        """What a call gives or raises, and what was sent, in either mode."""
        return [
            self._blocking(_Answering(answer), token),
            asyncio.run(self._asynchronous(_Answering(answer), token)),
        ]

    def _blocking(self, transport: FakeTransport, token: str) -> tuple[Any, list[Request]]:
        plugins = [self.plugin()]
        with UsersManager(_URL, transport=transport, plugins=plugins, discover=False) as users:
            try:
                return users.get_info(token), transport.requests
            except BaseException as error:
                return error, transport.requests

    async def _asynchronous(
        self, transport: FakeTransport, token: str
    ) -> tuple[Any, list[Request]]:
        plugins = [self.plugin()]
        async with AsyncUsersManager(
            _URL, transport=transport, plugins=plugins, discover=False
        ) as users:
            try:
                return await users.get_info(token), transport.requests
            except BaseException as error:
                return error, transport.requests

    def test_a_profile_passes_through_in_both_modes(self) -> None:
        for result, requests in self._both(_own_profile):
            assert result == {"sub": "a-token"}
            assert len(requests) == 1

    def test_both_modes_send_the_same(self) -> None:
        (_, blocking), (_, asynchronous) = self._both(_own_profile)
        # Values may differ, as a trace id does; what is sent may not.
        assert [list(one.headers) for one in blocking] == [
            list(one.headers) for one in asynchronous
        ]
        assert [one.target for one in blocking] == [one.target for one in asynchronous]

    def test_a_refusal_passes_through_in_both_modes(self) -> None:
        for result, _ in self._both(lambda request: Response(401)):
            assert isinstance(result, UnauthorizedError)

    def test_transport_errors_pass_through_in_both_modes(self) -> None:
        for kind in (DisconnectedError, TLSError):
            for result, _ in self._both(_raising(kind("contract"))):
                assert isinstance(result, kind)

    def test_an_interruption_is_not_swallowed(self) -> None:
        for interruption in (KeyboardInterrupt(), asyncio.CancelledError()):
            result, requests = self._blocking(_Answering(_raising(interruption)), "a-token")
            assert result is interruption
            assert len(requests) == 1, "it was repeated after an interruption"

    def test_its_flow_ends_when_it_is_closed(self) -> None:
        composition = compose(SYNC, FakeTransport(), [self.plugin()], False)
        flow = composition.handler(_a_request())
        while isinstance(next(flow), Sleep):
            pass
        flow.close()  # Raises RuntimeError if the flow goes on.

    def test_every_user_gets_their_own_profile(self) -> None:
        plugins = [self.plugin()]
        transport = _Answering(_own_profile)
        with UsersManager(_URL, transport=transport, plugins=plugins, discover=False) as users:
            for token in ("alice", "bob", "alice", "carol"):
                assert users.get_info(token).sub == token

    def test_a_link_is_never_given_out_twice(self) -> None:
        made: list[str] = []

        def new_link(request: Request) -> Response:
            made.append(f"https://contract.example/{len(made)}")
            return Response(200, {}, made[-1].encode())

        settings = {"impersonator_id": "i", "protocol": "oauth2", "token": "t"}
        with UsersManager(
            _URL, transport=_Answering(new_link), plugins=[self.plugin()], discover=False
        ) as users:
            links = [users.impersonate("u", settings) for _ in range(3)]
        assert links == made
        assert len(made) == 3

    def test_an_impersonation_that_may_have_been_processed_is_not_repeated(self) -> None:
        settings = {"impersonator_id": "i", "protocol": "oauth2", "token": "t"}
        transport = _Answering(_raising(DisconnectedError("contract", phase="unknown")))
        with (
            UsersManager(
                _URL, transport=transport, plugins=[self.plugin()], discover=False
            ) as users,
            contextlib.suppress(TransportError),
        ):
            users.impersonate("u", settings)
        assert len(transport.requests) == 1

    def test_it_holds_no_call_and_shows_no_token_afterwards(self) -> None:
        plugin = self.plugin()
        transport = _Answering(_own_profile)
        with UsersManager(_URL, transport=transport, plugins=[plugin], discover=False) as users:
            users.get_info("canary-token-77")
            call = weakref.ref(transport.requests.pop().call)
            gc.collect()
            assert call() is None, "the plugin keeps a call that is over"
        assert "canary-token-77" not in repr(plugin)
        assert "canary-token-77" not in repr(getattr(plugin, "__dict__", {}))


def _raising(error: BaseException) -> _Answer:
    def raising(request: Request) -> Response:
        raise error.with_traceback(None)

    return raising


def _a_request() -> Request:
    """A request as the core makes it."""
    transport = _Answering(_own_profile)
    with UsersManager(_URL, transport=transport, discover=False) as users:
        users.get_info("a-token")
    return transport.requests[0]
