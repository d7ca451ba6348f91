"""The shipped plugins pass the contract; a plugin with a mistake fails it."""

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


class Correct:
    """A plugin without a mistake, to derive others from."""

    @hookimpl
    def usersmanager_wrap_call(self) -> Any:
        return self.middleware

    def middleware(self, request: Request, proceed: Proceed) -> Flow:
        return (yield from proceed(request))


class SharesOneCache(Correct):
    cached: Response | None = None

    def middleware(self, request: Request, proceed: Proceed) -> Flow:
        if self.cached is None:
            self.cached = yield from proceed(request)
        return self.cached


class SwallowsInterruptions(Correct):
    def middleware(self, request: Request, proceed: Proceed) -> Flow:
        try:
            return (yield from proceed(request))
        except BaseException:
            return (yield from proceed(request))


class SwallowsErrors(Correct):
    def middleware(self, request: Request, proceed: Proceed) -> Flow:
        try:
            return (yield from proceed(request))
        except Exception:
            return Response(401)


class RepeatsEverything(Correct):
    def middleware(self, request: Request, proceed: Proceed) -> Flow:
        try:
            return (yield from proceed(request))
        except Exception:
            return (yield from proceed(request))


class KeepsRequests(Correct):
    def __init__(self) -> None:
        self.kept: list[Request] = []

    def middleware(self, request: Request, proceed: Proceed) -> Flow:
        self.kept.append(request)
        return (yield from proceed(request))


class KeepsTokens(Correct):
    def __init__(self) -> None:
        self.kept: list[str] = []

    def middleware(self, request: Request, proceed: Proceed) -> Flow:
        self.kept.append(request.token.reveal())
        return (yield from proceed(request))


def failed_tests(plugin: type) -> set[str]:
    """Return the tests of the contract that a plugin fails."""

    class Contract(PluginContract):
        def plugin(self) -> object:
            return plugin()

    tests = [name for name, _ in inspect.getmembers(Contract) if name.startswith("test_")]
    failed = set()
    for test in tests:
        try:
            getattr(Contract(), test)()
        except Exception:
            failed.add(test)
    return failed


@pytest.mark.parametrize(
    ("plugin", "test"),
    [
        (Correct, None),
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
def test_a_plugin_with_a_mistake_fails_the_test_for_it(plugin: type, test: str | None) -> None:
    failed = failed_tests(plugin)
    assert failed == set() if test is None else test in failed
