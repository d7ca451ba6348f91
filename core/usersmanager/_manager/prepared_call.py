"""PreparedCall: a call of a manager, from valid arguments to its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._flow.effects import Flow
from .._flow.observers import report_done
from .._operations.arguments import Arguments
from .._operations.reading import read_result
from .._operations.specs import RequestSpec
from .._values.deadline import Deadline
from .._values.messages import Request, Response
from .._values.userinfo import UserInfo
from ..errors import SubjectMismatchError, UsersManagerError

if TYPE_CHECKING:
    from .base import BaseUsersManager

__all__ = ["PreparedCall"]

_ANOTHER_SUBJECT = "the profile has another subject than expected: do not use it"

Result = TypeVar("Result")
ErrorT = TypeVar("ErrorT", bound=UsersManagerError)


class PreparedCall(Generic[Result]):
    """A call with valid arguments that has not been started."""

    __slots__ = ("_arguments", "_expected_subject", "_timeout", "_users", "spec")

    def __init__(
        self,
        users: BaseUsersManager[Any],
        spec: RequestSpec[Result],
        arguments: Arguments,
        timeout: float,
        expected_subject: str | None,
    ) -> None:
        self.spec = spec
        self._users = users
        self._arguments = arguments
        self._timeout = timeout
        self._expected_subject = expected_subject

    def __repr__(self) -> str:
        return f"<PreparedCall {self.spec.name}>"

    def add_context(self, error: ErrorT) -> ErrorT:
        """Add the operation and origin of this call to an error, and return it."""
        return self._users._add_context(error, self.spec)

    def start(self) -> tuple[Flow[Result], Deadline]:
        """Start the timeout; return the flow to drive, and its deadline."""
        deadline = Deadline.after(self._timeout)
        return self._flow(deadline), deadline

    def _flow(self, deadline: Deadline) -> Flow[Result]:
        users = self._users
        request = users._request(self.spec, self._arguments, deadline)
        response: Response | None = None
        try:
            response = yield from users._composition.handler(request)
            result = read_result(self.spec, request, response)
            if not self._is_expected(result):
                del result  # Another user's profile, and a traceback shows local variables.
                raise SubjectMismatchError(_ANOTHER_SUBJECT)
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
            report_done(hooks, request, response, error, self._timeout - request.remaining())

    def _is_expected(self, result: Result) -> bool:
        if self._expected_subject is None:
            return True
        return isinstance(result, UserInfo) and result.sub == self._expected_subject
