"""PreparedCall: a call of a manager, from valid arguments to its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._flow.effects import Flow
from .._flow.observers import report_done
from .._operations.operation import Operation
from .._operations.reading import read_result
from .._operations.requests import make_request
from .._values.deadline import Deadline
from .._values.request import Request
from .._values.response import Response
from ..errors import UsersManagerError

if TYPE_CHECKING:
    from .base import BaseUsersManager

__all__ = ["PreparedCall"]

Result = TypeVar("Result")
ErrorT = TypeVar("ErrorT", bound=UsersManagerError)


class PreparedCall(Generic[Result]):
    """A call with valid arguments that has not been started."""

    __slots__ = ("_operation", "_placed", "_timeout", "_users", "name")

    def __init__(
        self,
        users: BaseUsersManager[Any],
        operation: Operation[Result],
        placed: Request,
        timeout: float,
    ) -> None:
        self.name = operation._plan.name
        self._operation = operation
        self._users = users
        self._placed = placed
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"<PreparedCall {self.name}>"

    def add_context(self, error: ErrorT) -> ErrorT:
        """Add the operation and origin of this call to an error, and return it."""
        error._add_context(self.name, self._placed.origin)
        return error

    def start(self) -> tuple[Flow[Result], Deadline]:
        """Start the timeout; return the flow to drive, and its deadline."""
        deadline = Deadline.after(self._timeout)
        return self._flow(deadline), deadline

    def _flow(self, deadline: Deadline) -> Flow[Result]:
        request = make_request(self._operation, self._placed, deadline)
        response: Response | None = None
        try:
            response = yield from self._users._composition.handler(request)
            result = read_result(self._operation.read, request, response)
        except BaseException as error:
            if isinstance(error, UsersManagerError):
                self.add_context(error)
            self._report_done(request, response, error)
            raise
        try:
            self._report_done(request, response, None)
        except BaseException:
            del result  # It may be a link, and a traceback shows local variables.
            raise
        return result

    def _report_done(
        self, request: Request, response: Response | None, error: BaseException | None
    ) -> None:
        hooks = self._users._composition.done_hooks
        if hooks:
            elapsed = self._timeout - request.deadline.remaining()
            report_done(hooks, request, response, error, elapsed)
