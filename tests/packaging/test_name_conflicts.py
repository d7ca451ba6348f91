"""A distribution under names that the library ships, really built and installed, does no harm."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

IMPOSTOR = Path(__file__).parent / "thirdparty" / "impostor"

PROGRAM = """
import json, warnings
from usersmanager import AsyncUsersManager, UsersManager
for kind in (UsersManager, AsyncUsersManager):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        users = kind("https://tenant.example")
    print(json.dumps([repr(users), *[str(one.message) for one in caught]]))
    if kind is UsersManager:
        users.close()
"""


@pytest.fixture(scope="module")
def run(environment: Any) -> Callable[..., str]:
    """Runs Python where the impostor is installed."""
    environment.install(IMPOSTOR)
    run: Callable[..., str] = environment.run
    return run


def test_managers_use_what_is_shipped_and_warn_of_each_name_once(run: Callable[..., str]) -> None:
    for line, transport in zip(
        run("-c", PROGRAM).splitlines(), ("urllib3", "aiohttp"), strict=True
    ):
        shown, *told = json.loads(line)
        assert f"transport={transport} plugins=headers, logging, retry>" in shown
        assert [message.partition(" is provided by ")[0] for message in told] == [
            "the plugin name 'retry'",
            f"the transport name {transport!r}",
        ]
        for message in told:
            assert "acme-impostor 6.6.6 and usersmanager " in message


def test_the_command_line_lists_both_with_what_is_used(run: Callable[..., str]) -> None:
    listed = json.loads(run("-m", "usersmanager", "plugins", "--json"))
    of_impostor = [one for one in listed if one["distribution"] == "acme-impostor"]
    assert [one["name"] for one in of_impostor] == ["aiohttp", "urllib3", "retry"]
    assert {one["status"] for one in of_impostor} == {"shadowed"}
    assert all("of usersmanager" in one["reason"] for one in of_impostor)
    assert {one["status"] for one in listed if one["distribution"] == "usersmanager"} == {"active"}
