"""The page about errors lists every exception and every reason, and its example works."""

from __future__ import annotations

import re
import typing
from pathlib import Path
from typing import Any

import pytest
from tests.support import TENANT

import usersmanager
from usersmanager import ConnectError, Response, UsersManager
from usersmanager.errors import Reason
from usersmanager.testing import FakeTransport

PAGE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text()
ERRORS = {name: getattr(usersmanager, name) for name in usersmanager.__all__ if "Error" in name}


def test_the_tree_is_that_of_the_classes() -> None:
    ancestors: list[type] = []
    listed = set()
    for line in PAGE.partition("```\n")[2].partition("```")[0].splitlines():
        ((branch, name, rest),) = re.findall(r"^([ │├└─]*)(\w+)(.*)$", line)
        depth = len(branch) // 3
        error = ERRORS[name]
        ancestors = [*ancestors[:depth], error]
        bases = {base.__name__ for base in error.__bases__ if not base.__name__.startswith("_")}
        if depth:
            assert issubclass(error, ancestors[depth - 1])
        if depth and bases:
            assert bases == {ancestors[depth - 1].__name__, *re.findall(r"\w+Error", rest)}
        listed.add(name)
    assert listed == set(ERRORS)


def test_every_exception_and_every_reason_is_explained() -> None:
    first_columns = "".join(re.findall(r"^\| (.*?) \|", PAGE, re.MULTILINE))
    explained = set(re.findall(r"`(\w+)`", first_columns))
    assert set(ERRORS) - {"UsersManagerError"} - explained == set()
    assert set(typing.get_args(Reason)) - explained == set()


@pytest.mark.parametrize(
    ("item", "status", "headers"),
    [
        (ConnectError("x"), 503, {"Retry-After": "5"}),
        (Response(429, {"Retry-After": "7"}), 503, {"Retry-After": "7"}),
        (Response(401), 401, {"WWW-Authenticate": 'Bearer realm="api", error="invalid_token"'}),
        (Response(403), 403, {"WWW-Authenticate": 'Bearer realm="api"'}),
        (Response(404), 502, {}),
    ],
)
def test_the_example_answers_as_the_table_says(
    item: Any, status: int, headers: dict[str, str]
) -> None:
    (source,) = re.findall(r"(from usersmanager.*?def answer.*?)\nwith", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(source, names)
    users = UsersManager(TENANT, transport=FakeTransport(item), discover=False)
    with users:
        answer = names["answer"](users, "Bearer a-token")
        assert (answer.status, answer.headers) == (status, headers)
        assert names["answer"](users, "Bearer no token")[0] == 401
