"""A program that calls a server: its arguments are the URL, a token, and what it passes by hand."""

import asyncio
import sys
import warnings

from usersmanager import AsyncUsersManager, UsersManager, UsersManagerError

url, token, by_hand = sys.argv[1:]
kinds = by_hand.split(",")
settings, async_settings = {}, {}
if "transports" in kinds:
    from usersmanager_aiohttp import AiohttpTransport
    from usersmanager_urllib3 import Urllib3Transport

    settings["transport"] = Urllib3Transport()
if "plugins" in kinds:
    from usersmanager_retry import Retry

    settings["plugins"] = async_settings["plugins"] = [Retry()]


async def main():
    if "transports" in kinds:
        async_settings["transport"] = AiohttpTransport()
    async with AsyncUsersManager(url, **async_settings) as users:
        print("plugins", "retry" in repr(users), (await users.get_info(token)).sub)


warnings.simplefilter("always")
try:
    with UsersManager(url, **settings) as users:
        print("plugins", "retry" in repr(users), users.get_info(token).sub)
    asyncio.run(main())
except UsersManagerError as error:
    print(type(error).__name__, error)
