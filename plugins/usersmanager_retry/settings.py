"""Check the settings of `Retry` when it is constructed, and the results of its strategies."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import TypeGuard

from tenacity import RetryCallState, stop_after_attempt, wait_fixed
from tenacity.stop import StopBaseT
from tenacity.wait import WaitBaseT

from usersmanager import ArgumentError, PluginError
from usersmanager.plugins import validate_count

__all__ = ["seconds_to_wait", "should_stop", "stop_strategy", "validate_wait", "wait_strategy"]

_ATTEMPTS = 3


def wait_strategy(wait: float | timedelta | WaitBaseT, max_wait: float) -> WaitBaseT:
    """Return the wait strategy for a setting.

    Raises:
        ArgumentError: the setting is invalid, or a fixed wait longer than ``max_wait``.
    """
    if type(wait) is wait_fixed:
        wait = wait.wait_fixed
    if callable(wait):
        _check_strategy("wait", wait)
        return wait
    seconds = validate_wait("wait", wait, "a number of seconds, a timedelta or a wait strategy")
    if seconds > max_wait:
        raise ArgumentError(f"wait must not be longer than max_wait, which is {max_wait:g} s")
    return wait_fixed(seconds)


def validate_wait(name: str, value: object, allowed: str = "a number of seconds") -> float:
    """Return the seconds of a setting.

    Raises:
        ArgumentError: it is not a number or a timedelta, or it is negative or infinite.
    """
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if not _is_number(seconds):
        raise ArgumentError(f"{name} must be {allowed}")
    if not 0 <= seconds <= sys.float_info.max:
        raise ArgumentError(f"{name} must be 0 or more, and finite")
    return float(seconds)


def stop_strategy(attempts: int | None, stop: int | StopBaseT | None) -> StopBaseT:
    """Return the stop strategy for two settings.

    Raises:
        ArgumentError: a setting is invalid, or both are given.
    """
    if stop is None:
        count = _ATTEMPTS if attempts is None else validate_count("attempts", attempts)
        return stop_after_attempt(count)
    if attempts is not None:
        raise ArgumentError("pass attempts or stop, not both")
    if callable(stop):
        _check_strategy("stop", stop)
        return stop
    return stop_after_attempt(validate_count("stop", stop))


def _check_strategy(name: str, strategy: Callable[..., object]) -> None:
    problem = None
    if inspect.isclass(strategy):
        problem = f"is a class: pass an instance, {strategy.__name__}(...)"
    elif inspect.iscoroutinefunction(strategy):
        problem = "is an async function: pass a plain function"
    elif not _takes_one_argument(strategy):
        problem = "must be a function of one argument, tenacity's RetryCallState"
    if problem is not None:
        raise ArgumentError(f"{name} {problem}")


def _takes_one_argument(function: Callable[..., object]) -> bool:
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        return False
    except ValueError:  # A built-in function may not have a signature.
        pass
    return True


def seconds_to_wait(strategy: WaitBaseT, state: RetryCallState) -> float:
    """Return the seconds to wait, according to a strategy.

    Raises:
        PluginError: the strategy returned an invalid value.
    """
    seconds: object = strategy(state)
    if _is_number(seconds) and seconds >= 0:
        return seconds
    returned = seconds if _is_number(seconds) else type(seconds).__name__
    raise PluginError(
        f"the wait strategy of Retry returned {returned}: return a number of seconds, 0 or more"
    )


def should_stop(strategy: StopBaseT, state: RetryCallState) -> bool:
    """Return whether to give up, according to a strategy.

    Raises:
        PluginError: the strategy did not return a bool.
    """
    result: object = strategy(state)
    if isinstance(result, bool):
        return result
    kind = type(result).__name__
    raise PluginError(f"the stop strategy of Retry returned {kind}: return True or False")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
