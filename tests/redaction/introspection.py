"""List every text by which an error, an object or a log record could expose a secret."""

from __future__ import annotations

import contextlib
import copy
import linecache
import logging
import pickle
import pprint
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, NamedTuple

__all__ = ["Exposure", "of_error", "of_object", "of_record"]

_DOTTED_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


class Exposure(NamedTuple):
    """A text and where it shows."""

    where: str
    text: str

    @property
    def is_of_frame(self) -> bool:
        """Whether it shows in a traceback with local variables only."""
        return "locals" in self.where


def _related(error: BaseException) -> list[BaseException]:
    """Return an error with its causes, contexts, grouped errors and errors in its attributes."""
    errors: list[BaseException] = []
    candidates: list[object] = [error]
    while candidates:
        candidate = candidates.pop()
        if not isinstance(candidate, BaseException) or any(candidate is other for other in errors):
            continue
        errors.append(candidate)
        candidates += [candidate.__cause__, candidate.__context__, *candidate.args]
        candidates += [*_attributes(candidate).values(), *getattr(candidate, "exceptions", ())]
    return errors


def of_error(error: BaseException) -> Iterator[Exposure]:
    """Yield the texts of an error and of every error related to it."""
    for related in _related(error):
        for exposure in _of_single_error(related):
            yield Exposure(f"{type(related).__name__}: {exposure.where}", exposure.text)


def _of_single_error(error: BaseException) -> Iterator[Exposure]:
    yield from of_object(error)
    for name, value in _attributes(error).items():
        yield Exposure(f"attribute {name}", f"{value!r}\n{value}")
    yield from _of_copies(error)
    yield Exposure("args", repr(error.args))
    yield from (Exposure("an argument", str(argument)) for argument in error.args)
    yield Exposure("notes", "\n".join(getattr(error, "__notes__", [])))
    trace = error.__traceback__
    # As `traceback.print_exc` and `logging` format it, but with the variables of each frame.
    captured = traceback.TracebackException(type(error), error, trace, capture_locals=True)
    yield from (
        Exposure(f"locals of {frame.name} at {frame.filename}:{frame.lineno}", repr(frame.locals))
        for frame in captured.stack
    )
    for frame, line in traceback.walk_tb(trace):
        where = f"inside locals of {frame.f_code.co_name} at {frame.f_code.co_filename}:{line}"
        yield Exposure(where, "\n".join(_leaves(dict(frame.f_locals), depth=4)))
    yield Exposure("traceback with locals", "".join(captured.format()))
    yield from _of_statements(captured.stack, trace)


def _of_statements(
    stack: traceback.StackSummary, trace: TracebackType | None
) -> Iterator[Exposure]:
    """Yield what the statements of a traceback name, as cgitb, IPython and Sentry evaluate it."""
    for summary, (frame, _) in zip(stack, traceback.walk_tb(trace), strict=True):
        if "/tests/" in summary.filename.replace("\\", "/"):
            continue  # The caller of the library may name its secrets.
        last = summary.end_lineno or summary.lineno or 0
        for line in range(summary.lineno or 0, last + 1):
            for name in _DOTTED_NAME.findall(linecache.getline(summary.filename, line)):
                where = f"locals of {summary.name} at {summary.filename}:{line}: {name}"
                yield from (
                    Exposure(where, repr(value)) for value in _evaluated(name, frame.f_locals)
                )


def _evaluated(name: str, variables: Mapping[str, object]) -> Iterator[object]:
    """Yield the values of the attributes in a dotted name."""
    first, *attributes = name.split(".")
    value = variables.get(first)
    for attribute in attributes:
        try:
            value = getattr(value, attribute)
        except Exception:
            return
        yield value


def _leaves(value: object, depth: int) -> Iterator[str]:
    """Descend into mappings and sequences, as error reporters do."""
    if isinstance(value, Mapping) and depth:
        for name, item in _items(value):
            yield repr(name)
            yield from _leaves(item, depth - 1)
    elif isinstance(value, tuple | list | set | frozenset) and depth:
        for item in value:
            yield from _leaves(item, depth - 1)
    else:
        yield repr(value)


def _items(mapping: Mapping[Any, Any]) -> tuple[tuple[Any, Any], ...]:
    try:
        return tuple(mapping.items())
    except ConnectionError:  # Some tests have a mapping that can't be read.
        return ()


def of_object(value: object) -> Iterator[Exposure]:
    """Yield the ways to turn an object into text."""
    conversions: dict[str, Callable[[Any], str]] = {
        "str": str,
        "repr": repr,
        "format": format,
        "ascii": ascii,
        "pprint": pprint.pformat,
        "in a list": lambda item: repr([item]),
    }
    for name, convert in conversions.items():
        yield Exposure(f"{type(value).__name__}: {name}", convert(value))


def _of_copies(value: object) -> Iterator[Exposure]:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        # An object that cannot be pickled cannot leak that way.
        with contextlib.suppress(TypeError, pickle.PicklingError, AttributeError):
            pickled = pickle.dumps(value, protocol)
            yield Exposure(f"pickle {protocol}", pickled.decode("latin-1"))
            yield from _of_copy(f"pickle {protocol}, loaded", pickle.loads(pickled))
    for name, duplicate in (("copy", copy.copy), ("deepcopy", copy.deepcopy)):
        with contextlib.suppress(TypeError):
            yield from _of_copy(name, duplicate(value))


def _of_copy(name: str, value: object) -> Iterator[Exposure]:
    yield Exposure(name, f"{value!r}\n{value}\n{_attributes(value)!r}")


def _attributes(value: object) -> dict[str, object]:
    """Return the attributes in an object's `__dict__` and `__slots__`."""
    attributes: dict[str, object] = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = getattr(kind, "__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, name):
                attributes[name] = getattr(value, name)
    return attributes


def of_record(record: logging.LogRecord) -> Iterator[Exposure]:
    """Yield a log record as formatted, its attributes and its arguments."""
    yield Exposure(f"log record of {record.name}", logging.Formatter().format(record))
    yield Exposure(f"log record of {record.name}, attributes", repr(vars(record)))
    arguments = record.args.values() if isinstance(record.args, dict) else record.args or ()
    for value in [record.msg, *arguments, *(record.exc_info or ())]:
        yield Exposure(f"argument of a log record of {record.name}", f"{value!r}\n{value}")
        if isinstance(value, BaseException):
            yield from of_error(value)
