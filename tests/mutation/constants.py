"""Mutate the constants of modules and classes, which mutmut leaves alone: patterns, sets, limits.

A number is incremented; a string loses its first character; a raw string, which is a pattern, loses
each of its characters in turn. A change that breaks the import, yields an equivalent pattern, or
renames a type variable is not counted.
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

import hypothesis.strategies  # noqa: F401 - imported once, not in every child process.
import pytest

TIMEOUT = 60  # Seconds for one mutant. The tests of one file take about 2.
NOT_A_MUTANT = 100
STATUS = {0: "survived", 1: "killed", 2: "killed", -signal.SIGALRM: "timeout"}


class Mutant(NamedTuple):
    """The source of a module with one change, and the changed line."""

    source: str
    before: str
    after: str
    is_pattern: bool


def run(module: str, source: str, arguments: Sequence[str]) -> Iterator[tuple[Mutant, str]]:
    """Yield the mutants of a module, each with its status: "killed", "timeout" or "survived"."""
    unchanged = Mutant(source, "", "", is_pattern=False)
    if [status for _, status in _outcomes(module, [unchanged], arguments)] != ["survived"]:
        raise SystemExit(f"{module}: its tests fail without any change")
    yield from _outcomes(module, list(_mutants(source)), arguments)


def _mutants(source: str) -> Iterator[Mutant]:
    lines = source.splitlines(keepends=True)
    constant_lines = set(_constant_lines(ast.parse(source)))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        (row, start), (_, end) = token.start, token.end
        if row not in constant_lines:
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
            value = ast.unparse(node.value) if node.value else ""
            # Only type checkers read the name of a type variable.
            if not ast.unparse(target).startswith("__") and not value.startswith("TypeVar("):
                yield from range(node.lineno, (node.end_lineno or 0) + 1)


def _changes(token: tokenize.TokenInfo) -> tuple[bool, list[str]]:
    """Return whether the token is a pattern, and its replacements."""
    text = token.string
    if token.type == tokenize.NUMBER:
        return False, [str(ast.literal_eval(text) + 1)]
    if token.type == tokenize.STRING:
        prefix = re.split("['\"]", text)[0]
        positions = range(len(prefix) + 1, len(text) - 1)
        is_pattern = "r" in prefix.lower()
    else:  # From Python 3.12 on, an f-string is several tokens.
        is_pattern = tokenize.tok_name[token.type] == "FSTRING_MIDDLE"
        positions = range(len(text)) if is_pattern else range(0)
    if not is_pattern:
        positions = positions[:1]
    return is_pattern, [text[:position] + text[position + 1 :] for position in positions]


def _outcomes(
    module: str, mutants: Sequence[Mutant], arguments: Sequence[str]
) -> Iterator[tuple[Mutant, str]]:
    patterns = _patterns(module)
    workers = os.cpu_count() or 1
    running: dict[int, Mutant] = {}
    for index in range(len(mutants) + workers):
        if index < len(mutants):
            running[_fork(module, mutants[index], patterns, arguments)] = mutants[index]
        if index >= workers - 1 and running:
            child, status = os.wait()
            code = os.waitstatus_to_exitcode(status)
            mutant = running.pop(child)
            if code != NOT_A_MUTANT:
                yield mutant, STATUS[code]


def _fork(module: str, mutant: Mutant, patterns: list[str], arguments: Sequence[str]) -> int:
    child = os.fork()
    if child:
        return child
    code = -1
    try:
        signal.alarm(TIMEOUT)
        with open(os.devnull, "r+b") as null:
            for descriptor in (0, 1, 2):
                os.dup2(null.fileno(), descriptor)
        is_mutant = _replace(module, mutant, patterns)
        # pytest warns that modules were imported before it could rewrite their assertions.
        ignored = "-Wignore::pytest.PytestAssertRewriteWarning"
        code = pytest.main(["-xq", ignored, *arguments]) if is_mutant else NOT_A_MUTANT
    finally:
        os._exit(code)


def _replace(module: str, mutant: Mutant, patterns: list[str]) -> bool:
    """Replace the module by the mutant; return whether they differ."""
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
    return not mutant.is_pattern or changed != patterns


def _patterns(module: str) -> list[str]:
    """Return the compiled forms of a module's patterns: equivalent ones are equal."""
    values = vars(importlib.import_module(module)).values()
    return [_compiled(value) for value in values if isinstance(value, re.Pattern)]


def _compiled(pattern: re.Pattern[str] | re.Pattern[bytes]) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as output:
        re.compile(pattern.pattern, pattern.flags | re.DEBUG)
    return output.getvalue()
