"""Calls that need only the declared dependencies. Run by build.py in environments without others.

The arguments are the names of transports.
"""

from __future__ import annotations

import asyncio
import sys

from usersmanager import AsyncUsersManager, UsersManager
from usersmanager.plugins import installed_plugins
from usersmanager.testing import Sandbox


async def get_info(url: str, transport: str, token: str) -> str:
    async with AsyncUsersManager(url, transport=transport) as users:
        return (await users.get_info(token)).sub


def main(names: list[str]) -> None:
    modes = {report.name: report.modes for report in installed_plugins()}
    with Sandbox() as sandbox:
        sandbox.add_user("auth0|123")
        token = sandbox.issue_token("auth0|123")
        for name in names:
            if "sync" in modes[name]:
                with UsersManager(sandbox.base_url, transport=name) as users:
                    assert users.get_info(token).sub == "auth0|123"
            if "async" in modes[name]:
                assert asyncio.run(get_info(sandbox.base_url, name, token)) == "auth0|123"
            print(name, *modes[name])


if __name__ == "__main__":
    main(sys.argv[1:])
