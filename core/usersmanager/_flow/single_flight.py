"""SingleFlight: run a flow once for several concurrent calls that need the same result."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from types import GeneratorType
from typing import TypeVar, cast

from .._values.deadline import Deadline
from .._values.token import Secret
from ..errors import UsersManagerError
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
    share the outcome: the result, such as a Response of any status, or a copy of an error that
    comes from the provider: a ProviderUnavailableError, which every TransportError is, an APIError
    or a DecodeError. Each waiting call keeps its own deadline, and can be cancelled or interrupted
    without affecting the others.

    Any other exception concerns only the running call and is not shared. Neither is a
    DeadlineExceededError, a PoolTimeoutError or a SubjectMismatchError. In that case, the call that
    has waited longest runs its flow, and the others keep waiting. No call waits for another call
    beyond that call's deadline.

    Threads, tasks and event loops may share an instance, and so may a UsersManager and an
    AsyncUsersManager. A forked process starts without flights.

    Send one request for a profile, no matter how many calls need it at the same time::

        class Coalesce:
            def __init__(self):
                self.flight = SingleFlight()

            @hookimpl
            def usersmanager_wrap_call(self, request, proceed):
                if request.operation != "get_info":
                    return proceed(request)
                token = hashlib.sha256(request.token.reveal().encode()).digest()
                fields = tuple(request.headers.items())
                key = (token, request.scheme, request.url, fields, request.call.variant)
                return self.flight.run(key, lambda: proceed(request))
    """

    def __init__(self) -> None:
        self._flights = Flights()

    def run(self, key: Hashable, flow_function: Callable[[], Flow[T]]) -> Flow[T]:
        """Run a flow, or wait for the call that is running one with an equal key.

        Args:
            key: hashable; calls with equal keys share an outcome. For a user's response, derive it
                from the URL and the token. It appears in no repr or traceback, and is dropped when
                the flow has ended.
            flow_function: called without arguments, only in the call that runs the flow. It returns
                a flow, such as ``proceed(request)``, or is a generator function.

        Returns:
            A flow for ``yield from``, with the same result. A wrap hook that is a plain function
            may return it.

        Raises:
            PluginError: raised by ``yield from``; the key is not hashable, ``flow_function`` is not
                a function that returns a flow, or a flow called `run` with its own key.
            DeadlineExceededError: raised by ``yield from``; the call's deadline passed.
            ProviderUnavailableError: raised by ``yield from``; the flow raised it, in this or
                another call. The same applies to an APIError and a DecodeError.
            Exception: raised by ``yield from``; the flow raised it in this call.

        Example::

            response = yield from self.flight.run(key, lambda: proceed(request))
        """
        return self._run(Secret(key), flow_function)

    def forget(self, key: Hashable) -> None:
        """Stop further calls from joining the running flow with an equal key, if there is one.

        The waiting calls still share its outcome; the next call of `run` starts another flow. Use
        it if the outcome will be outdated, for example because a token was revoked.

        Args:
            key: a key that was passed to `run`.

        Raises:
            PluginError: the key is not hashable.

        Example::

            self.flight.forget(key)
        """
        secret = Secret(key)
        del key  # A traceback shows local variables.
        _require_hashable(secret)
        self._flights.forget(secret)

    def _run(self, key: Secret[Hashable], flow_function: Callable[[], Flow[T]]) -> Flow[T]:
        _require_hashable(key)
        waiter = Waiter()
        # Only the driver knows the deadline of the call. It sends it in response to every Wait.
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
        except UsersManagerError as error:
            caller.outcome = shared_error(error)
            raise
        finally:
            # `_run` calls it again, in case an interruption skips this statement.
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
