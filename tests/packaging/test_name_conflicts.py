"""An installed distribution that reuses the names of shipped extensions does no harm."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

pytestmark = pytest.mark.slow

DISTRIBUTIONS = ["impostor"]

PROGRAM = """
import json, warnings
from usersmanager import AsyncUsersManager, UsersManager
for kind in (UsersManager, AsyncUsersManager):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        users = kind("https://tenant.example")
    print(json.dumps([repr(users), *[str(warning.message) for warning in caught]]))
    if kind is UsersManager:
        users.close()
"""


def test_managers_use_the_shipped_extensions_and_warn_once_per_name(
    run: Callable[..., str],
) -> None:
    for line, transport in zip(
        run("-c", PROGRAM).splitlines(), ("urllib3", "aiohttp"), strict=True
    ):
        description, *warnings = json.loads(line)
        plugins = "call=logging,opentelemetry,retry attempt=headers,logging,opentelemetry"
        assert f"transport={transport} {plugins}>" in description
        assert [message.partition(" is provided by ")[0] for message in warnings] == [
            "the plugin name 'retry'",
            f"the transport name {transport!r}",
        ]
        for message in warnings:
            assert "acme-impostor 6.6.6 and usersmanager " in message


def test_the_command_line_lists_the_impostor_as_failed(run: Callable[..., str]) -> None:
    listed = json.loads(run("-m", "usersmanager", "plugins", "--json"))
    impostors = [entry for entry in listed if entry["distribution"] == "acme-impostor"]
    assert [entry["name"] for entry in impostors] == ["aiohttp", "urllib3", "retry"]
    assert {entry["status"] for entry in impostors} == {"failed"}
    assert all("of usersmanager" in entry["reason"] for entry in impostors)
    shipped = [entry for entry in listed if entry["distribution"] == "usersmanager"]
    assert {entry["status"] for entry in shipped} == {"active", "off"}
