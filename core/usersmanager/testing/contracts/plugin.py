"""PluginContract: what every plugin must do, whatever its purpose.

The test cases need pytest.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import weakref
from typing import Any

from ..._composition.compose import compose
from ..._composition.modes import SYNC
from ..._flow.effects import Sleep, Wait
from ..._operations.operation import Operation
from ..._values.request import Request
from ..._values.response import Response
from ...errors import DisconnectedError, TLSError, TransportError, UnauthorizedError
from ..fake import FakeTransport
from .exemptions import Exemptions
from .responding import Responder, RespondingTransport, own_profile, raising
from .sharing import SharingCases

__all__ = ["PluginContract"]

_IMPERSONATION = {"impersonator_id": "i", "protocol": "oauth2", "token": "t"}
_SECRET_TOKEN = "secret-token-77"


class PluginContract(SharingCases, Exemptions):
    """What a plugin must do. Subclass it and override `plugin`.

    If the plugin needs the metadata of the provider, makes requests of its own, or accepts another
    form of a profile, set ``metadata`` and override `answer`.

    Example::

        class TestMine(PluginContract):
            def plugin(self):
                return MyPlugin()
    """

    def _request(self) -> Request:
        """Return a request that a manager made."""
        transport = RespondingTransport(own_profile)
        with self._sync(self.plugin(), transport) as users:
            users.get_info("a-token")
        return transport.profile_requests[0]

    def _call_both(self, respond: Responder) -> list[tuple[Any, list[Request]]]:
        """Return the result or error of a sync and of an async call, and the requests of each."""
        return [self._call_sync(respond), asyncio.run(self._call_async(respond))]

    def _call_sync(self, respond: Responder) -> tuple[Any, list[Request]]:
        transport = RespondingTransport(respond)
        with self._sync(self.plugin(), transport) as users:
            try:
                return users.get_info("a-token"), transport.profile_requests
            except BaseException as error:
                return error, transport.profile_requests

    async def _call_async(self, respond: Responder) -> tuple[Any, list[Request]]:
        transport = RespondingTransport(respond)
        async with self._async(self.plugin(), transport) as users:
            try:
                return await users.get_info("a-token"), transport.profile_requests
            except BaseException as error:
                return error, transport.profile_requests

    def test_a_profile_passes_through_in_both_modes(self) -> None:
        for result, requests in self._call_both(own_profile):
            subject = getattr(result, "sub", result)
            assert subject == "a-token", "a plugin must return the profile of the token"
            assert len(requests) == 1, "a plugin must not repeat a call that succeeds"

    def test_both_modes_send_the_same(self) -> None:
        (_, sync), (_, async_) = self._call_both(own_profile)
        # Compare only the names: a value may differ, such as a trace id.
        names = [[list(request.headers) for request in requests] for requests in (sync, async_)]
        assert names[0] == names[1], "a plugin must set the same headers in both modes"
        targets = [[request.target for request in requests] for requests in (sync, async_)]
        assert targets[0] == targets[1], "a plugin must request the same path in both modes"

    def test_an_api_error_passes_through_in_both_modes(self) -> None:
        for result, _ in self._call_both(lambda request: Response(401)):
            assert isinstance(result, UnauthorizedError), "a plugin must not hide a 401"

    def test_transport_errors_pass_through_in_both_modes(self) -> None:
        for error_type in (DisconnectedError, TLSError):
            for result, _ in self._call_both(raising(error_type("contract"))):
                rule = f"a plugin must not hide a {error_type.__name__}"
                assert isinstance(result, error_type), rule

    def test_an_interruption_is_not_swallowed(self) -> None:
        for interruption in (KeyboardInterrupt(), asyncio.CancelledError()):
            name = type(interruption).__name__
            result, requests = self._call_sync(raising(interruption))
            assert result is interruption, f"a plugin must not catch {name}"
            assert len(requests) == 1, f"a plugin must not repeat a call after {name}"

    def test_its_flow_ends_when_it_is_closed(self) -> None:
        composition = compose(SYNC, FakeTransport(), [self.plugin()], False)
        request = self._request()
        flow = composition.handler(request)
        effect = next(flow)
        while isinstance(effect, Sleep | Wait):
            effect = flow.send(request.deadline if isinstance(effect, Wait) else None)
        flow.close()  # Raises RuntimeError if the flow yields again.

    def test_every_user_gets_their_own_profile(self) -> None:
        with self._sync(self.plugin(), RespondingTransport(own_profile)) as users:
            for token in ("alice", "bob", "alice", "carol"):
                subject = users.get_info(token).sub
                assert subject == token, "a plugin must not return another user's profile"

    def test_a_link_is_never_given_out_twice(self) -> None:
        sent: list[str] = []

        def new_link(request: Request) -> Response:
            sent.append(f"https://contract.example/{len(sent)}")
            return Response(200, {}, sent[-1].encode())

        with self._sync(self.plugin(), RespondingTransport(new_link)) as users:
            links = [users.impersonate("u", _IMPERSONATION) for _ in range(3)]
        assert links == sent, "each call must return the link that was made for it"
        assert len(sent) == 3, "each call must make one link"

    def test_an_impersonation_that_may_have_been_processed_is_not_repeated(self) -> None:
        transport = RespondingTransport(raising(DisconnectedError("contract", sent=True)))
        with self._sync(self.plugin(), transport) as users, contextlib.suppress(TransportError):
            users.impersonate("u", _IMPERSONATION)
        assert len(transport.requests) == 1, "a plugin must not repeat an impersonation"

    def test_an_operation_that_it_does_not_know_passes_through(self) -> None:
        operation = Operation(
            "contract_case",
            "POST",
            path="/{id}",
            arguments={"id": "1"},
            form={"a": "1"},
            read=_read,
        )
        transport = RespondingTransport(lambda request: Response(200, {}, request.body or b""))
        with self._sync(self.plugin(), transport) as users:
            results = [users.call(operation) for _ in range(2)]
        rule = "a plugin must return the response to an operation that it does not know"
        assert results == [b"a=1"] * 2, rule
        assert len(transport.requests) == 2, "a plugin must not answer an operation it doesn't know"
        transport = RespondingTransport(raising(DisconnectedError("contract", sent=True)))
        with self._sync(self.plugin(), transport) as users, contextlib.suppress(TransportError):
            users.call(operation)
        assert len(transport.requests) == 1, "a plugin must not repeat what is not idempotent"

    def test_it_holds_no_call_and_shows_no_token_afterwards(self) -> None:
        plugin = self.plugin()
        transport = RespondingTransport(own_profile)
        with self._sync(plugin, transport) as users:
            users.get_info(_SECRET_TOKEN)
            call = weakref.ref(transport.profile_requests[0].call)
            transport.requests.clear()
            gc.collect()
            assert call() is None, "a plugin must not keep a call that has ended"
        state = repr(plugin) + repr(getattr(plugin, "__dict__", {}))
        assert _SECRET_TOKEN not in state, "a plugin must not keep a token"


def _read(response: Response) -> bytes:
    return response.body
