"""The plugin under test, its managers, and the provider that they know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from ..._manager.async_manager import AsyncUsersManager
from ..._manager.base import BaseUsersManager
from ..._manager.sync_manager import UsersManager
from ..._values.request import Request
from ..._values.response import Response
from .responding import RespondingTransport

__all__ = ["PluginProvider"]

_URL = "https://contract.example"

ManagerT = TypeVar("ManagerT", bound=BaseUsersManager[Any])


class PluginProvider:
    """What a subclass overrides: the plugin, and the provider if the plugin needs more of it.

    Attributes:
        metadata: what the managers know about their provider, besides its issuer and its userinfo
            endpoint; None if they know nothing, as without ``from_issuer``.
    """

    metadata: ClassVar[Mapping[str, Any] | None] = None

    def plugin(self) -> object:
        """Return a new plugin. Override this method."""
        raise NotImplementedError("override plugin() to return a new plugin")

    def answer(self, request: Request, response: Response) -> Response:
        """Return what the provider sends in place of the response of a test case.

        Override it if the plugin makes requests of its own, or accepts another form of a profile.

        Args:
            request: the request, maybe one of the plugin's own.
            response: what is sent if this method isn't overridden.
        """
        return response

    def _sync(
        self, plugin: object, transport: RespondingTransport, url: str = _URL
    ) -> UsersManager:
        transport.answer = self.answer
        users = UsersManager(url, transport=transport, plugins=[plugin], discover=False)
        return self._configured(users, url)

    def _async(self, plugin: object, transport: RespondingTransport) -> AsyncUsersManager:
        transport.answer = self.answer
        users = AsyncUsersManager(_URL, transport=transport, plugins=[plugin], discover=False)
        return self._configured(users, _URL)

    def _configured(self, users: ManagerT, url: str) -> ManagerT:
        if self.metadata is not None:
            known = {"issuer": url, "userinfo_endpoint": f"{url}/userinfo", **self.metadata}
            users._use_configuration(known, url)
        return users
