"""The API for authors of operations: what to send, and how to read the response.

See "Operations" in the documentation.
"""

from __future__ import annotations

from ._operations.decoding import read_json
from ._operations.operation import Operation
from ._values.credential import Bearer, Credential
from ._values.request import Request
from ._values.response import Response
from ._values.token import Secret
from .errors import ArgumentError, DecodeError

__all__ = [
    "ArgumentError",
    "Bearer",
    "Credential",
    "DecodeError",
    "Operation",
    "Request",
    "Response",
    "Secret",
    "read_json",
]


def __dir__() -> list[str]:
    return __all__
