"""Make the request of a call, before plugins change it."""

from __future__ import annotations

from typing import Any

from .._values.call import Call
from .._values.credential import Bearer
from .._values.deadline import Deadline
from .._values.request import Request
from .operation import Operation

__all__ = ["make_request"]


def make_request(operation: Operation[Any], placed: Request, deadline: Deadline) -> Request:
    """Return the request of a call.

    Args:
        operation: the operation.
        placed: its request at the site of the manager, which all calls share.
        deadline: the deadline of the call.
    """
    token, credential = placed.token, operation.credential
    if isinstance(credential, Bearer):
        token, credential = credential.token, None
    call = Call(operation.read, credential, placed.call.secrets)
    call._site = placed.call._site
    return placed._in_call(call, token, deadline)
