"""Calls of a manager: results, requests and threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from tests.support import TENANT

from usersmanager import RedirectError, Request, Response, UsersManager, UsersManagerError
from usersmanager.testing import FakeTransport

Fetch = Callable[..., Any]
ErrorOf = Callable[[Callable[[], object]], UsersManagerError]


def test_get_info_returns_the_profile(fetch: Fetch, fake: FakeTransport) -> None:
    fake.profile("auth0|1", email="a@example.com")
    assert fetch() == {"sub": "auth0|1", "email": "a@example.com"}


def test_a_redirect_is_an_error_and_not_followed(
    fetch: Fetch, fake: FakeTransport, error_of: ErrorOf
) -> None:
    fake.status(302, location="https://evil.example")
    assert isinstance(error_of(fetch), RedirectError)
    assert len(fake.requests) == 1


def test_the_template_of_a_request_is_the_same_for_every_user(fake: FakeTransport) -> None:
    settings = {"impersonator_id": "i", "protocol": "oauth2", "token": "t"}
    fake.profile("u").link("https://t.example/x")
    with UsersManager(f"{TENANT}/base", transport=fake) as users:
        users.get_info("t")
        users.impersonate("auth0|1", settings)
    sent = [(request.target, request.template) for request in fake.requests]
    assert sent == [
        ("/base/userinfo", "/base/userinfo"),
        ("/base/users/auth0%7C1/impersonate", "/base/users/{user_id}/impersonate"),
    ]


def test_threads_that_share_a_manager_get_their_own_results() -> None:
    class Echo:
        def send(self, request: Request) -> Response:
            body = b'{"sub": "%s"}' % request.token.reveal().encode()
            return Response(200, {"Content-Type": "application/json"}, body)

        def close(self) -> None: ...

    wrong: list[str] = []
    with UsersManager(TENANT, transport=Echo()) as users:

        def work(name: str) -> None:
            for number in range(200):
                token = f"{name}-{number}"
                if users.get_info(token).sub != token:
                    wrong.append(token)

        threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []
