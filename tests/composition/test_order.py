"""The order of plugins."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.composition.support import SHIPPED, Install, Tag, names, order

from usersmanager._composition.order import effective_order
from usersmanager._composition.registry import Registry
from usersmanager.plugins import hookimpl


class Eager(Tag):
    @hookimpl(tryfirst=True)
    def usersmanager_wrap_call(self, request: Any, proceed: Any) -> Any:
        return super().usersmanager_wrap_call(request, proceed)


class Last(Tag):
    @hookimpl(trylast=True)
    def usersmanager_wrap_call(self, request: Any, proceed: Any) -> Any:
        return super().usersmanager_wrap_call(request, proceed)


class Retries(Eager):
    retries = True


def test_marks_count_before_the_order_of_the_list() -> None:
    plugins = [Last("l1"), Tag("t1"), Eager("e1"), Eager("e2"), Tag("t2"), Last("l2")]
    assert order(plugins=plugins, discover=False) == ["e1", "e2", "t1", "t2", "l1", "l2"]


def test_discovered_plugins_are_inside_the_list_by_name_within_each_mark(install: Install) -> None:
    install("m", options="(trylast=True)")
    install("z", options="(tryfirst=True)")
    install("b")
    install("a")
    plugins = [Last("x"), Tag("y"), Eager("w")]
    assert order(plugins=plugins, discover=["a", "b", "m", "z"]) == [
        "w", "z", "y", "a", "b", "x", "m",
    ]  # fmt: skip


def test_the_plugin_that_retries_is_the_innermost_around_the_call() -> None:
    plugins = [Retries("retries"), Tag("t"), Last("l")]
    assert order(plugins=plugins, discover=False) == ["t", "l", "retries"]


@given(st.lists(st.sampled_from("abcdef"), unique=True))
def test_the_order_of_the_list_is_the_order_of_its_plugins(tags: list[str]) -> None:
    assert order(plugins=[Tag(tag) for tag in tags], discover=False) == tags


@given(st.permutations(SHIPPED))
def test_the_order_of_discovered_plugins_does_not_depend_on_the_order_of_their_names(
    requested: list[str],
) -> None:
    assert names(discover=requested) == SHIPPED


def test_a_name_in_the_list_moves_a_discovered_plugin_outwards() -> None:
    assert names(plugins=["retry"]) == ("retry", "headers", "logging", "opentelemetry")


class Everything:
    """A plugin that appends its name to a list in every hook that acts on the way out."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name = name
        self._log = log

    @hookimpl
    def usersmanager_request(self) -> None:
        self._log.append(f"{self.name} request")

    @hookimpl
    def usersmanager_response(self) -> None:
        self._log.append(f"{self.name} response")

    @hookimpl
    def usersmanager_done(self) -> None:
        self._log.append(f"{self.name} done")

    @hookimpl
    def usersmanager_close(self) -> None:
        self._log.append(f"{self.name} close")


def test_hooks_on_the_way_out_are_called_innermost_first() -> None:
    log: list[str] = []
    order(plugins=[Everything("outer", log), Everything("inner", log)], discover=False)
    assert log == [
        "outer request",
        "inner request",
        "inner response",
        "outer response",
        "inner done",
        "outer done",
        "inner close",
        "outer close",
    ]


def test_the_effective_order_lists_each_plugin_once_around_the_call_and_the_attempt() -> None:
    registry = Registry()
    for plugin in (Last("l"), Retries("r"), Everything("e", []), Tag("t"), Eager("f")):
        registry.add(type(plugin).__name__, plugin)
    expected = "call=Everything,Eager,Tag,Last,Retries attempt=Everything"
    assert str(effective_order(registry)) == expected
