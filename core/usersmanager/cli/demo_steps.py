"""The steps of the demo. Each uses the public API as an application would."""

from __future__ import annotations

import asyncio
import html
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding

from .. import (
    AsyncUsersManager,
    RateLimitedError,
    UserInfo,
    UsersManager,
    UsersManagerError,
)
from ..testing import Sandbox
from ..web import bearer_token, error_response
from .info import profile_table
from .output import escape_control_characters
from .users import ADA, GRACE

__all__ = ["STEPS"]

_CALLS = 300


def _get_profile(console: Console, server: Sandbox) -> None:
    token = server.issue_token(ADA)
    with UsersManager(server.base_url) as users:
        profile = users.get_info(token)
    _print(console, "UsersManager(url).get_info(token)")
    _print(console, profile_table(profile))
    async_profile = asyncio.run(_get_profile_async(server.base_url, token))
    result = "the same profile" if async_profile == profile else "a different profile"
    _print(console, f"await AsyncUsersManager(url).get_info(token): {result}")


async def _get_profile_async(base_url: str, token: str) -> UserInfo:
    async with AsyncUsersManager(base_url) as users:
        return await users.get_info(token)


def _exceed_the_limit(console: Console, server: Sandbox) -> None:
    _print(console, f"without a cache:    {_count(server, 'auth0|1', ())}")
    _print(console, f'plugins=["cache"]:  {_count(server, "auth0|2", ("cache",))}')


def _count(server: Sandbox, user_id: str, plugins: Sequence[str]) -> str:
    """Make many calls with one token, and return how they ended."""
    token = server.add_user(user_id).issue_token(user_id)
    requests = len(server.requests)
    profiles = 0
    # Not retried: each wait would take seconds.
    with UsersManager(server.base_url, plugins=plugins, discover=False) as users:
        for _ in range(_CALLS):
            try:
                users.get_info(token)
                profiles += 1
            except RateLimitedError:
                pass
    requests = len(server.requests) - requests
    sent = "1 request" if requests == 1 else f"{requests} requests"
    return f"{profiles:3} profiles, {_CALLS - profiles:3} refused with 429, {sent}"


def _survive_an_outage(console: Console, server: Sandbox) -> None:
    with UsersManager(server.base_url, plugins=["cache"]) as users:
        ada, grace = (f"Bearer {server.issue_token(user)}" for user in (ADA, GRACE))
        _answer(users, ada)
        server.fail_next(503, retry_after=30)
        _print(console, "the provider answers 503, with Retry-After: 30; your API:")
        _print(console, f"GET /me of Ada, in the cache:  {_answer(users, ada)}")
        _print(console, f"GET /me of Grace:              {_answer(users, grace)}")
        _print(console, f"GET /me without a token:       {_answer(users, None)}")


def _answer(users: UsersManager, authorization: str | None) -> str:
    """Return what an API answers to a request with this header."""
    try:
        profile = users.get_info(bearer_token(authorization))
    except UsersManagerError as error:
        status, _, headers = error_response(error)
        return ", ".join([str(status), *(f"{name}: {value}" for name, value in headers.items())])
    return f"200, {escape_control_characters(profile.name or '')}"


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
    _print(console, f"opened for the first time:   {_page_heading(link)}")
    _print(console, f"opened for the second time:  {_page_heading(link)}")


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


def _print(console: Console, content: RenderableType) -> None:
    console.print(Padding(content, (0, 0, 0, 3), expand=False))


STEPS: tuple[tuple[str, Callable[[Console, Sandbox], None]], ...] = (
    ("A profile, sync and async", _get_profile),
    (f"{_CALLS} calls against Auth0's rate limit", _exceed_the_limit),
    ("An outage, and what your API answers meanwhile", _survive_an_outage),
    ("A one-time link that logs in as another user", _make_link),
)
