"""Every recipe serves many users at once in a real server, and ends without a warning."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest
import urllib3
from examples.recipes.tests.processes import Process

from usersmanager.testing import Sandbox

USERS = 20
REQUESTS_PER_USER = 15


class Server(NamedTuple):
    """How to start a recipe, the path of its profile, and the URLs of Django."""

    folder: str
    command: str
    path: str = "/me"
    urls: str = "shop.urls"


GUNICORN = "-m gunicorn --bind 127.0.0.1:0 --workers 2 --threads 10"
UVICORN = "-m uvicorn --port 0"
HYPERCORN = "-m hypercorn --bind 127.0.0.1:0"
SERVERS = {
    "FastAPI in uvicorn": Server("fastapi", f"{UVICORN} app:app"),
    "FastAPI in hypercorn": Server("fastapi", f"{HYPERCORN} app:app"),
    "Starlette in uvicorn": Server("starlette", f"{UVICORN} app:app"),
    "Flask in gunicorn": Server("flask", f"{GUNICORN} app:app"),
    "Flask in gunicorn, preloaded": Server("flask", f"{GUNICORN} --preload app:app"),
    "Django in gunicorn": Server("django", f"{GUNICORN} shop.wsgi"),
    "Django in gunicorn, preloaded": Server("django", f"{GUNICORN} --preload shop.wsgi"),
    "Django in uvicorn": Server(
        "django", f"{UVICORN} shop.asgi:application", urls="shop.async_urls"
    ),
    "Django in hypercorn": Server(
        "django", f"{HYPERCORN} shop.asgi:application", urls="shop.async_urls"
    ),
    "Django REST framework in gunicorn": Server(
        "django", f"{GUNICORN} shop.wsgi", "/rest/me", "shop.rest_urls"
    ),
    "aiohttp": Server("aiohttp", "-m aiohttp.web -H 127.0.0.1 -P 0 app:make_app"),
    "Litestar in uvicorn": Server("litestar", f"{UVICORN} app:app"),
}


def get(http: urllib3.PoolManager, url: str, token: str) -> urllib3.BaseHTTPResponse:
    return http.request("GET", url, headers={"Authorization": f"Bearer {token}"}, retries=False)


@pytest.mark.parametrize("name", SERVERS)
def test_concurrent_users_get_their_own_profiles_and_503_in_an_outage(
    name: str, sandbox: Sandbox
) -> None:
    folder, command, path, urls = SERVERS[name]
    subjects = [f"auth0|{number}" for number in range(USERS)]
    tokens = {subject: sandbox.add_user(subject).issue_token(subject) for subject in subjects}
    with (
        Process(folder, *command.split(), ROOT_URLCONF=urls) as process,
        urllib3.PoolManager(maxsize=USERS) as http,
    ):
        url = process.url() + path

        def subjects_for(subject: str) -> list[str]:
            token = tokens[subject]
            return [get(http, url, token).json()["sub"] for _ in range(REQUESTS_PER_USER)]

        with ThreadPoolExecutor(USERS) as pool:
            answered = list(pool.map(subjects_for, subjects))
            assert answered == [[subject] * REQUESTS_PER_USER for subject in subjects]

            sandbox.fail_next(503, retry_after=30, times=USERS)
            outage = list(pool.map(lambda token: get(http, url, token), tokens.values()))
        assert {(each.status, each.headers["Retry-After"]) for each in outage} == {(503, "30")}
        process.assert_terminates_quietly()
