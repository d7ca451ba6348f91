"""requests with a session that keeps its connections, and auth0-python, which stands on it."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..profiles import TOKEN
from . import CONNECTIONS, HEADERS, TIMEOUT, Fetch


@contextmanager
def open_requests(base_url: str) -> Iterator[Fetch]:
    import requests

    with requests.Session() as session:
        session.mount(base_url, requests.adapters.HTTPAdapter(pool_maxsize=CONNECTIONS))
        yield lambda: session.get(base_url + "/userinfo", headers=HEADERS, timeout=TIMEOUT).json()


@contextmanager
def open_auth0(base_url: str) -> Iterator[Fetch]:
    from auth0.authentication import Users

    protocol, _, domain = base_url.partition("://")
    users = Users(domain, timeout=TIMEOUT, protocol=protocol)
    yield lambda: users.userinfo(TOKEN)
