"""SingleFlight: of several calls that want the same, one acts and the others wait."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from types import GeneratorType
from typing import TypeVar, cast

from .._values.deadline import Deadline
from .._values.token import Secret
from ..errors import TransportError
from .effects import Flow, Wait
from .flights import Caller, Flights
from .mistakes import MistakeError, explain_shared_flow
from .outcome import Returned, shared_error
from .waiter import Waiter

__all__ = ["SingleFlight"]

T = TypeVar("T")

_AT_ONCE = Deadline(float("-inf"))


class SingleFlight:
    """Run a flow once for all calls that need its result at the same time.

    The first call of `run` with a key runs the flow. Calls with an equal key wait until it ends and
    share the outcome: the result, such as a Response of any status, or a copy of a TransportError.
    Each waiting call keeps its own deadline, and can be cancelled or interrupted without harm to
    the others.

    What concerns the acting call alone is not shared: its deadline, a PoolTimeoutError, its
    cancellation or interruption, and exceptions other than a TransportError. Then the call that has
    waited longest acts, and the others go on waiting for it. No call waits for another one beyond
    the deadline of that one.

    Threads, tasks and event loops may share an instance, and so may a UsersManager and an
    AsyncUsersManager. A child process that is forked starts without flights.

    Example:
        A cache that sends one request for a profile, however many calls ask for it at once:

        ```python
        class Cache:
            def __init__(self):
                self.responses = {}
                self.flight = SingleFlight()

            @hookimpl
            def usersmanager_wrap_call(self, request, proceed):
                if request.operation != "get_info":
                    return (yield from proceed(request))
                key = hashlib.sha256(f"{request.url} {request.token.reveal()}".encode()).digest()
                if key not in self.responses:
                    response = yield from self.flight.run(key, lambda: proceed(request))
                    if response.status != 200:
                        return response
                    self.responses[key] = response
                return self.responses[key]
        ```
    """

    def __init__(self) -> None:
        self._flights = Flights()

    def run(self, key: Hashable, flow_function: Callable[[], Flow[T]]) -> Flow[T]:
        """Run a flow, or wait for the call that is running one with an equal key.

        Args:
            key: hashable; calls with equal keys share an outcome. For the response to a user, make
                it from the URL and the token. It appears in no repr and no traceback, and is
                dropped when the flow has ended.
            flow_function: called without arguments, only in the call that acts. It returns a flow,
                such as `proceed(request)`, or is a generator function.

        Returns:
            A flow for `yield from`, which results in what the flow returned. A wrap that is a plain
            function may return it.

        Raises:
            PluginError: raised by `yield from`; the key is not hashable, `flow_function` is not a
                function that returns a flow, or the flow that runs for a key called `run` with an
                equal key.
            DeadlineExceededError: raised by `yield from`; the call's deadline came first.
            TransportError: raised by `yield from`; the flow raised it, in this or another call.
            Exception: raised by `yield from`; the flow raised it in this call.

        Example:
            `response = yield from self.flight.run(key, lambda: proceed(request))`
        """
        return self._run(Secret(key), flow_function)

    def forget(self, key: Hashable) -> None:
        """Let no further call wait for the flow that is running with an equal key, if there is one.

        The calls that are waiting still share its outcome; the next call of `run` starts another
        flow. Use it when the outcome will be outdated, for example because a token was revoked.

        Args:
            key: a key that was passed to `run`.

        Raises:
            PluginError: the key is not hashable.

        Example:
            `self.flight.forget(key)`
        """
        secret = Secret(key)
        del key  # A traceback shows local variables.
        _require_hashable(secret)
        self._flights.forget(secret)

    def _run(self, key: Secret[Hashable], flow_function: Callable[[], Flow[T]]) -> Flow[T]:
        _require_hashable(key)
        waiter = Waiter()
        # Only the driver knows the deadline of the call: it answers every wait with it.
        caller = Caller(waiter, (yield Wait(waiter, _AT_ONCE)))
        try:
            self._flights.join(caller, key)
            del key
            while isinstance(turn := self._flights.turn(caller), Deadline):
                yield Wait(waiter, turn)
            if turn is not None:
                return cast(T, turn.get())
            return (yield from self._act(caller, flow_function))
        finally:
            self._flights.leave(caller)

    def _act(self, caller: Caller, flow_function: Callable[[], Flow[T]]) -> Flow[T]:
        try:
            returned = Returned((yield from _start(flow_function)))
            caller.outcome = returned
            return returned.get()
        except TransportError as error:
            caller.outcome = shared_error(error)
            raise
        finally:
            # `_run` calls it again, in case an interruption prevents this statement.
            self._flights.leave(caller)


def _require_hashable(key: Secret[Hashable]) -> None:
    try:
        hash(key.reveal())
    except TypeError:
        kind = type(key.reveal()).__name__
    else:
        return
    raise MistakeError(f"used a key of SingleFlight that is not hashable ({kind})")


def _start(flow_function: Callable[[], Flow[T]]) -> Flow[T]:
    flow: object = flow_function() if callable(flow_function) else flow_function
    if isinstance(flow, GeneratorType) and callable(flow_function):
        return flow
    mistake = explain_shared_flow(flow)
    del flow  # It may be a secret, and a traceback shows local variables.
    raise mistake
