"""The steps of the demo. Each uses the public API as an application would."""

from __future__ import annotations

import asyncio
import html
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from .. import APIError, AsyncUsersManager, UserInfo, UsersManager
from ..plugins import installed_plugins
from ..testing import Sandbox
from .info import profile_table
from .output import escape_control_characters
from .plugin_list import print_plugins
from .users import ADA, GRACE
from .verbose import CallLogger, log_to

__all__ = ["STEPS"]

_USERS = 1000
_CONCURRENCY = 100


def _get_profile(console: Console, server: Sandbox) -> None:
    token = server.issue_token(ADA)
    with UsersManager(server.base_url) as users:
        profile = users.get_info(token)
    _print(console, "UsersManager(base_url).get_info(token)")
    _print(console, profile_table(profile))
    async_profile = asyncio.run(_get_profile_async(server.base_url, token))
    result = "the same profile" if async_profile == profile else "a different profile"
    _print(console, f"await AsyncUsersManager(base_url).get_info(token): {result}")


async def _get_profile_async(base_url: str, token: str) -> UserInfo:
    async with AsyncUsersManager(base_url) as users:
        return await users.get_info(token)


def _get_many_profiles(console: Console, server: Sandbox) -> None:
    tokens = {}
    for number in range(_USERS):
        user_id = f"auth0|{number}"
        server.add_user(user_id, name=f"User {number}")
        tokens[user_id] = server.issue_token(user_id)
    columns = (TextColumn("  "), BarColumn(), MofNCompleteColumn(), _RateColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=_USERS)
        asyncio.run(_get_all(server.base_url, tokens, lambda: progress.advance(task)))
    rate = _rate(progress.tasks[task])
    _print(console, f"{_USERS} profiles, at most {_CONCURRENCY} at a time: {rate}")
    _print(console, "each profile belongs to the token it was requested with")


class _RateColumn(ProgressColumn):
    """Shows how many profiles a second were fetched so far."""

    def render(self, task: Task) -> Text:
        """Return the rate as text."""
        return Text(_rate(task))


def _rate(task: Task) -> str:
    return f"{task.completed / (task.finished_time or task.elapsed or 1):.0f}/s"


async def _get_all(base_url: str, tokens: Mapping[str, str], advance: Callable[[], None]) -> None:
    semaphore = asyncio.Semaphore(_CONCURRENCY)

    async def get_one(user_id: str, token: str) -> None:
        async with semaphore:
            # Raises SubjectMismatchError for the profile of another user.
            await users.get_info(token, expected_subject=user_id)
        advance()

    async with AsyncUsersManager(base_url) as users:
        await asyncio.gather(*(get_one(user_id, token) for user_id, token in tokens.items()))


def _recover_from_failure(console: Console, server: Sandbox) -> None:
    server.fail_next(503, retry_after=1)
    with (
        log_to(lambda line: _print(console, line)),
        UsersManager(server.base_url, plugins=[CallLogger()]) as users,
    ):
        try:
            profile = users.get_info(server.issue_token(ADA))
        except APIError as error:  # The plugin that retries is disabled.
            _print(console, f"not retried: {escape_control_characters(str(error))}")
            return
    _print(console, f"recovered: the profile of {escape_control_characters(profile.sub)}")


def _make_link(console: Console, server: Sandbox) -> None:
    settings = {
        "impersonator_id": GRACE,
        "protocol": "oauth2",
        "token": server.issue_api_token(),
    }
    with UsersManager(server.base_url, client_id=server.client_id) as users:
        link = users.impersonate(ADA, settings)
    # Shortened because the link is a credential.
    start, _, ticket = link.rpartition("/")
    _print(console, f"{start}/{ticket[:4]}...")
    _print(console, f"opened for the first time: {_page_heading(link)}")
    _print(console, f"opened for the second time: {_page_heading(link)}")


def _page_heading(link: str) -> str:
    # Ignore proxy settings: the server is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(link, timeout=5) as page:
            text = page.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            text = error.read().decode()
    heading = re.search("<h1>(.*?)</h1>", text)
    return escape_control_characters(html.unescape(heading[1])) if heading else "no heading"


def _list_plugins(console: Console, server: Sandbox) -> None:
    print_plugins(console, installed_plugins())


def _print(console: Console, content: RenderableType) -> None:
    console.print(Padding(content, (0, 0, 0, 3), expand=False))


STEPS: tuple[tuple[str, Callable[[Console, Sandbox], None]], ...] = (
    ("One profile, sync and async", _get_profile),
    ("Many profiles concurrently", _get_many_profiles),
    ("A failing server, and a retry that recovers", _recover_from_failure),
    ("A one-time link that logs in as a user", _make_link),
    ("Installed plugins and transports", _list_plugins),
)
