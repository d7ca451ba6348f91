"""The transport of a manager: found by name, and of the right mode."""

from __future__ import annotations

from typing import Any

import pytest
from tests.composition.support import Install, names
from tests.support import TENANT

from usersmanager import AsyncUsersManager, PluginError, UsersManager


class AsyncOnly:
    async def asend(self, request: Any) -> Any: ...
    async def aclose(self) -> None: ...


class SyncOnly:
    def send(self, request: Any) -> Any: ...
    def close(self) -> None: ...


class WronglyNamed:
    async def send(self, request: Any) -> Any: ...
    async def close(self) -> None: ...


@pytest.mark.parametrize(
    ("kind", "transport", "advice"),
    [
        (UsersManager, AsyncOnly(), "use it with AsyncUsersManager"),
        (AsyncUsersManager, SyncOnly(), "use it with UsersManager"),
        (AsyncUsersManager, "urllib3", "leave transport out for 'aiohttp'"),
        (UsersManager, WronglyNamed(), "name its coroutine function asend"),
        (AsyncUsersManager, WronglyNamed(), "name its coroutine function asend"),
    ],
)
def test_a_transport_of_the_wrong_mode_is_rejected_with_advice(
    kind: Any, transport: Any, advice: str
) -> None:
    with pytest.raises(PluginError) as caught:
        kind(TENANT, transport=transport)
    assert advice in str(caught.value)


def test_a_transport_with_the_hook_of_a_plugin_is_rejected(install: Install) -> None:
    source = (
        "from usersmanager.plugins import hookimpl\n"
        "@hookimpl\ndef usersmanager_transport(): ...\n"
        "@hookimpl\ndef usersmanager_close(): ...\n"
    )
    install.transport("custom", source)
    with pytest.raises(PluginError, match="can't implement usersmanager_close: move it to a"):
        UsersManager(TENANT, transport="custom")


def test_a_disabled_transport_that_is_requested_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERSMANAGER_DISABLE", "urllib3")
    with pytest.raises(PluginError, match="disabled by USERSMANAGER_DISABLE"):
        names(transport=None)
