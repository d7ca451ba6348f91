"""The scenes of the demo. Each uses the library as anyone would, and shows what happened."""

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

from .. import AsyncUsersManager, UserInfo, UsersManager
from .._composition.entry_points import disabled_names
from ..plugins import installed_plugins
from ..testing import Sandbox
from .info import profile_table
from .output import safe
from .plugins import show_plugins
from .sandbox import ADA, GRACE
from .verbose import Watch, log_told

__all__ = ["SCENES"]

_USERS = 1000
_IN_FLIGHT = 100


def _one_profile(console: Console, tenant: Sandbox) -> None:
    token = tenant.issue_token(ADA)
    with UsersManager(tenant.base_url) as users:
        profile = users.get_info(token)
    _say(console, "UsersManager(base_url).get_info(token)")
    _say(console, profile_table(profile))
    awaited = asyncio.run(_awaited_profile(tenant.base_url, token))
    same = "the same profile" if awaited == profile else "another profile"
    _say(console, f"await AsyncUsersManager(base_url).get_info(token): {same}")


async def _awaited_profile(base_url: str, token: str) -> UserInfo:
    async with AsyncUsersManager(base_url) as users:
        return await users.get_info(token)


def _many_profiles(console: Console, tenant: Sandbox) -> None:
    tokens = {}
    for number in range(_USERS):
        user_id = f"auth0|{number}"
        tenant.add_user(user_id, name=f"User {number}")
        tokens[user_id] = tenant.issue_token(user_id)
    columns = (TextColumn("  "), BarColumn(), MofNCompleteColumn(), _Rate())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=_USERS)
        asyncio.run(_fetch(tenant.base_url, tokens, lambda: progress.advance(task)))
    rate = _rate(progress.tasks[task])
    _say(console, f"{_USERS} profiles, {_IN_FLIGHT} in flight at most: {rate}")
    _say(console, "each checked: it belongs to the token that asked for it")


class _Rate(ProgressColumn):
    """How fast it goes, so far and in the end."""

    def render(self, task: Task) -> Text:
        """Shows it."""
        return Text(_rate(task))


def _rate(task: Task) -> str:
    return f"{task.completed / (task.finished_time or task.elapsed or 1):.0f} a second"


async def _fetch(base_url: str, tokens: Mapping[str, str], advance: Callable[[], None]) -> None:
    slots = asyncio.Semaphore(_IN_FLIGHT)

    async def fetch(user_id: str, token: str) -> None:
        async with slots:
            # A profile of someone else raises SubjectMismatchError.
            await users.get_info(token, expected_subject=user_id)
        advance()

    async with AsyncUsersManager(base_url) as users:
        await asyncio.gather(*(fetch(user_id, token) for user_id, token in tokens.items()))


def _recovery(console: Console, tenant: Sandbox) -> None:
    if "retry" in disabled_names():
        _say(console, "left out: USERSMANAGER_DISABLE switches the plugin retry off")
        return
    # Imported for waits that are the same at each run: the discovered one's are random.
    from tenacity import wait_incrementing

    from usersmanager_retry import Retry

    def tell(line: str) -> None:
        _say(console, safe(line))

    tenant.fail_next(503, times=2)
    plugins = [Watch(tell), Retry(wait=wait_incrementing(0.25, 0.25))]
    with (
        log_told(tell, "usersmanager.attempt"),
        UsersManager(tenant.base_url, plugins=plugins) as users,
    ):
        profile = users.get_info(tenant.issue_token(ADA))
    tell(f"recovered: the profile of {profile.sub}")


def _one_time_link(console: Console, tenant: Sandbox) -> None:
    settings = {
        "impersonator_id": GRACE,
        "protocol": "oauth2",
        "token": tenant.issue_api_token(),
    }
    with UsersManager(tenant.base_url, client_id=tenant.client_id) as users:
        link = users.impersonate(ADA, settings)
    # Shortened, as every link deserves: it is a credential.
    start, _, ticket = link.rpartition("/")
    _say(console, f"{start}/{ticket[:4]}...")
    for turn in ("first", "second"):
        _say(console, f"opened for the {turn} time: {_page_heading(link)}")


def _page_heading(link: str) -> str:
    # No proxy, whatever the environment says: the page is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(link, timeout=5) as page:
            text = page.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            text = refusal.read().decode()
    heading = re.search("<h1>(.*?)</h1>", text)
    return safe(html.unescape(heading[1])) if heading else "no page"


def _in_play(console: Console, tenant: Sandbox) -> None:
    show_plugins(console, installed_plugins())


def _say(console: Console, what: RenderableType) -> None:
    console.print(Padding(what, (0, 0, 0, 3), expand=False))


SCENES: tuple[tuple[str, Callable[[Console, Sandbox], None]], ...] = (
    ("One profile, blocking and asyncio", _one_profile),
    ("Many profiles at once, asyncio", _many_profiles),
    ("A server in trouble, and a retry that recovers", _recovery),
    ("A link that logs in as a user, once", _one_time_link),
    ("The transports and plugins in play", _in_play),
)
