"""A case of a contract ends, and says in words which rule was broken."""

from __future__ import annotations

import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from usersmanager import DisconnectedError, Request, Response
from usersmanager.testing import AsyncTransportContract, TransportContract
from usersmanager.testing.contracts.watchdog import run_within

CASE = "test_a_redirect_is_not_followed"


class Broken:
    """A transport that calls a function in place of sending."""

    def __init__(self, send: Callable[[], Response]) -> None:
        self._send = send

    def send(self, request: Request) -> Response:
        return self._send()

    async def asend(self, request: Request) -> Response:
        return self._send()

    def close(self) -> None: ...

    async def aclose(self) -> None: ...


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """An event that ends what hangs."""
    event = threading.Event()
    yield event
    event.set()


def error_of(contract: type[Any], send: Callable[[], Response], **attributes: Any) -> Exception:
    transport = Broken(send)
    attributes["transport"] = lambda self, **settings: transport
    case = getattr(type("TestMine", (contract,), attributes)(), CASE)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any class.
        case()
    return caught.value


@pytest.mark.parametrize("contract", [TransportContract, AsyncTransportContract])
def test_a_case_that_hangs_fails_at_its_time_limit_and_says_where(
    contract: type[Any], released: threading.Event
) -> None:
    def hang() -> Response:
        released.wait(60)
        return Response(302)

    for limit in (0.2, 5.0):  # On a busy machine, the first may be over before it hangs.
        error = error_of(contract, hang, time_limit=limit)
        assert isinstance(error, AssertionError)
        assert f"did not end within {limit:g} s" in str(error)
        if "released.wait(60)" in str(error):
            return
    pytest.fail(f"it does not say where: {error}")


@pytest.mark.parametrize("contract", [TransportContract, AsyncTransportContract])
def test_a_failure_states_the_rule_what_happened_and_where_to_read_on(contract: type[Any]) -> None:
    error = error_of(contract, lambda: Response(200))
    text = "".join(traceback.format_exception_only(error))
    assert "a 301 must be returned" in text
    assert "a redirect is not followed" in text
    assert "docs/contracts.md#a-redirect-is-not-followed" in text


def test_the_exception_of_a_transport_keeps_its_class_and_traceback() -> None:
    def fail() -> Response:
        raise KeyError("a bug")

    error = error_of(TransportContract, fail)
    assert type(error) is KeyError
    assert "fail" in {entry.name for entry in traceback.extract_tb(error.__traceback__)}
    assert "a redirect is not followed" in "".join(error.__notes__)


def test_an_error_that_python_raised_is_what_a_manager_makes_of_it() -> None:
    def fail() -> Response:
        raise ConnectionResetError("raw")

    error = error_of(TransportContract, fail)
    assert type(error) is DisconnectedError
    assert type(error.__cause__) is ConnectionResetError


def test_a_case_of_a_user_is_left_alone() -> None:
    def test_mine(self: Any) -> threading.Thread:
        return threading.current_thread()

    contract = type("TestMine", (TransportContract,), {"test_mine": test_mine})
    assert contract().test_mine() is threading.current_thread()


def test_several_functions_run_at_the_same_time_and_the_first_error_is_raised() -> None:
    barrier = threading.Barrier(2)

    def meet() -> None:
        barrier.wait(5)

    def meet_and_fail() -> None:
        meet()
        raise KeyError("mine")

    with pytest.raises(KeyError):
        run_within(5, meet, meet_and_fail)


def test_a_case_that_hangs_does_not_keep_the_process_alive() -> None:
    source = """
import time
from usersmanager.testing import FaultServer
from usersmanager.testing.contracts.watchdog import run_within

def hang():
    with FaultServer() as server:
        time.sleep(600)

try:
    run_within(0.1, hang)
except AssertionError:
    print("ended")
"""
    process = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, timeout=60
    )
    assert process.stdout == "ended\n"
