"""Parse the JSON body of a response (RFC 8259), and say what is wrong with it.

No function here raises an error: its frame would hold the body, and a traceback shows it.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["COMPRESSED", "JSONBody", "json_type", "parse_json", "parse_object"]

COMPRESSED = "is compressed, although no compression was requested"

_WHITESPACE = b" \t\n\r"
_MAYBE_SURROGATE = re.compile(r"\\u[dD]")
# The decoder joins pairs, so those that are left are alone.
_SURROGATE = re.compile("[\ud800-\udfff]")
_GZIP = b"\x1f\x8b"


class JSONBody(NamedTuple):
    """A parsed body: the value, or else the problem as the end of a sentence: "is empty"."""

    value: Any = None
    problem: str | None = None


def parse_object(body: bytes) -> JSONBody:
    """Parse a body that must be a JSON object."""
    parsed = parse_json(body)
    if parsed.problem or isinstance(parsed.value, dict):
        return parsed
    return JSONBody(problem=f"is {json_type(parsed.value)}, not a JSON object")


def parse_json(body: bytes) -> JSONBody:
    """Parse a body in UTF-8, with or without a byte order mark.

    Stricter than ``json.loads``: no NaN or Infinity, no number that overflows, no repeated name in
    an object. A lone surrogate becomes U+FFFD in a value. In a name or a ``sub`` it is a problem,
    since two different users would become one.
    """
    body = body.removeprefix(codecs.BOM_UTF8).strip(_WHITESPACE)
    if not body:
        return JSONBody(problem="is empty")
    if body.startswith(_GZIP):
        return JSONBody(problem=COMPRESSED)
    try:
        return JSONBody(_decode(body.decode()))
    except UnicodeDecodeError:
        return JSONBody(problem="is not in UTF-8")
    except _UnacceptableError as error:
        return JSONBody(problem=str(error))
    except json.JSONDecodeError:
        return JSONBody(problem="is not JSON")
    except ValueError:  # CPython limits the number of digits of an int.
        return JSONBody(problem="contains a number that is too large")
    except RecursionError:
        return JSONBody(problem="is nested too deeply")


def json_type(value: object) -> str:
    """Return the name of the JSON type of a value, with its article."""
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string"}
    return names.get(type(value), "an array" if isinstance(value, list) else "an object")


def _decode(text: str) -> Any:
    may_need_repair = _MAYBE_SURROGATE.search(text) is not None
    value, end = (_REPAIRING_DECODER if may_need_repair else _DECODER).raw_decode(text)
    if end < len(text):
        raise _UnacceptableError("is not JSON")
    return _repaired(value) if may_need_repair else value


class _UnacceptableError(ValueError):
    """A value that JSON permits, but this library does not."""


def _parse_finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _UnacceptableError("contains a number that is too large")
    return number


def _reject_constant(name: str) -> float:
    raise _UnacceptableError("contains NaN or Infinity, which JSON does not allow")


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _UnacceptableError("repeats a key in an object")
    return value


def _repair_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    subjects = [value for name, value in pairs if name == "sub" and isinstance(value, str)]
    for text in (*subjects, *(name for name, _ in pairs)):
        if _SURROGATE.search(text):
            raise _UnacceptableError('contains a lone surrogate in a name or in "sub"')
    return _reject_duplicates([(name, _repaired(value)) for name, value in pairs])


def _repaired(value: Any) -> Any:
    """Return a value without lone surrogates; objects have none left."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    return [_repaired(item) for item in value] if isinstance(value, list) else value


def _decoder(read_object: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=read_object,
        parse_float=_parse_finite_float,
        parse_constant=_reject_constant,
    )


_DECODER = _decoder(_reject_duplicates)
_REPAIRING_DECODER = _decoder(_repair_object)
