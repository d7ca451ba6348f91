"""A limit for test cases that a deadlock would stop forever."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["run_within"]


def run_within(seconds: float, work: Callable[[], None]) -> None:
    """Call a function in a thread, and raise what it raises.

    Raises:
        TimeoutError: it did not end in time. Its thread is abandoned.
    """
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"did not end within {seconds:g} s")
    if raised:
        raise raised[0]
