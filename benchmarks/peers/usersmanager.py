"""usersmanager with each installed transport, the default plugins and the default settings."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

from usersmanager import AsyncUsersManager, UsersManager
from usersmanager.plugins import installed_plugins

from ..profiles import TOKEN
from . import AsyncFetch, Fetch


@contextmanager
def open_sync(base_url: str, transport: str) -> Iterator[Fetch]:
    with UsersManager(base_url, transport=transport) as users:
        yield lambda: users.get_info(TOKEN)


@asynccontextmanager
async def open_async(base_url: str, transport: str) -> AsyncIterator[AsyncFetch]:
    async with AsyncUsersManager(base_url, transport=transport) as users:
        yield lambda: users.get_info(TOKEN)


def per_transport(hook: str, open_client: Callable[..., Any]) -> dict[str, Any]:
    """Return a client for each installed transport that implements a hook."""
    names = [report.name for report in installed_plugins() if hook in report.hooks]
    return {f"usersmanager ({name})": partial(open_client, transport=name) for name in names}
