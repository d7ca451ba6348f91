"""Everything that an error, or an object, could show to whoever looks at it."""

from __future__ import annotations

import contextlib
import copy
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

__all__ = ["Sight", "chain", "of_error", "of_object", "of_record"]


class Sight(NamedTuple):
    """Something that can be seen, and where."""

    where: str
    text: str


def chain(error: BaseException) -> list[BaseException]:
    """An error and all that hangs on it: causes, contexts, groups, and errors in its fields."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or any(one is other for other in found):
            continue
        found.append(one)
        waiting += [one.__cause__, one.__context__, *one.args, *_fields(one).values()]
        waiting += getattr(one, "exceptions", ())
    return found


def of_error(error: BaseException) -> Iterator[Sight]:
    """What an error and all that hangs on it could show."""
    for one in chain(error):
        for sight in _of_one_error(one):
            yield Sight(f"{type(one).__name__}: {sight.where}", sight.text)


def _of_one_error(error: BaseException) -> Iterator[Sight]:
    yield from of_object(error)
    for name, value in _fields(error).items():
        yield Sight(f"field {name}", f"{value!r}\n{value}")
    yield from _of_copies(error)
    yield Sight("args", repr(error.args))
    yield from (Sight("an argument", str(one)) for one in error.args)
    yield Sight("notes", "\n".join(getattr(error, "__notes__", [])))
    trace = error.__traceback__
    yield Sight("traceback", "".join(traceback.format_exception(type(error), error, trace)))
    told = traceback.TracebackException(type(error), error, trace, capture_locals=True)
    yield from (
        Sight(f"locals of {frame.name} at {frame.filename}:{frame.lineno}", repr(frame.locals))
        for frame in told.stack
    )
    for frame, line in traceback.walk_tb(trace):
        where = f"inside locals of {frame.f_code.co_name} at {frame.f_code.co_filename}:{line}"
        yield Sight(where, "\n".join(_leaves(dict(frame.f_locals), depth=4)))
    yield Sight("traceback with locals", "".join(told.format()))
    yield Sight("log", logging.Formatter().formatException((type(error), error, trace)))


def _leaves(value: object, depth: int) -> Iterator[str]:
    """As error reporters do: into mappings and sequences, whatever their own repr is."""
    if isinstance(value, Mapping) and depth:
        for name, one in value.items():
            yield repr(name)
            yield from _leaves(one, depth - 1)
    elif isinstance(value, tuple | list | set | frozenset) and depth:
        for one in value:
            yield from _leaves(one, depth - 1)
    else:
        yield repr(value)


def of_object(thing: object) -> Iterator[Sight]:
    """What an object shows that is not taken apart."""
    ways: dict[str, Callable[[Any], str]] = {
        "str": str,
        "repr": repr,
        "format": format,
        "ascii": ascii,
        "pprint": pprint.pformat,
        "in a list": lambda one: repr([one]),
    }
    for name, show in ways.items():
        yield Sight(f"{type(thing).__name__}: {name}", show(thing))


def _of_copies(thing: object) -> Iterator[Sight]:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        # What refuses to be pickled can't leak by it.
        with contextlib.suppress(TypeError, pickle.PicklingError, AttributeError):
            pickled = pickle.dumps(thing, protocol)
            yield Sight(f"pickle {protocol}", pickled.decode("latin-1"))
            yield from _of_copy(f"pickle {protocol}, loaded", pickle.loads(pickled))
    for name, copied in (("copy", copy.copy), ("deepcopy", copy.deepcopy)):
        with contextlib.suppress(TypeError):
            yield from _of_copy(name, copied(thing))


def _of_copy(name: str, thing: object) -> Iterator[Sight]:
    yield Sight(name, f"{thing!r}\n{thing}\n{_fields(thing)!r}")


def _fields(thing: object) -> dict[str, object]:
    """The attributes an object keeps, in its dict or its slots."""
    fields: dict[str, object] = dict(getattr(thing, "__dict__", {}))
    for kind in type(thing).__mro__:
        slots = getattr(kind, "__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(thing, name):
                fields[name] = getattr(thing, name)
    return fields


def of_record(record: logging.LogRecord) -> Iterator[Sight]:
    """What a log record could show: as formatted, and every field of it."""
    yield Sight(f"log record of {record.name}", logging.Formatter().format(record))
    yield Sight(f"log record of {record.name}, fields", repr(vars(record)))
    arguments = record.args.values() if isinstance(record.args, dict) else record.args or ()
    for one in [record.msg, *arguments, *(record.exc_info or ())]:
        yield Sight(f"argument of a log record of {record.name}", f"{one!r}\n{one}")
        if isinstance(one, BaseException):
            yield from of_error(one)
