"""The plugin's request for keys: cancelled, too late, interrupted, and in forked processes."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.plugins.jwt.provider import Provider, get_info
from tests.plugins.jwt.tokens import ISSUER, OTHER_EC, claims, jwk, sign
from tests.support import in_child

from usersmanager import (
    AsyncUsersManager,
    DeadlineExceededError,
    DisconnectedError,
    Request,
    Response,
    UsersManager,
)
from usersmanager.testing import FaultServer, Peer, Sandbox
from usersmanager.testing.contracts.cases import with_short_timeout
from usersmanager_jwt import JwtUserInfo
from usersmanager_native import NativeTransport


class SlowKeys(Provider):
    """A provider whose keys come when `gate` is opened; `came` is set when they are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.came = threading.Event()

    def send(self, request: Request) -> Response:
        response = super().send(request)
        if request.target == "/keys":
            self.came.set()
            while not self.gate.wait(0.01):
                if request.remaining() <= 0:
                    raise DeadlineExceededError("late")
        return response


def users_of(provider: Provider, plugin: JwtUserInfo, **settings: Any) -> UsersManager:
    settings = {"transport": provider, "discover": False, "plugins": [plugin]} | settings
    return UsersManager.from_issuer(ISSUER, **settings)


def _wait_for_profiles(provider: Provider, count: int) -> None:
    while provider.paths.count("/userinfo") < count:
        time.sleep(0.005)


def test_keys_that_come_too_late_end_the_call_and_the_next_one_fetches_them(mode: Any) -> None:
    def check(timeout: float) -> None:
        provider, plugin = SlowKeys(), JwtUserInfo("my-app")
        with pytest.raises(DeadlineExceededError):
            get_info(mode, provider, plugins=[plugin], timeout=timeout)
        provider.gate.set()
        assert get_info(mode, provider, plugins=[plugin])[0].sub == "ada"
        assert provider.paths.count("/keys") == 2

    with_short_timeout(check)


def test_a_call_with_more_time_fetches_the_keys_after_one_that_ran_out() -> None:
    def check(timeout: float) -> None:
        provider, plugin = SlowKeys(), JwtUserInfo("my-app")
        with users_of(provider, plugin) as users, ThreadPoolExecutor(2) as pool:
            short = pool.submit(users.get_info, "ada", timeout=timeout)
            assert provider.came.wait(2 * timeout)
            long = pool.submit(users.get_info, "grace")
            with pytest.raises(DeadlineExceededError):
                short.result()
            provider.gate.set()
            assert long.result().sub == "grace"

    with_short_timeout(check)


def test_a_cancelled_call_leaves_the_keys_to_those_that_wait() -> None:
    provider, plugin = SlowKeys(), JwtUserInfo("my-app")

    async def main() -> None:
        async with AsyncUsersManager.from_issuer(
            ISSUER, transport=provider, discover=False, plugins=[plugin]
        ) as users:
            first = asyncio.create_task(users.get_info("ada"))
            await asyncio.to_thread(provider.came.wait, 20)
            others = [asyncio.create_task(users.get_info(name)) for name in ("ada", "grace")]
            await asyncio.to_thread(_wait_for_profiles, provider, 3)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            provider.gate.set()
            assert [(await other).sub for other in others] == ["ada", "grace"]

    asyncio.run(main())
    assert provider.paths.count("/keys") == 2


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_an_interruption_of_the_request_for_keys_passes(interruption: type[BaseException]) -> None:
    provider, plugin = Provider(), JwtUserInfo("my-app")

    def interrupt(request: Request) -> Response:
        raise interruption

    provider.outcomes["/keys"] = [interrupt]
    with users_of(provider, plugin) as users:
        with pytest.raises(interruption):
            users.get_info("ada")
        assert users.get_info("ada").sub == "ada"


def test_many_calls_at_once_need_one_request_for_keys(mode: Any) -> None:
    provider, plugin = SlowKeys(), JwtUserInfo("my-app")
    names = [f"user-{number}" for number in range(10)]

    def open_when_all_wait() -> None:
        _wait_for_profiles(provider, len(names))
        provider.gate.set()

    async def main() -> list[str]:
        async with AsyncUsersManager.from_issuer(
            ISSUER, transport=provider, discover=False, plugins=[plugin]
        ) as users:
            return [user.sub for user in await asyncio.gather(*map(users.get_info, names))]

    with ThreadPoolExecutor(len(names) + 1) as pool:
        opener = pool.submit(open_when_all_wait)
        if mode.name == "async":
            assert asyncio.run(main()) == names
        else:
            with users_of(provider, plugin) as users:
                assert [user.sub for user in pool.map(users.get_info, names)] == names
        opener.result()
    assert provider.paths.count("/keys") == 1


def test_event_loops_one_after_another_share_the_keys() -> None:
    provider, plugin = Provider(), JwtUserInfo("my-app")

    async def main() -> None:
        async with AsyncUsersManager.from_issuer(
            ISSUER, transport=provider, discover=False, plugins=[plugin]
        ) as users:
            assert (await users.get_info("ada")).sub == "ada"

    for _ in range(3):
        asyncio.run(main())
    assert provider.paths.count("/keys") == 1


def test_a_forked_process_uses_the_keys_that_were_known_and_finds_new_ones() -> None:
    provider, plugin = Provider(), JwtUserInfo("my-app")
    with users_of(provider, plugin) as users:
        users.get_info("ada")

        def child() -> str:
            before = users.get_info("ada").sub
            provider.published = {"keys": [jwk(OTHER_EC, kid="3")]}
            provider.profile = lambda subject: sign(OTHER_EC, claims(sub=subject), kid="3")
            return f"{before} {users.get_info('grace').sub} {provider.paths.count('/keys')}"

        assert in_child(child) == "ada grace 2"


def test_a_process_that_is_forked_while_keys_are_fetched_fetches_its_own() -> None:
    provider, plugin = SlowKeys(), JwtUserInfo("my-app")
    with users_of(provider, plugin) as users, ThreadPoolExecutor(1) as pool:
        parent = pool.submit(users.get_info, "ada")
        assert provider.came.wait(20)

        def child() -> str:
            provider.gate = threading.Event()  # Its lock may be held by the thread of the parent.
            provider.gate.set()
            return users.get_info("grace").sub

        assert in_child(child) == "grace"
        provider.gate.set()
        assert parent.result().sub == "ada"


def test_the_plugin_keeps_no_call() -> None:
    provider, plugin = Provider(), JwtUserInfo("my-app")
    with users_of(provider, plugin) as users:
        users.get_info("ada")
    kept = [weakref.ref(request.call) for request in provider.requests]
    provider.requests.clear()
    gc.collect()
    assert [call() for call in kept] == [None, None]


# Over sockets.


def test_a_connection_that_ends_early_is_an_error_of_the_call() -> None:
    with (
        Sandbox(userinfo_signed_response_alg="ES256") as sandbox,
        FaultServer(otherwise=_disconnect) as broken,
        UsersManager.from_issuer(
            sandbox.base_url,
            endpoints={"jwks_uri": f"{broken.origin}/keys"},
            transport=NativeTransport(),
            discover=False,
            plugins=[JwtUserInfo(sandbox.client_id)],
        ) as users,
    ):
        token = sandbox.add_user("ada").issue_token("ada")
        with pytest.raises(DisconnectedError):
            users.get_info(token)


def _disconnect(peer: Peer) -> None:
    peer.request()
    peer.reset()


def test_the_sandbox_may_rotate_its_keys_at_any_time(mode: Any) -> None:
    with Sandbox(userinfo_signed_response_alg="ES256") as sandbox:
        token = sandbox.add_user("ada", name="Ada").issue_token("ada")
        options: dict[str, Any] = {"discover": False, "plugins": [JwtUserInfo(sandbox.client_id)]}
        if mode.name == "sync":
            with UsersManager.from_issuer(sandbox.base_url, **options) as users:
                assert users.get_info(token).name == "Ada"
                sandbox.rotate_keys()
                assert users.get_info(token).name == "Ada"
            return

        async def main() -> None:
            async with AsyncUsersManager.from_issuer(sandbox.base_url, **options) as users:
                assert (await users.get_info(token)).name == "Ada"
                sandbox.rotate_keys()
                assert (await users.get_info(token)).name == "Ada"

        asyncio.run(main())
