"""What each safety rule costs: the whole stack, and the same with one piece replaced.

The pieces are replaced here, in the benchmark's own process, and nowhere else: there is no
switch for any of this. A test fails when a piece is no longer where this table says.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import ExitStack
from json import loads
from pkgutil import resolve_name
from typing import Any, NamedTuple

import urllib3
from multidict import CIMultiDict, CIMultiDictProxy

from usersmanager import AsyncUsersManager, Token, UsersManager
from usersmanager.head import Head
from usersmanager.operations import Arguments
from usersmanager.secret import Secret

from ..canned import sockets
from ..figures import differences, spread
from ..peers import AsyncPeer, Target
from ..profiles import TOKEN, response
from ..rounds import AsyncCall, Batch, in_flight, one_by_one
from ..tables import Column, Row, Table
from . import Scene, Setting
from .offline import NOWHERE, Offline, canned_runner, measured
from .opening import open_one

__all__ = ["ASYNCIO", "BLOCKING", "SCENES", "Rule"]


class Rule(NamedTuple):
    """One rule.

    Attributes:
        name: what it does, for the reader.
        piece: where it is: "module:object.attribute".
        without: what stands there instead.
    """

    name: str
    piece: str
    without: object

    def holder(self) -> tuple[Any, str]:
        """What holds the piece, and its name there.

        Raises:
            LookupError: it is no longer there.
        """
        module, _, path = self.piece.partition(":")
        *owners, name = path.split(".")
        try:
            holder = resolve_name(":".join([module, ".".join(owners)]) if owners else module)
        except (ImportError, AttributeError) as error:
            raise LookupError(f"there is no {self.piece}") from error
        if name not in vars(holder):
            raise LookupError(f"there is no {self.piece}")
        return holder, name

    @contextlib.contextmanager
    def replaced(self) -> Iterator[None]:
        """Does without, inside the context."""
        holder, name = self.holder()
        before = vars(holder)[name]
        setattr(holder, name, self.without)
        try:
            yield
        finally:
            setattr(holder, name, before)

    def around(self, batch: Batch) -> Batch:
        """A batch that does without."""

        def replaced(count: int) -> None:
            with self.replaced():
                batch(count)

        return replaced


class _NoContext:
    """A context manager that does nothing."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def _lenient_head(head: bytes) -> Head:
    """Parses a head as if every server were honest."""
    status_line, *lines = head.decode("latin-1").splitlines()
    fields = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    return Head(int(status_line[9:12]), True, CIMultiDictProxy(CIMultiDict(fields)))


def _unbounded(self: Any, data: bytes) -> None:
    self._body += data


_NO_CONTEXT = _NoContext()
_FIXED = urllib3.Timeout(10)


def _unchecked_arguments(secret: Secret[Any]) -> Arguments:
    token = Token.__new__(Token)
    Secret.__init__(token, secret.reveal())
    return Arguments(token)


_BOTH = (
    Rule("the grammar of the response's head", "usersmanager.framing:parse_head", _lenient_head),
    Rule("bounded body", "usersmanager.reading:ResponseReader._content", _unbounded),
    Rule("strict JSON (UTF-8, no name twice, no NaN)", "usersmanager.decoding:parse_object", loads),
    Rule("the media type", "usersmanager.decoding:_type_problem", lambda *_: None),
    Rule("no compression", "usersmanager.decoding:_coding_problem", lambda *_: None),
    Rule("the token's grammar", "usersmanager.client:get_info_arguments", _unchecked_arguments),
    Rule(
        "tokens remembered, to redact echoes",
        "usersmanager.messages:Call.remember",
        lambda *_: None,
    ),
    Rule(
        "errors name their operation",
        "usersmanager.client:named_operation",
        lambda _: _NO_CONTEXT,
    ),
)
BLOCKING = (
    Rule(
        "deadline before every send and receive",
        "usersmanager_urllib3.sockets:DeadlineSocket._arm",
        lambda _: None,
    ),
    Rule(
        "deadline in place of a timeout",
        "usersmanager_urllib3.transport:_Deadline",
        lambda *_: _FIXED,
    ),
    Rule(
        "no dead connection is used (urllib3's own rule)",
        "urllib3.connection:HTTPConnection.is_connected",
        property(lambda _: True),
    ),
    Rule("warning in an event loop", "usersmanager.manager:is_in_event_loop", lambda: False),
    *_BOTH,
)
ASYNCIO = (
    Rule(
        "deadline of the whole exchange",
        "usersmanager.timers:DeadlineTimer.start",
        lambda *_: None,
    ),
    Rule(
        "no dead or spoilt connection is used",
        "usersmanager_aiohttp.protocol:ReadingProtocol._is_readable",
        lambda _: False,
    ),
    *_BOTH,
)


class _Peer:
    """The default stack as an asyncio contestant."""

    @contextlib.asynccontextmanager
    async def open(self, target: Target) -> Any:
        async with AsyncUsersManager(target.base_url) as users:
            yield lambda: users.get_info(TOKEN)


_WHOLE = "the whole stack"


def _batches(whole: Batch, rules: tuple[Rule, ...]) -> tuple[dict[str, Batch], list[str]]:
    batches, notes = {_WHOLE: whole}, []
    for rule in rules:
        try:
            rule.holder()
        except LookupError as error:
            notes.append(f"not measured, {rule.name}: {error}")
        else:
            batches[rule.name] = rule.around(whole)
    return batches, notes


def _open_blocking(stack: ExitStack) -> tuple[dict[str, Batch], list[str]]:
    stack.enter_context(sockets(response(1000)))
    users = stack.enter_context(UsersManager(NOWHERE.base_url))
    return _batches(one_by_one(lambda: users.get_info(TOKEN)), BLOCKING)


def _open_asyncio(stack: ExitStack) -> tuple[dict[str, Batch], list[str]]:
    runner = stack.enter_context(canned_runner())
    call: AsyncCall = stack.enter_context(
        open_one(runner, AsyncPeer(_WHOLE, _Peer().open), NOWHERE)
    )
    return _batches(in_flight(runner, 1, call), ASYNCIO)


_COLUMNS = (
    Column("cost", "µs a call", "{:+.1f}", with_quartiles=True),
    Column("python", "Python calls", "{:+.0f}"),
    Column("c", "C calls", "{:+.0f}"),
)


def _table(title: str, offline: Offline) -> Table:
    without = differences(offline.cpu, _WHOLE)
    whole = offline.calls[_WHOLE]
    rows = [
        Row(
            name,
            {
                "cost": type(saved)(-saved.median, -saved.high, -saved.low),
                "python": whole.python - offline.calls[name].python,
                "c": whole.c - offline.calls[name].c,
            },
        )
        for name, saved in without.items()
        if name != _WHOLE
    ]
    rows.sort(key=lambda row: -_cost(row))
    total = spread(offline.cpu[_WHOLE]).median
    note = f"what the whole stack ({total:.0f} µs) takes beyond one with this piece replaced"
    return Table(title, _COLUMNS, tuple(rows), (note, *offline.notes), subject="Rule")


def _cost(row: Row) -> float:
    """What a rule costs."""
    cost: Any = row.figures["cost"]
    return float(cost.median)


def _blocking(setting: Setting) -> Table:
    return _table("The rules, blocking", measured(_open_blocking, setting))


def _asyncio(setting: Setting) -> Table:
    return _table("The rules, asyncio", measured(_open_asyncio, setting))


SCENES = (Scene("rules-blocking", _blocking), Scene("rules-asyncio", _asyncio))
