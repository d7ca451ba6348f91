"""Chain the hooks of a manager around its transport.

call:     manager → variant hooks → wrap_call hooks → attempt
attempt:  request hooks → wrap_attempt hooks → send → response hooks
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import GeneratorType
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from .._values.credential import Credential
from .._values.request import Request
from .._values.response import Response
from ..errors import DeadlineExceededError, PluginError, UsersManagerError
from .effects import Flow, Proceed, Send, Wrap
from .mistakes import STOP_ITERATION, MistakeError, blame, explain_request, explain_result
from .raw_errors import is_raw_error, translate
from .shutdown import is_refused_by_shutdown, shutdown_error

__all__ = ["Hook", "Observe", "call_hook", "chain"]

F = TypeVar("F", bound=Callable[..., Any])
Change: TypeAlias = Callable[[Request], object]
Describe: TypeAlias = Callable[[Request], object]
Observe: TypeAlias = Callable[..., object]


class Hook(NamedTuple, Generic[F]):
    """The implementation of a hook, with the name of its plugin."""

    plugin: str
    function: F


def chain(
    call_wraps: Sequence[Hook[Wrap]] = (),
    request_hooks: Sequence[Hook[Change]] = (),
    attempt_wraps: Sequence[Hook[Wrap]] = (),
    response_hooks: Sequence[Hook[Observe]] = (),
    variant_hooks: Sequence[Hook[Describe]] = (),
    *,
    close_connections: bool = False,
) -> Proceed:
    """Return a function that sends a request through all hooks.

    Args:
        call_wraps: the hooks around the call, the outermost first.
        request_hooks: the hooks that may change the request of an attempt, in order.
        attempt_wraps: the hooks around each attempt, the outermost first.
        response_hooks: the hooks that observe the response of an attempt, in order.
        variant_hooks: the hooks that say what a response depends on.
        close_connections: whether to use a separate connection for each request.
    """
    proceed: Proceed = _send_and_close if close_connections else _send
    for hook in reversed(attempt_wraps):
        proceed = _around(hook, proceed)
    if response_hooks:
        proceed = _observed(response_hooks, proceed)
    proceed = _attempt(request_hooks, proceed)
    for hook in reversed(call_wraps):
        proceed = _around(hook, proceed)
    return _with_variant(variant_hooks, proceed) if variant_hooks else proceed


def call_hook(hook: Hook[Observe], *arguments: object) -> object:
    """Call a hook that is not a flow.

    Raises:
        PluginError: the hook made a mistake. Other exceptions pass unchanged.
    """
    try:
        return hook.function(*arguments)
    except MistakeError as caught:
        mistake = caught
    except StopIteration as error:
        raise blame(hook.plugin, STOP_ITERATION) from error
    raise blame(hook.plugin, mistake)


def _send_and_close(request: Request) -> Flow[Response]:
    return _send(request.with_connection_close())


def _send(request: Request) -> Flow[Response]:
    if not request.call.attempts:  # A request that a plugin of an attempt makes of its own.
        request = _next_attempt(request)
    if request.deadline.remaining() <= 0:
        raise DeadlineExceededError("the deadline passed before sending", sent=False)
    error: UsersManagerError
    try:
        response = yield Send(request)
    except UsersManagerError as caught:
        error = shutdown_error() if is_refused_by_shutdown(caught) else caught
    except BaseException as caught:
        if is_refused_by_shutdown(caught):
            error = shutdown_error()
        elif is_raw_error(caught):
            error = translate(caught)
        else:
            # An interruption or a custom exception of the transport passes unchanged, but without
            # the frames that hold the token.
            caught.__cause__ = caught.__context__ = None
            raise caught.with_traceback(None)  # noqa: B904 - the same error, not another.
    else:
        if isinstance(response, Response):
            return response
        kind = type(response).__name__
        error = PluginError(f"the transport returned {kind}, not a Response")
        del response  # It may be a secret, and a traceback shows local variables.
    # Not inside the `except` block, which would set the context again.
    try:
        raise error._without_traceback()
    finally:
        del error  # Break the reference cycle.


def _attempt(request_hooks: Sequence[Hook[Change]], inner: Proceed) -> Proceed:
    """Number and authorize the attempts, and apply the request hooks before `inner`."""

    def proceed(request: Request) -> Flow[Response]:
        if not (isinstance(request, Request) and request.call._site):
            raise explain_request(request)
        request = _next_attempt(request)
        for hook in request_hooks:
            request = _changed(request, hook)
        return inner(request)

    return proceed


def _next_attempt(request: Request) -> Request:
    call = request.call
    call.attempts += 1
    request = request.with_attempt(call.attempts)
    return request if call.credential is None else _authorized(request, call.credential)


def _authorized(request: Request, credential: Credential) -> Request:
    request.call.token_changes += 1  # What plugins around the call have seen is not all.
    try:
        authorized: object = credential.authorize(request)
    except StopIteration as error:
        name = type(credential).__name__
        raise PluginError(f"{name}.authorize {STOP_ITERATION}") from error
    if isinstance(authorized, Request) and authorized.call is request.call:
        return authorized
    is_request = isinstance(authorized, Request)
    kind = "a Request of another call" if is_request else type(authorized).__name__
    del authorized  # It may be a secret, and a traceback shows local variables.
    raise PluginError(
        f"{type(credential).__name__}.authorize returned {kind}: return a Request"
        f"{', made by a method of the one it got' if is_request else ''}"
    )


def _changed(request: Request, hook: Hook[Change]) -> Request:
    changed = call_hook(hook, request)
    if changed is None:
        return request
    if isinstance(changed, Request):
        return changed
    kind = type(changed).__name__
    del changed  # It may be a secret, and a traceback shows local variables.
    raise blame(hook.plugin, f"returned {kind} from usersmanager_request: return a Request or None")


def _observed(response_hooks: Sequence[Hook[Observe]], inner: Proceed) -> Proceed:
    def proceed(request: Request) -> Flow[Response]:
        response = yield from inner(request)
        for hook in response_hooks:
            call_hook(hook, request, response)
        return response

    return proceed


def _with_variant(hooks: Sequence[Hook[Describe]], inner: Proceed) -> Proceed:
    def proceed(request: Request) -> Flow[Response]:
        for hook in hooks:
            text = call_hook(hook, request)
            if isinstance(text, str):
                request.call.variant += ((hook.plugin, text),)
            elif text is not None:
                kind = type(text).__name__
                del text  # It may be a secret, and a traceback shows local variables.
                mistake = f"returned {kind} from usersmanager_variant: return a str or None"
                raise blame(hook.plugin, mistake)
        return inner(request)

    return proceed


def _around(hook: Hook[Wrap], inner: Proceed) -> Proceed:
    plugin, wrap = hook

    def proceed(request: Request) -> Flow[Response]:
        if not (isinstance(request, Request) and request.call._site):
            raise explain_request(request)  # In the frame of the plugin that called `proceed`.
        result: object
        try:
            result = wrap(request, inner)
            if isinstance(result, GeneratorType):
                result = yield from result
        except MistakeError as caught:
            explanation = str(caught)
        except StopIteration as error:
            raise blame(plugin, STOP_ITERATION) from error
        else:
            if isinstance(result, Response):
                return result
            explanation = explain_result(result)
        result = None  # It may be a secret, and a traceback shows local variables.
        # Not inside the `except` block, which would attach the frames of the mistake.
        raise blame(plugin, explanation)

    return proceed
