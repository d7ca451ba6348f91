"""Mutants of what stands outside functions, which mutmut leaves alone: patterns, sets, limits.

A number grows by one; a string loses its first character; a raw string, which is a pattern, loses
each of its characters in turn. What does not import, or means the same pattern, is no mutant.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import os
import re
import signal
import sys
import tokenize
from collections.abc import Iterator, Sequence
from importlib.machinery import SourceFileLoader
from typing import NamedTuple

import hypothesis.strategies  # noqa: F401 - here, so that no child has to.
import pytest

SECONDS = 60  # For one mutant. The tests of one file take about 2.
NO_MUTANT = 100
STATUS = {0: "survived", 1: "killed", 2: "killed", -signal.SIGALRM: "timeout"}


class Mutant(NamedTuple):
    """A module's source with one change, and the line that changed."""

    source: str
    before: str
    after: str
    is_pattern: bool


def run(module: str, source: str, arguments: Sequence[str]) -> Iterator[tuple[Mutant, str]]:
    """The mutants of a module, and what became of each: "killed", "timeout" or "survived"."""
    unchanged = Mutant(source, "", "", is_pattern=False)
    if [status for _, status in _outcomes(module, [unchanged], arguments)] != ["survived"]:
        raise SystemExit(f"{module}: its tests fail without any change")
    yield from _outcomes(module, list(_mutants(source)), arguments)


def _mutants(source: str) -> Iterator[Mutant]:
    lines = source.splitlines(keepends=True)
    wanted = set(_constant_lines(ast.parse(source)))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        (row, start), (_, end) = token.start, token.end
        if row not in wanted:
            continue
        is_pattern, changes = _changes(token)
        old = lines[row - 1]
        for change in changes:
            new = old[:start] + change + old[end:]
            changed = "".join([*lines[: row - 1], new, *lines[row:]])
            yield Mutant(changed, old.strip(), new.strip(), is_pattern)


def _constant_lines(tree: ast.Module | ast.ClassDef) -> Iterator[int]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from _constant_lines(node)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if not ast.unparse(target).startswith("__"):
                yield from range(node.lineno, (node.end_lineno or 0) + 1)


def _changes(token: tokenize.TokenInfo) -> tuple[bool, list[str]]:
    """Whether it is a pattern, and what may stand in its place."""
    text = token.string
    if token.type == tokenize.NUMBER:
        return False, [str(ast.literal_eval(text) + 1)]
    if token.type == tokenize.STRING:
        prefix = re.split("['\"]", text)[0]
        places = range(len(prefix) + 1, len(text) - 1)
        is_pattern = "r" in prefix.lower()
    else:  # From Python 3.12 on, an f-string is several tokens.
        is_pattern = tokenize.tok_name[token.type] == "FSTRING_MIDDLE"
        places = range(len(text)) if is_pattern else range(0)
    chosen = places if is_pattern else places[:1]
    return is_pattern, [text[:place] + text[place + 1 :] for place in chosen]


def _outcomes(
    module: str, mutants: Sequence[Mutant], arguments: Sequence[str]
) -> Iterator[tuple[Mutant, str]]:
    meaning = _patterns(module)
    workers = os.cpu_count() or 1
    running: dict[int, Mutant] = {}
    for place in range(len(mutants) + workers):
        if place < len(mutants):
            running[_fork(module, mutants[place], meaning, arguments)] = mutants[place]
        if place >= workers - 1 and running:
            child, status = os.wait()
            code = os.waitstatus_to_exitcode(status)
            mutant = running.pop(child)
            if code != NO_MUTANT:
                yield mutant, STATUS[code]


def _fork(module: str, mutant: Mutant, meaning: list[str], arguments: Sequence[str]) -> int:
    child = os.fork()
    if child:
        return child
    code = -1
    try:
        signal.alarm(SECONDS)
        with open(os.devnull, "r+b") as nothing:
            for descriptor in (0, 1, 2):
                os.dup2(nothing.fileno(), descriptor)
        is_mutant = _replace(module, mutant, meaning)
        # In a fork, what pytest wants to rewrite is already imported.
        ignored = "-Wignore::pytest.PytestAssertRewriteWarning"
        code = pytest.main(["-xq", ignored, *arguments]) if is_mutant else NO_MUTANT
    finally:
        os._exit(code)


def _replace(module: str, mutant: Mutant, meaning: list[str]) -> bool:
    """Puts the mutant in place of the module; False if it is none."""
    get_code = SourceFileLoader.get_code

    def changed_code(self: SourceFileLoader, name: str) -> object:
        if name == module:
            return compile(mutant.source, name, "exec", dont_inherit=True)
        return get_code(self, name)

    SourceFileLoader.get_code = changed_code  # type: ignore[assignment,method-assign]
    for name in [name for name in sys.modules if name.startswith("usersmanager")]:
        del sys.modules[name]
    try:
        changed = _patterns(module)
    except Exception:
        return False
    return not mutant.is_pattern or changed != meaning


def _patterns(module: str) -> list[str]:
    """What the patterns of a module mean: one may be spelled in several ways."""
    values = vars(importlib.import_module(module)).values()
    return [_meaning(value) for value in values if isinstance(value, re.Pattern)]


def _meaning(pattern: re.Pattern[str] | re.Pattern[bytes]) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        re.compile(pattern.pattern, pattern.flags | re.DEBUG)
    return shown.getvalue()
