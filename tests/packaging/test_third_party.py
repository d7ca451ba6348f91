"""A small plugin and a small transport are discovered once they are installed."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

pytestmark = pytest.mark.slow

DISTRIBUTIONS = ["plugin", "transport"]

PROGRAM = """
import asyncio, json
from usersmanager import AsyncUsersManager, UsersManager
with UsersManager("https://tenant.example", transport="parrot") as users:
    print(json.dumps(users.get_info("token")))
async def main():
    async with AsyncUsersManager("https://tenant.example", transport="parrot") as users:
        print(json.dumps(await users.get_info("token")))
asyncio.run(main())
"""


def test_both_are_used_in_both_modes_without_configuration(run: Callable[..., str]) -> None:
    lines = run("-c", PROGRAM).splitlines()
    assert [json.loads(line) for line in lines] == [{"sub": "parrot", "stamp": "stamped"}] * 2


def test_both_are_listed_with_their_distributions(run: Callable[..., str]) -> None:
    listed = json.loads(run("-m", "usersmanager", "plugins", "--json"))
    by_name = {entry["name"]: entry for entry in listed}
    assert by_name["stamp"]["distribution"] == "usersmanager-stamp"
    assert by_name["stamp"]["version"] == "3.2.1"
    assert by_name["parrot"]["kind"] == "transport"
    assert by_name["parrot"]["modes"] == ["sync", "async"]
    assert {entry["status"] for entry in listed} == {"active", "off"}


def test_an_environment_variable_disables_the_plugin(run: Callable[..., str]) -> None:
    lines = run("-c", PROGRAM, USERSMANAGER_DISABLE="stamp").splitlines()
    assert [json.loads(line) for line in lines] == [{"sub": "parrot", "stamp": None}] * 2
