"""The transport contracts: two levels, each for sync and async transports.

docs/contracts.md explains every case. The contracts need pytest, and trustme for certificates.
"""

from __future__ import annotations

from typing import ClassVar

from .basic.cancellation import CancellationCases
from .basic.connections import ConnectionCases
from .basic.environment import EnvironmentCases
from .basic.failures import FailureCases
from .basic.messages import MessageCases
from .basic.tls import TLSCases
from .clients import AsyncClient, SyncClient
from .strict.cancellation import WaiterCases
from .strict.connecting import ConnectingCases
from .strict.exactness import ExactnessCases
from .strict.forking import ForkCases
from .strict.framing import FramingCases
from .strict.pool import PoolCases
from .strict.reuse import ReuseCases
from .strict.tls import StrictTLSCases

__all__ = [
    "AsyncTransportContract",
    "StrictAsyncTransportContract",
    "StrictTransportContract",
    "TransportContract",
]


class _Basic(MessageCases, EnvironmentCases, FailureCases, ConnectionCases, TLSCases):
    """The basic cases for sync and async transports."""


class _Strict(ExactnessCases, ConnectingCases, PoolCases, FramingCases, ReuseCases, StrictTLSCases):
    """The strict cases for sync and async transports."""


class TransportContract(_Basic):
    """What every sync transport must do. Subclass it and override ``transport``.

    A careful adapter over any HTTP library can pass it. The cases send the same requests as a
    manager: with ``Connection: close``, unless the transport declares ``strict = True``.

    Example::

        class TestMine(TransportContract):
            def transport(self, **settings):
                return MyTransport(**settings)
    """

    client_class: ClassVar[type[SyncClient]] = SyncClient


class StrictTransportContract(_Strict, ForkCases, TransportContract):
    """What a sync transport with ``strict = True`` must do in addition.

    Such a transport reuses connections, and no response may reach another caller. A transport over
    `usersmanager.transports.Http1Transport` passes it.
    """


class AsyncTransportContract(_Basic, CancellationCases):
    """What every async transport must do. Subclass it and override ``transport``.

    A careful adapter over any HTTP library can pass it. The cases send the same requests as a
    manager: with ``Connection: close``, unless the transport declares ``strict = True``.

    Example::

        class TestMine(AsyncTransportContract):
            def transport(self, **settings):
                return MyAsyncTransport(**settings)
    """

    client_class: ClassVar[type[AsyncClient]] = AsyncClient


class StrictAsyncTransportContract(_Strict, WaiterCases, AsyncTransportContract):
    """What an async transport with ``strict = True`` must do in addition.

    Such a transport reuses connections, and no response may reach another caller. A transport over
    `usersmanager.transports.AsyncHttp1Transport` passes it.
    """
