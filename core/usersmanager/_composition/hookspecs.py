"""The hooks of this library: what a plugin or transport may implement.

Every hook is called once, without arguments, when a manager is constructed. A plugin implements
some of them as functions or methods marked with `@hookimpl`.
"""

from __future__ import annotations

import pluggy

from .._flow.effects import Middleware
from .._flow.transport import AsyncTransport, Transport

__all__ = ["HOOKS", "hookimpl", "hookspec"]

hookspec = pluggy.HookspecMarker("usersmanager")
hookimpl = pluggy.HookimplMarker("usersmanager")
"""Mark a function or method as the implementation of a hook.

`tryfirst=True` makes a discovered plugin the outermost, `trylast=True` the innermost. They have no
effect on a plugin in the `plugins` list of a manager: there the order of the list counts.
"""


@hookspec(firstresult=True)
def usersmanager_transport() -> Transport | None:
    """Return a new sync transport. The manager that requested it closes it."""


@hookspec(firstresult=True)
def usersmanager_async_transport() -> AsyncTransport | None:
    """Return a new asyncio transport. The manager that requested it closes it.

    There may be no running event loop: a manager can be constructed outside of one.
    """


@hookspec
def usersmanager_wrap_call() -> Middleware | None:
    """Return middleware for a whole call, outside the retries: retry, cache, overall timing.

    Middleware is a function of `(request, proceed)`: either a generator function that runs
    `response = yield from proceed(request)` and returns a Response, or a plain function that
    returns `proceed(request)` or a Response. The request that it passes on may be a changed copy.
    `proceed` returns a Response for every status, and raises TransportError if there is none.
    """


@hookspec
def usersmanager_wrap_attempt() -> Middleware | None:
    """Return middleware for each attempt, inside the retries: headers, tracing, logging.

    `request.attempt` is the number of the attempt.
    """


HOOKS = tuple(
    spec.__name__
    for spec in (
        usersmanager_transport,
        usersmanager_async_transport,
        usersmanager_wrap_call,
        usersmanager_wrap_attempt,
    )
)
