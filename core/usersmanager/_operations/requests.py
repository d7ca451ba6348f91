"""Make the request of a call, before plugins change it."""

from __future__ import annotations

from typing import Any

from .._values.call import Call
from .._values.credential import Bearer
from .._values.deadline import Deadline
from .._values.request import Request
from .._values.token import Token
from .operation import Operation
from .plan import Placement

__all__ = ["make_request"]

_NO_TOKEN = Token.empty()


def make_request(operation: Operation[Any], placement: Placement, deadline: Deadline) -> Request:
    """Return the request of a call.

    Args:
        operation: the operation.
        placement: where it is sent.
        deadline: the deadline of the call.
    """
    plan, credential = operation._plan, operation.credential
    token = _NO_TOKEN
    if isinstance(credential, Bearer):
        token, credential = credential.token, None
    call = Call(operation.read, credential, plan.secrets)
    call._site = placement.site
    return Request(
        operation=plan.name,
        method=plan.method,
        origin=placement.origin,
        target=placement.target,
        template=placement.template,
        headers=placement.headers,
        body=plan.body,
        token=token,
        deadline=deadline,
        idempotent=plan.idempotent,
        call=call,
    )
