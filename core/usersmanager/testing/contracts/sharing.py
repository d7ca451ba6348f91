"""Plugin cases: an instance shared by managers, threads, tasks and event loops, and closing."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from ..._values.request import Request
from ..._values.response import Response
from .meeting import MeetingTransport
from .plugin_provider import PluginProvider
from .responding import RespondingTransport, own_profile
from .watchdog import run_within

__all__ = ["SharingCases"]

_USERS = [f"user-{number}" for number in range(8)]
# Time limits in seconds. A broken plugin takes this long, a correct one milliseconds.
_MEETING = 1.0
_ENDING = 1.0
_LIMIT = 10.0


class SharingCases(PluginProvider):
    """The test cases in which a plugin is shared or closed."""

    def test_threads_can_share_it(self) -> None:
        def main() -> None:
            transport = MeetingTransport(len(_USERS), _MEETING)
            with self._sync(self.plugin(), transport) as users:
                assert _in_threads(lambda user: users.get_info(user).sub) == _USERS
                transport.end_meeting()
                assert [users.get_info(user).sub for user in _USERS] == _USERS

        with _rule(
            "a plugin must keep the calls of threads apart: nothing of a call belongs on self"
        ):
            run_within(_LIMIT, main)

    def test_tasks_can_share_it(self) -> None:
        async def main() -> None:
            async with self._async(self.plugin(), MeetingTransport(len(_USERS), _MEETING)) as users:
                for _ in range(2):
                    profiles = await asyncio.gather(*[users.get_info(user) for user in _USERS])
                    assert [profile.sub for profile in profiles] == _USERS

        with _rule(
            "a plugin must keep the calls of tasks apart, and hold no lock across `yield from`"
        ):
            run_within(_LIMIT, lambda: asyncio.run(main()))

    def test_two_managers_can_share_it(self) -> None:
        plugin = self.plugin()
        with (
            _rule("a plugin must not give a manager what the server of another one sent"),
            self._sync(plugin, RespondingTransport(_named("first"))) as first,
            self._sync(
                plugin, RespondingTransport(_named("second")), "https://second.example"
            ) as second,
        ):
            for _ in range(2):
                assert first.get_info("a-token")["sub"] == "first"
                assert second.get_info("a-token")["sub"] == "second"

    def test_a_sync_manager_and_two_event_loops_can_share_it(self) -> None:
        plugin = self.plugin()

        async def subject() -> str:
            async with self._async(plugin, RespondingTransport(own_profile)) as users:
                return (await users.get_info("a-token")).sub

        with (
            _rule("a plugin must not keep an event loop, or what belongs to one"),
            self._sync(plugin, RespondingTransport(own_profile)) as users,
        ):
            for _ in range(2):
                assert users.get_info("a-token").sub == "a-token"
                assert asyncio.run(subject()) == "a-token"

    def test_closing_one_manager_leaves_another_usable(self) -> None:
        plugin = self.plugin()

        async def main() -> str:
            async with self._async(plugin, RespondingTransport(own_profile)) as users:
                async with self._async(plugin, RespondingTransport(own_profile)) as other:
                    await other.get_info("another-token")
                return (await users.get_info("a-token")).sub

        with _rule("a plugin must work on after the close of one of its managers"):
            with self._sync(plugin, RespondingTransport(own_profile)) as users:
                with self._sync(plugin, RespondingTransport(own_profile)) as other:
                    other.get_info("another-token")
                assert users.get_info("a-token").sub == "a-token"
            assert asyncio.run(main()) == "a-token"

    def test_it_can_be_closed_without_a_call(self) -> None:
        async def main() -> None:
            async with self._async(self.plugin(), RespondingTransport(own_profile)):
                pass

        with _rule("the close of a plugin must not raise, even if there was no call"):
            with self._sync(self.plugin(), RespondingTransport(own_profile)):
                pass
            asyncio.run(main())

    def test_it_leaves_no_thread_and_no_task(self) -> None:
        async def main() -> None:
            tasks = asyncio.all_tasks()
            async with self._async(self.plugin(), RespondingTransport(own_profile)) as users:
                await users.get_info("a-token")
            left = asyncio.all_tasks() - tasks
            assert not left or not (await asyncio.wait(left, timeout=_ENDING))[1]

        threads = set(threading.enumerate())
        with _rule("the close of a plugin must end the threads and tasks that it started"):
            with self._sync(self.plugin(), RespondingTransport(own_profile)) as users:
                users.get_info("a-token")
            asyncio.run(main())
            _join_all(set(threading.enumerate()) - threads)


@contextlib.contextmanager
def _rule(rule: str) -> Iterator[None]:
    """Raise an AssertionError with the rule if the block raises an exception."""
    try:
        yield
    except Exception as error:
        raise AssertionError(rule) from error


def _named(subject: str) -> Callable[[Request], Response]:
    body = f'{{"sub": "{subject}"}}'.encode()
    return lambda request: Response(200, {"Content-Type": "application/json"}, body)


def _in_threads(function: Callable[[str], object]) -> list[object]:
    """Call a function for each user in a separate thread, and return the results or errors."""
    results: dict[str, object] = {}

    def work(user: str) -> None:
        try:
            results[user] = function(user)
        except Exception as error:
            results[user] = error

    # After a deadlock, the threads of an executor would keep the interpreter from exiting.
    threads = [threading.Thread(target=work, args=(user,), daemon=True) for user in _USERS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[user] for user in _USERS]


def _join_all(threads: set[threading.Thread]) -> None:
    end = time.monotonic() + _ENDING
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
        assert not thread.is_alive(), f"{thread.name} is running"
