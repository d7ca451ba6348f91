"""The order of plugins."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.composition.support import SHIPPED, Install, Tag, names, order

from usersmanager.plugins import hookimpl


class Eager(Tag):
    @hookimpl(tryfirst=True)
    def usersmanager_wrap_call(self) -> Any:
        return super().usersmanager_wrap_call()


def test_plugins_of_the_list_keep_its_order_despite_tryfirst() -> None:
    assert order(plugins=[Tag("a"), Eager("b"), Tag("c")], discover=False) == ["a", "b", "c"]


def test_discovered_plugins_are_inside_the_list_by_name_except_with_tryfirst(
    install: Install,
) -> None:
    install("m", options="(trylast=True)")
    install("z", options="(tryfirst=True)")
    install("b")
    install("a")
    assert order(plugins=[Tag("x"), Tag("y")], discover=["a", "b", "m", "z"]) == [
        "z", "x", "y", "a", "b", "m",
    ]  # fmt: skip


@given(st.lists(st.sampled_from("abcdef"), unique=True))
def test_the_order_of_the_list_is_the_order_of_its_plugins(tags: list[str]) -> None:
    assert order(plugins=[Tag(tag) for tag in tags], discover=False) == tags


@given(st.permutations(["retry", "headers", "logging"]))
def test_the_order_of_discovered_plugins_does_not_depend_on_the_order_of_their_names(
    requested: list[str],
) -> None:
    assert names(discover=requested) == SHIPPED


def test_a_name_in_the_list_moves_a_discovered_plugin_outwards() -> None:
    assert names(plugins=["retry"]) == ("retry", "headers", "logging")
