"""Put the hooks of a manager's plugins in order.

`tryfirst` is outermost, then plain `@hookimpl`, then `trylast`. Within each group, the user's list
comes first, in list order, then the discovered plugins by name. The retry plugin is the innermost
around the call, so that all other wrap_call hooks are outside the retries. pluggy's order differs:
it calls implementations without a mark last-registered first.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .._flow.chain import Hook
from .registry import Implementation, Registry

__all__ = ["EffectiveOrder", "closing_hooks", "effective_order", "outermost_first"]


def outermost_first(registry: Registry, hook: str) -> tuple[Hook[Any], ...]:
    """Return the implementations of a hook, the outermost first."""
    key = _place_around_call if hook == "usersmanager_wrap_call" else _place
    implementations = sorted(registry.implementations(hook), key=key)
    return tuple(Hook(item.plugin, item.function) for item in implementations)


def _place(item: Implementation) -> tuple[int, int]:
    return item.mark, item.position


def _place_around_call(item: Implementation) -> tuple[bool, int, int]:
    return item.retries, *_place(item)


def closing_hooks(registry: Registry, *hooks: str) -> tuple[Hook[Any], ...]:
    """Return the hooks that close the plugins, the innermost first.

    Args:
        registry: the plugins.
        hooks: names of hooks. If a plugin implements several, the first is used.
    """
    chosen: dict[str, Implementation] = {}
    for hook in hooks:
        for item in registry.implementations(hook):
            chosen.setdefault(item.plugin, item)
    items = sorted(chosen.values(), key=_place, reverse=True)
    return tuple(Hook(item.plugin, item.function) for item in items)


class EffectiveOrder(NamedTuple):
    """The names of the plugins that act around a call and around an attempt, outermost first."""

    call: tuple[str, ...]
    attempt: tuple[str, ...]

    def __str__(self) -> str:
        call, attempt = (",".join(names) or "none" for names in self)
        return f"call={call} attempt={attempt}"


def effective_order(registry: Registry) -> EffectiveOrder:
    """Return the order in which the plugins act.

    A plugin that has only closing hooks or `usersmanager_variant` is not listed.
    """
    return EffectiveOrder(
        _plugins(registry, "usersmanager_done", "usersmanager_wrap_call"),
        _plugins(
            registry, "usersmanager_request", "usersmanager_response", "usersmanager_wrap_attempt"
        ),
    )


def _plugins(registry: Registry, *hooks: str) -> tuple[str, ...]:
    names = [hook.plugin for name in hooks for hook in outermost_first(registry, name)]
    return tuple(dict.fromkeys(names))
