"""The examples as they are installed: real distributions, found and working together."""

from __future__ import annotations

import importlib
import importlib.resources
import json
import subprocess
import sys

import pytest
from httpx2_usersmanager import Httpx2Transport
from token_refresh_usersmanager import RefreshToken

from usersmanager import UsersManager
from usersmanager.plugins import Token
from usersmanager.testing import Sandbox


@pytest.mark.parametrize("name", ["httpx2", "sockets", "token_refresh"])
def test_each_is_installed_and_says_its_types(name: str) -> None:
    module = importlib.import_module(f"{name}_usersmanager")
    assert "site-packages" in (module.__file__ or "")
    assert importlib.resources.files(module).joinpath("py.typed").is_file()


def test_what_has_an_entry_point_is_listed() -> None:
    command = [sys.executable, "-m", "usersmanager", "plugins", "--json"]
    listed = json.loads(subprocess.check_output(command))  # noqa: S603 - of fixed words.
    by_name = {one["name"]: one for one in listed}
    assert by_name["httpx2"]["distribution"] == "usersmanager-httpx2"
    assert by_name["httpx2"]["kind"] == "transport"
    assert by_name["httpx2"]["modes"] == ["sync", "async"]
    with_extra = ("jwt", "opentelemetry")
    assert {one["status"] for one in listed if one["name"] not in with_extra} == {"active", "off"}


def test_all_of_them_serve_one_manager() -> None:
    async def arefresh(expired: Token) -> Token | None:
        raise AssertionError("a blocking manager awaits nothing")

    with Sandbox() as sandbox:
        sandbox.add_user("auth0|ada")
        expired = sandbox.issue_token("auth0|ada", expires_in=0)
        refresh = RefreshToken(lambda _: Token(sandbox.issue_token("auth0|ada")), arefresh)
        with UsersManager(
            sandbox.base_url, transport=Httpx2Transport(), plugins=[refresh]
        ) as users:
            assert users.get_info(expired).sub == "auth0|ada"
