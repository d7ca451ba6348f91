"""The hooks: the whole contract with plugins, on one page.

A plugin marks functions or methods of these names with `@hookimpl`. They are called
once, when a manager is constructed; what they return acts at each call.

    construction:  usersmanager_transport         blocking managers
                   usersmanager_async_transport   asyncio managers
                   usersmanager_wrap_call         both
                   usersmanager_wrap_attempt      both

A plugin is named by an entry point in the group `usersmanager.plugins`, a transport
by one in `usersmanager.transports`. The entry point names a class (each manager makes
one instance of its own, without arguments), or a module or object with functions.
"""

from __future__ import annotations

import pluggy

from .._flow.effects import Middleware
from .._flow.transport import AsyncTransport, Transport

__all__ = ["hookimpl", "hookspec"]

hookspec = pluggy.HookspecMarker("usersmanager")
hookimpl = pluggy.HookimplMarker("usersmanager")
"""Marks a function or method as a hook of this library. `tryfirst=True`
puts a discovered plugin outside all others, `trylast=True` inside; one that the user
put into `plugins` stays where the user put it."""


@hookspec(firstresult=True)
def usersmanager_transport() -> Transport | None:
    """A new blocking transport: an object with `send(request)` and `close()`.

    The manager that asks for it owns it and closes it.
    """


@hookspec(firstresult=True)
def usersmanager_async_transport() -> AsyncTransport | None:
    """A new asyncio transport: an object with `asend(request)` and `aclose()`.

    Called where the manager is made, which may be outside an event loop.
    """


@hookspec
def usersmanager_wrap_call() -> Middleware | None:
    """What acts around a whole call, outside the retries: retry, cache, overall timing.

    A wrap takes `(request, proceed)`. It is a generator that gets the response by
    `response = yield from proceed(request)` and returns one; or a plain function that
    returns `proceed(request)`, with a changed request if it likes, or a Response.
    An error status is a response like any other; what raises is a `TransportError`.
    """


@hookspec
def usersmanager_wrap_attempt() -> Middleware | None:
    """What acts around each attempt, inside the retries: headers, tracing, logging.

    The same kind of wrap. `request.attempt` tells which attempt it is.
    """
