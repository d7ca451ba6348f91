"""The shipped plugins keep the contract; plugins that are wrong in some way don't."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from usersmanager import Request, Response
from usersmanager.plugins import Flow, Proceed, hookimpl
from usersmanager.testing import PluginContract
from usersmanager_headers import Headers
from usersmanager_logging import Logging
from usersmanager_retry import Retry


class TestRetry(PluginContract):
    def plugin(self) -> Retry:
        return Retry()


class TestHeaders(PluginContract):
    def plugin(self) -> Headers:
        return Headers(lambda request: {"X-Attempt": str(request.attempt)})


class TestLogging(PluginContract):
    def plugin(self) -> Logging:
        return Logging()


class Wrong:
    """A plugin that does nothing wrong yet."""

    @hookimpl
    def usersmanager_wrap_call(self) -> Any:
        return self.around

    def around(self, request: Request, proceed: Proceed) -> Flow:
        return (yield from proceed(request))


class SharesOneCache(Wrong):
    cached: Response | None = None

    def around(self, request: Request, proceed: Proceed) -> Flow:
        if self.cached is None:
            self.cached = yield from proceed(request)
        return self.cached


class SwallowsInterruptions(Wrong):
    def around(self, request: Request, proceed: Proceed) -> Flow:
        try:
            return (yield from proceed(request))
        except BaseException:
            return (yield from proceed(request))


class SwallowsErrors(Wrong):
    def around(self, request: Request, proceed: Proceed) -> Flow:
        try:
            return (yield from proceed(request))
        except Exception:
            return Response(401)


class RepeatsEverything(Wrong):
    def around(self, request: Request, proceed: Proceed) -> Flow:
        try:
            return (yield from proceed(request))
        except Exception:
            return (yield from proceed(request))


class KeepsRequests(Wrong):
    def __init__(self) -> None:
        self.kept: list[Request] = []

    def around(self, request: Request, proceed: Proceed) -> Flow:
        self.kept.append(request)
        return (yield from proceed(request))


class KeepsTokens(Wrong):
    def __init__(self) -> None:
        self.kept: list[str] = []

    def around(self, request: Request, proceed: Proceed) -> Flow:
        self.kept.append(request.token.reveal())
        return (yield from proceed(request))


def failed_rows(plugin: type) -> set[str]:
    """The rows of the contract that a plugin breaks."""

    class Contract(PluginContract):
        def plugin(self) -> object:
            return plugin()

    rows = [name for name, _ in inspect.getmembers(Contract) if name.startswith("test_")]
    failed = set()
    for row in rows:
        try:
            getattr(Contract(), row)()
        except Exception:
            failed.add(row)
    return failed


@pytest.mark.parametrize(
    ("plugin", "broken"),
    [
        (Wrong, None),
        (SharesOneCache, "test_every_user_gets_their_own_profile"),
        (SharesOneCache, "test_a_link_is_never_given_out_twice"),
        (SwallowsInterruptions, "test_an_interruption_is_not_swallowed"),
        (SwallowsInterruptions, "test_its_flow_ends_when_it_is_closed"),
        (SwallowsErrors, "test_transport_errors_pass_through_in_both_modes"),
        (RepeatsEverything, "test_an_impersonation_that_may_have_been_processed_is_not_repeated"),
        (KeepsRequests, "test_it_holds_no_call_and_shows_no_token_afterwards"),
        (KeepsTokens, "test_it_holds_no_call_and_shows_no_token_afterwards"),
    ],
)
def test_the_contract_finds_what_is_wrong(plugin: type, broken: str | None) -> None:
    failed = failed_rows(plugin)
    assert failed == set() if broken is None else broken in failed
