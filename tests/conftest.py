"""Fixtures for all tests: a sandbox, a fake transport, and calls in either mode."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("usersmanager.testing")

from usersmanager import AsyncUsersManager, UsersManager, UsersManagerError
from usersmanager.testing import FakeTransport, Sandbox

# As in the profile "ci", the same examples in every run, and no limit of time for each: the machine
# may be busy. `--hypothesis-profile=ci` generates more of them.
settings.register_profile("ordinary", settings.get_profile("ci"), max_examples=30)
settings.load_profile("ordinary")

# While tests are collected, objects only accumulate.
gc.disable()


def pytest_collection_finish() -> None:
    """Take the collected tests out of every garbage collection: many tests make one."""
    gc.freeze()
    gc.enable()


class Mode:
    """Sync or async: makes a manager, calls it and closes it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def make(self, *args: Any, **kwargs: Any) -> UsersManager | AsyncUsersManager:
        kind = UsersManager if self.name == "sync" else AsyncUsersManager
        return kind(*args, **kwargs)

    def call(
        self, method: str, *args: Any, base_url: str, timeout: float | None = None, **settings: Any
    ) -> Any:
        """Return the result of one call of a new manager."""
        return self.calls([(method, args, {"timeout": timeout})], base_url=base_url, **settings)[0]

    def calls(
        self,
        calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]],
        *,
        base_url: str,
        **settings: Any,
    ) -> list[Any]:
        """Return the results of successive calls of one new manager."""
        if self.name == "sync":
            with UsersManager(base_url, **settings) as users:
                return [getattr(users, name)(*args, **kwargs) for name, args, kwargs in calls]

        async def main() -> list[Any]:
            async with AsyncUsersManager(base_url, **settings) as users:
                return [await getattr(users, name)(*args, **kwargs) for name, args, kwargs in calls]

        return asyncio.run(main())


@pytest.fixture(params=["sync", "async"])
def mode(request: pytest.FixtureRequest) -> Mode:
    return Mode(request.param)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        sandbox.add_user("auth0|ada", name="Ada", email="ada@example.com", email_verified=True)
        sandbox.add_user("auth0|boss", name="Boss")
        yield sandbox


@pytest.fixture
def fake() -> FakeTransport:
    return FakeTransport()


@pytest.fixture
def fetch(mode: Mode, fake: FakeTransport) -> Callable[..., Any]:
    """Call `get_info` over the fake transport, in either mode, without discovered plugins."""

    def fetch(token: str = "a-token", **settings: Any) -> Any:
        settings = {"discover": False, "transport": fake, **settings}
        return mode.call("get_info", token, base_url="https://tenant.example", **settings)

    return fetch


@pytest.fixture
def impersonate(mode: Mode, fake: FakeTransport) -> Callable[..., Any]:
    """Call `impersonate` over the fake transport, in either mode, without discovered plugins."""

    def impersonate(user_id: Any = "auth0|ada", settings: Any = None, **constructor: Any) -> Any:
        settings = impersonation() if settings is None else settings
        constructor = {"discover": False, "transport": fake, **constructor}
        return mode.call(
            "impersonate", user_id, settings, base_url="https://tenant.example", **constructor
        )

    return impersonate


def impersonation(**changes: Any) -> dict[str, Any]:
    """Return valid impersonation settings with changes; None removes one."""
    settings = {
        "impersonator_id": "auth0|boss",
        "protocol": "oauth2",
        "token": "an-api-token",
        **changes,
    }
    return {name: value for name, value in settings.items() if value is not None}


@pytest.fixture(name="impersonation")
def impersonation_fixture() -> Callable[..., dict[str, Any]]:
    return impersonation


@pytest.fixture
def error_of() -> Callable[[Callable[[], object]], UsersManagerError]:
    """Return the error that a call raises."""

    def error_of(call: Callable[[], object]) -> UsersManagerError:
        with pytest.raises(UsersManagerError) as caught:
            call()
        return caught.value

    return error_of
