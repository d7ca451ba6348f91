"""A urllib3 that a tool has replaced is refused, and the message says what to do."""

from __future__ import annotations

import pytest
from urllib3 import connection

from usersmanager import PluginError, UsersManager
from usersmanager.testing import FaultServer
from usersmanager_urllib3 import Urllib3Transport


@pytest.mark.parametrize("name", ["HTTPConnection", "HTTPSConnection"])
def test_a_replaced_class_is_refused_only_while_it_is_replaced(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    class Replacement:
        """A class of this module."""

    with FaultServer() as server:
        with monkeypatch.context() as patch:
            patch.setattr(connection, name, Replacement)
            with pytest.raises(PluginError) as caught:
                Urllib3Transport()
        message = str(caught.value)
        assert message.startswith(f"{__name__} has replaced urllib3.connection.{name}")
        for remedy in ("PoolManagerTransport", "FakeTransport", "Sandbox"):
            assert remedy in message
        with UsersManager(server.origin, transport=Urllib3Transport(), discover=False) as users:
            assert users.get_info("mine").sub == "mine"


def test_methods_may_be_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Agents that trace requests do."""
    monkeypatch.setattr(connection.HTTPConnection, "request", lambda *_: None)
    Urllib3Transport().close()
