"""The hooks that a plugin or transport may implement.

A plugin implements some of them as methods or functions marked with `@hookimpl`. An implementation
may take fewer arguments than its hook has. Only the transport hooks are called by pluggy. The
others are composed into one chain when a manager is constructed.
"""

from __future__ import annotations

import ssl

import pluggy

from .._flow.effects import Flow, Proceed
from .._flow.transport import AsyncTransport, Transport
from .._values.request import Request
from .._values.response import Response

__all__ = ["HOOKS", "hookimpl", "hookspec"]

hookspec = pluggy.HookspecMarker("usersmanager")
hookimpl: pluggy.HookimplMarker = pluggy.HookimplMarker("usersmanager")
"""Mark a function or method as the implementation of a hook.

`tryfirst=True` makes it the outermost, `trylast=True` the innermost.
"""


@hookspec(firstresult=True)
def usersmanager_transport(
    proxy: str | None, ssl_context: ssl.SSLContext | None
) -> Transport | None:
    """Return a new sync transport. The manager that requested it closes it.

    Args:
        proxy: the URL of the proxy to use, or None for the default of the transport.
        ssl_context: the TLS settings to use, or None for the default of the transport.
    """


@hookspec(firstresult=True)
def usersmanager_async_transport(
    proxy: str | None, ssl_context: ssl.SSLContext | None
) -> AsyncTransport | None:
    """Return a new asyncio transport. The manager that requested it closes it.

    There may be no running event loop: a manager can be constructed outside of one.

    Args:
        proxy: the URL of the proxy to use, or None for the default of the transport.
        ssl_context: the TLS settings to use, or None for the default of the transport.
    """


@hookspec
def usersmanager_variant(request: Request) -> str | None:
    """Return a text that identifies how this plugin affects responses, or None if it doesn't.

    For a plugin that verifies or rewrites responses, or changes what a cache can't see. Managers
    may share a cache: it answers a call only with a response of the same variant. The variant
    consists of the texts of all plugins (``request.call.variant``). The text contains every setting
    that matters, such as ``"client_id=my-app"``. It must not be a secret.

    A plugin that keeps responses returns ``""``, which marks its place: the texts are in the order
    of the plugins.

    The hook is called once per call, before all others, for every operation. It must be fast.
    """


@hookspec
def usersmanager_request(request: Request) -> Request | None:
    """Return a changed request for an attempt, or None to leave it unchanged.

    It is called before each attempt; ``request.attempt`` is its number.
    """


@hookspec
def usersmanager_response(request: Request, response: Response) -> None:
    """Observe the response of an attempt.

    It is called after each attempt that got a response, with the request as changed by the request
    hooks. An attempt without a response raises an exception in the wrap hooks.
    """


@hookspec
def usersmanager_wrap_call(request: Request, proceed: Proceed) -> Flow[Response] | Response:
    """Wrap a whole call, outside the retries: for a cache, a circuit breaker, a token refresh.

    It is a generator function that runs ``response = yield from proceed(request)`` and returns a
    Response, or a plain function that returns ``proceed(request)`` or a Response. It may pass a
    changed copy of the request to ``proceed``, which returns a Response for every status and raises
    TransportError if there is no response.
    """
    raise NotImplementedError


@hookspec
def usersmanager_wrap_attempt(request: Request, proceed: Proceed) -> Flow[Response] | Response:
    """Wrap each attempt, inside the retries: for tracing or timing.

    ``request.attempt`` is the number of the attempt. See `usersmanager_wrap_call`.
    """
    raise NotImplementedError


@hookspec
def usersmanager_done(
    request: Request, response: Response | None, error: BaseException | None, elapsed: float
) -> None:
    """Observe the end of a call, once, after its response has been decoded.

    Args:
        request: the first request of the call.
        response: the response that the outermost wrap hook returned, or None.
        error: the exception that the caller gets, which may be a cancellation or an interruption;
            or None.
        elapsed: the seconds since the call started.
    """


@hookspec
def usersmanager_close() -> None:
    """Release the plugin's resources for a manager, once, after its transport has been closed."""


@hookspec
async def usersmanager_aclose() -> None:
    """Release the plugin's resources for an AsyncUsersManager. May be a coroutine function.

    If a plugin does not implement this hook, `usersmanager_close` is called instead.
    """


HOOKS = tuple(
    spec.__name__
    for spec in (
        usersmanager_transport,
        usersmanager_async_transport,
        usersmanager_variant,
        usersmanager_request,
        usersmanager_response,
        usersmanager_wrap_call,
        usersmanager_wrap_attempt,
        usersmanager_done,
        usersmanager_close,
        usersmanager_aclose,
    )
)
