"""Each public name, hook, option, field and variable is on a page, and is fully described."""

from __future__ import annotations

import builtins
import importlib
import inspect
import logging
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from tests.support import TENANT

from usersmanager import UsersManager
from usersmanager._composition.hookspecs import HOOKS
from usersmanager.cli.app import app
from usersmanager.testing import FakeTransport

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = {page.relative_to(DOCS).as_posix(): page.read_text() for page in DOCS.rglob("*.md")}
REFERENCE = "".join(page.read_text() for page in (DOCS / "reference").glob("*.md"))
DESCRIBED = re.findall(r"^ *\.\. (?:auto|py:)\w+:: (usersmanager\w*\.\S+)", REFERENCE, re.MULTILINE)

# In the order in which people import a name that several modules export.
MODULES = (
    "usersmanager",
    *(f"usersmanager.{name}" for name in ("web", "plugins", "transports")),
    *(f"usersmanager.{name}" for name in ("operations", "oauth", "testing")),
    *(f"usersmanager_{name}" for name in ("aiohttp", "cache", "headers", "logging", "native")),
    *(f"usersmanager_{name}" for name in ("jwt", "opentelemetry", "retry", "urllib3")),
)


def public_objects() -> dict[str, Any]:
    objects: dict[str, Any] = {}
    for module in map(importlib.import_module, MODULES):
        for name in module.__all__:
            value = getattr(module, name)
            if name not in HOOKS and not any(value is other for other in objects.values()):
                objects[f"{module.__name__}.{name}"] = value
    return objects


OBJECTS = public_objects()


def test_every_public_name_is_described_once_and_nothing_else_is() -> None:
    hooks = [f"usersmanager._composition.hookspecs.{hook}" for hook in HOOKS]
    assert sorted(DESCRIBED) == sorted([*OBJECTS, *hooks])


def public_members(value: type[Any]) -> list[str]:
    """Return the members that a class or its private bases define, in the order of the source."""
    own = [base for base in value.__mro__ if base.__module__.startswith("usersmanager")]
    bases = [base for base in own if base is value or base not in OBJECTS.values()]
    names = [name for base in bases for name in vars(base) if not name.startswith(("_", "test_"))]
    return [name for name in dict.fromkeys(names) if is_documented(value, name)]


def is_documented(value: type[Any], name: str) -> bool:
    member = inspect.getattr_static(value, name)
    member = getattr(member, "__func__", member)
    return inspect.isfunction(member) or isinstance(member, property)


CLASSES = re.compile(
    r"^\.\. auto(?:class|exception):: (\S+)\n\n((?:   \.\. auto.*\n)+)", re.MULTILINE
)


def test_every_member_of_a_class_is_described() -> None:
    listed = {
        name: set(re.findall(r":: (\w+)", members)) for name, members in CLASSES.findall(REFERENCE)
    }
    assert len(listed) > 10
    assert listed == {name: set(public_members(OBJECTS[name])) for name in listed}


def callables() -> Iterator[tuple[str, Any, str | None]]:
    """Yield every public function, constructor and method of a public class, with its docstring."""
    for name, value in OBJECTS.items():
        if inspect.isfunction(value):
            yield name, value, inspect.getdoc(value)
        if inspect.isclass(value) and value.__module__.startswith("usersmanager"):
            if "__init__" in vars(value):
                yield name, value.__init__, inspect.getdoc(value)
            for key in vars(value):
                method = inspect.getattr_static(value, key)
                function = getattr(method, "__func__", method)
                if inspect.isfunction(function) and not key.startswith(("_", "test_", "usersm")):
                    yield f"{name}.{key}", function, function.__doc__


# A docstring may refer to one name that lists the rest.
REFERS = re.compile(r"\b[Ss]ee (?:also )?(?:the )?(?:`+[\w.]+`+|constructor)")


_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def test_a_docstring_lists_the_arguments_and_the_result() -> None:
    missing = {name: problem for name, *found in callables() if (problem := omission(*found))}
    assert missing == {}


def omission(function: Any, text: str | None) -> str | None:
    """Return what a docstring leaves out; None if nothing."""
    if text is None:
        return "everything"
    if REFERS.search(text):
        return None
    parameters = list(inspect.signature(function).parameters.values())
    names = [parameter.name for parameter in parameters if parameter.kind in _NAMED]
    names = [name for name in names if name not in ("self", "cls")]
    # One argument may be described by the summary.
    if len(names) > 1:
        described = re.findall(r"^\s+\*{0,2}(\w+): ", text, re.MULTILINE)
        if not set(names) <= set(described):
            return "an argument"
    result = inspect.signature(function).return_annotation
    if result not in ("None", None, "NoReturn", "Self", inspect.Signature.empty):
        is_told = re.search(r"\b([Rr]eturns?|Whether|Yield|Wait)\b", text)
        return None if is_told else "the result"
    return None


RAISE = re.compile(r"^\s+raise (?!NotImpl)(\w+Error)\(", re.MULTILINE)


def test_a_docstring_lists_the_errors_that_the_function_raises() -> None:
    missing = {name: errors for name, *found in callables() if (errors := unlisted_errors(*found))}
    assert missing == {}


def unlisted_errors(function: Any, text: str | None) -> list[str]:
    if REFERS.search(text or "") or "usersmanager" not in function.__code__.co_filename:
        return []
    raised = RAISE.findall(inspect.getsource(function))
    return [name for name in raised if not is_listed(function, name, text or "")]


def is_listed(function: Any, name: str, text: str) -> bool:
    error = function.__globals__.get(name) or getattr(builtins, name)
    # A base class will do.
    return any(f"{base.__name__}: " in text for base in error.__mro__)


def test_every_hook_is_explained() -> None:
    assert [hook for hook in HOOKS if f"`{hook}`" not in PAGES["plugins.md"]] == []


def options(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            yield from parameter.opts
    if isinstance(command, click.Group):
        for name in command.commands:
            yield from options(command.commands[name])


def test_every_option_of_the_command_line_is_explained() -> None:
    explained = set(re.findall(r"`(?:usersmanager )?(--?[a-z-]+)", PAGES["cli.md"]))
    assert set(options(app)) - explained == set()


def test_every_environment_variable_is_explained() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "core/usersmanager").rglob("*.py"))
    named = set(re.findall(r"\bUSERSMANAGER_[A-Z_]+\b", sources))
    assert {name for name in named if name not in "".join(PAGES.values())} == set()


def test_every_entry_point_group_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = {name for name in project["entry-points"] if name.startswith("usersmanager.")}
    assert {group for group in groups if f"`{group}`" not in REFERENCE} == set()


def test_every_field_and_logger_is_explained(caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeTransport().profile("auth0|123")
    with (
        caplog.at_level(logging.DEBUG, "usersmanager"),
        UsersManager(TENANT, transport=fake, discover=["logging"]) as users,
    ):
        users.get_info("a-token")
    fields = {field for record in caplog.records for field in record.args or ()}
    words = {*fields, *(record.name for record in caplog.records)}
    assert len(words) > 5
    assert {word for word in words if f"`{word}`" not in PAGES["logging.md"]} == set()
