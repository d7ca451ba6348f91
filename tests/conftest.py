"""What every test may use: a sandbox, and one way to call either mode."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.register_assert_rewrite("usersmanager.testing")

from usersmanager import AsyncUsersManager, UsersManager, UsersManagerError
from usersmanager.testing import FakeTransport, Sandbox


class Mode:
    """Makes a manager, calls one method of it, closes it: the same for both modes."""

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
        """The result of one call of a manager that is made for it."""
        return self.calls([(method, args, {"timeout": timeout})], base_url=base_url, **settings)[0]

    def calls(
        self,
        calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]],
        *,
        base_url: str,
        **settings: Any,
    ) -> list[Any]:
        """The results of several calls of one manager, one after another."""
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
    """`get_info` over the fake transport, in either mode, without discovered plugins."""

    def fetch(token: str = "a-token", **settings: Any) -> Any:
        settings = {"discover": False, "transport": fake, **settings}
        return mode.call("get_info", token, base_url="https://tenant.example", **settings)

    return fetch


@pytest.fixture
def impersonate(mode: Mode, fake: FakeTransport) -> Callable[..., Any]:
    """`impersonate` over the fake transport, in either mode, without discovered plugins."""

    def impersonate(user_id: Any = "auth0|ada", settings: Any = None, **constructor: Any) -> Any:
        given = impersonation() if settings is None else settings
        constructor = {"discover": False, "transport": fake, **constructor}
        return mode.call(
            "impersonate", user_id, given, base_url="https://tenant.example", **constructor
        )

    return impersonate


def impersonation(**changes: Any) -> dict[str, Any]:
    """Good impersonation settings, with changes; None leaves one out."""
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
def refused() -> Callable[[Callable[[], object]], UsersManagerError]:
    """The error that a call raises."""

    def refused(call: Callable[[], object]) -> UsersManagerError:
        with pytest.raises(UsersManagerError) as caught:
            call()
        return caught.value

    return refused
