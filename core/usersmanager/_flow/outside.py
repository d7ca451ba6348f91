"""Run a flow outside a call, such as in a method that applications call on a plugin."""

from __future__ import annotations

from typing import NoReturn, TypeVar

from .._values.deadline import Deadline
from .._values.request import Request
from .effects import Flow
from .mistakes import MistakeError
from .sync_driver import drive

__all__ = ["arun_flow", "run_flow"]

T = TypeVar("T")


class _NoTransport:
    """Reject requests: there is no manager that could send them."""

    def send(self, request: Request) -> NoReturn:
        raise MistakeError("called proceed() outside a call")

    async def asend(self, request: Request) -> NoReturn:
        self.send(request)

    def close(self) -> None: ...

    async def aclose(self) -> None: ...


def run_flow(flow: Flow[T], *, timeout: float = 10.0) -> T:
    """Run a flow outside a call, blocking, and return its result.

    The flow can do everything that it can in a call, except ``proceed``.

    Args:
        flow: the flow.
        timeout: the seconds that it may take, in place of the deadline of a call.

    Raises:
        DeadlineExceededError: the flow waited longer.
        Exception: whatever the flow raises.

    Example::

        def forget(self, user):
            run_flow(self._delete(user))
    """
    return drive(flow, _NoTransport(), Deadline.after(timeout))


async def arun_flow(flow: Flow[T], *, timeout: float = 10.0) -> T:  # noqa: ASYNC109 - a deadline.
    """Run a flow outside a call, in asyncio, and return its result. See `run_flow`.

    Example::

        async def aforget(self, user):
            await arun_flow(self._delete(user))
    """
    from .async_driver import drive_async  # asyncio is slow to import.

    return await drive_async(flow, _NoTransport(), Deadline.after(timeout))
