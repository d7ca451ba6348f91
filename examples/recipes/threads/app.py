import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

from usersmanager import UserInfo, UsersManager

CONCURRENT_CALLS = 100

users = UsersManager(os.environ["AUTH0_URL"])
pool = ThreadPoolExecutor(
    CONCURRENT_CALLS, thread_name_prefix="get_info"
)


async def get_info(token: str) -> UserInfo:
    return await asyncio.get_running_loop().run_in_executor(
        pool, users.get_info, token
    )
