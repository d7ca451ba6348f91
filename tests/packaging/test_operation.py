"""A third party's operation, of ten lines, works and is typed once it is installed."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

DISTRIBUTIONS = ["operation"]
SOURCE = Path(__file__).parent / "thirdparty/operation/src/roles_usersmanager/__init__.py"

PROGRAM = """
import asyncio
from roles_usersmanager import list_roles
from usersmanager import AsyncUsersManager, Response, UsersManager
from usersmanager.testing import FakeTransport

def fake() -> FakeTransport:
    return FakeTransport(Response(200, {"Content-Type": "application/json"}, b'{"roles": ["a"]}'))

def sync() -> list[str]:
    with UsersManager("https://tenant.example", transport=fake()) as users:
        return users.call(list_roles("auth0|1", token="t"))

async def main() -> list[str]:
    async with AsyncUsersManager("https://tenant.example", transport=fake()) as users:
        return await users.call(list_roles("auth0|1", token="t"))

print(sync(), asyncio.run(main()))
"""
MISTAKES = """
def wrong(users: UsersManager) -> int:
    users.call(list_roles("auth0|1"))
    return users.call(list_roles("auth0|1", token="t"))
"""


def test_it_works_in_both_modes(run: Callable[..., str]) -> None:
    assert run("-c", PROGRAM).split() == ["['a']"] * 2


def test_a_strict_type_checker_knows_its_arguments_and_its_result(
    run: Callable[..., str], tmp_path: Path
) -> None:
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    check = ("-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(program))
    assert "Success" in run(*check, folder=tmp_path)
    program.write_text(PROGRAM + MISTAKES)
    with pytest.raises(AssertionError) as caught:
        run(*check, folder=tmp_path)
    assert 'Missing named argument "token" for "list_roles"' in str(caught.value)
    assert 'got "list[str]", expected "int"' in str(caught.value)
    assert "Found 2 errors" in str(caught.value)


def test_it_has_ten_lines() -> None:
    source = SOURCE.read_text()
    docstring = ast.get_docstring(ast.parse(source)) or ""
    lines = [line for line in source.splitlines() if line.strip() and docstring not in line]
    assert len(lines) <= 10
