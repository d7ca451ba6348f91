"""Find the public functions, constructors and methods, and their parameters, by introspection."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

__all__ = ["Target", "public_callables"]

_MODULES = [
    *("usersmanager", "usersmanager.operations", "usersmanager.oauth", "usersmanager.plugins"),
    *("usersmanager.transports", "usersmanager.web", "usersmanager.testing"),
    *("usersmanager_cache", "usersmanager_headers", "usersmanager_jwt", "usersmanager_logging"),
    *("usersmanager_opentelemetry", "usersmanager_pytest", "usersmanager_retry"),
    *("usersmanager_urllib3", "usersmanager_aiohttp", "usersmanager_native"),
]
_HOOK = "usersmanager_"


class Target(NamedTuple):
    """A public function, class or method, and its parameters.

    Attributes:
        owner: the module or the class that has it.
        name: its name there.
        parameters: those that a caller passes.
    """

    owner: Any
    name: str
    parameters: list[inspect.Parameter]


def public_callables() -> dict[str, Target]:
    """Return whatever an application or an extension can pass an argument to, by its name."""
    found: dict[str, Target] = {}
    seen: list[object] = []
    for module in map(importlib.import_module, _MODULES):
        for name in module.__all__:
            value = getattr(module, name)
            if any(value is other for other in seen) or not _is_of_interest(name, value):
                continue
            seen.append(value)
            found[f"{module.__name__}.{name}"] = Target(module, name, _parameters(value))
            for method in _methods(value):
                path = f"{module.__name__}.{name}.{method}"
                found[path] = Target(value, method, _parameters(getattr(value, method), value))
    return {path: target for path, target in found.items() if target.parameters}


def _is_of_interest(name: str, value: object) -> bool:
    """Return whether applications call it, and it does something with its arguments.

    Only the library calls a hook. An error says whatever its raiser writes. A protocol, a tuple and
    a dict do nothing.
    """
    if inspect.isclass(value):
        is_inert = issubclass(value, BaseException | tuple | dict)
        return not is_inert and not getattr(value, "_is_protocol", False)
    return inspect.isroutine(value) and not name.startswith(_HOOK)


def _methods(value: object) -> Iterator[str]:
    """Yield the public methods of a class, without hooks, which only the library calls."""
    if not inspect.isclass(value):
        return
    for name in dir(value):
        if name.startswith(("_", _HOOK, "test_")):
            continue
        method = getattr(value, name)
        module = getattr(method, "__module__", None) or ""  # A method of C has none.
        if inspect.isroutine(method) and module.startswith("usersmanager"):
            yield name


def _parameters(function: Callable[..., Any], owner: object = None) -> list[inspect.Parameter]:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:  # A lock of C takes no arguments, and has no signature before Python 3.14.
        return []
    if owner is not None and not inspect.ismethod(function) and not _is_static(owner, function):
        parameters = parameters[1:]
    return parameters


def _is_static(owner: Any, function: Callable[..., Any]) -> bool:
    return isinstance(inspect.getattr_static(owner, function.__name__), staticmethod)
