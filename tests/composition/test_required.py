"""Plugins that a program is unsafe without: the environment can't exclude what was asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import pytest
from tests.composition.support import (
    NEVER_IMPORTED,
    PLUGIN,
    SHIPPED,
    Install,
    Tag,
    install_twice,
    names,
    only_warning,
)

from usersmanager import PluginError
from usersmanager_jwt import JwtUserInfo

REQUIRED = (
    PLUGIN.format(hook="usersmanager_wrap_call", options="", name="x") + "    required = True"
)
DISABLE = "USERSMANAGER_DISABLE"
LIST = "USERSMANAGER_PLUGINS"
OPTIONAL = "usersmanager.optional_plugins"

SetEnv = pytest.MonkeyPatch


class Verifier(Tag):
    name = "verifier"
    required: object = True


@pytest.mark.parametrize("plugin", [Verifier("v"), JwtUserInfo("my-app")])
def test_a_required_instance_can_not_be_disabled(monkeypatch: SetEnv, plugin: Any) -> None:
    monkeypatch.setenv(DISABLE, f"retry, {plugin.name.upper()}")
    with pytest.raises(PluginError) as caught:
        names(plugins=[plugin])
    assert str(caught.value) == (
        f"the plugin {plugin.name!r} is required, but is disabled by USERSMANAGER_DISABLE: remove"
        " its name from the variable, or remove the plugin from the program"
    )


@pytest.mark.parametrize(
    ("variable", "value", "request_", "problem"),
    [
        (DISABLE, "other", {"plugins": ["other"]}, "remove its name from the variable"),
        (DISABLE, "other", {"discover": ["other"]}, "remove its name from the variable"),
        (LIST, "retry", {"discover": ["other"]}, "not in USERSMANAGER_PLUGINS: add its name"),
    ],
)
def test_a_required_plugin_that_was_asked_for_by_name_can_not_be_excluded(
    install: Install, monkeypatch: SetEnv, variable: str, value: str, request_: Any, problem: str
) -> None:
    install("other", REQUIRED)
    monkeypatch.setenv(variable, value)
    with pytest.raises(PluginError, match=f"the plugin 'other' is required, but .*{problem}"):
        names(**request_)


@pytest.mark.parametrize("is_disabled", [False, True])
def test_a_required_plugin_that_is_optional_is_not_affected_by_the_list(
    install: Install, monkeypatch: SetEnv, is_disabled: bool
) -> None:
    install("other", REQUIRED, group=OPTIONAL)
    monkeypatch.setenv(LIST, "retry")
    if is_disabled:
        monkeypatch.setenv(DISABLE, "other")
        with pytest.raises(PluginError, match="is required"):
            names(plugins=["other"])
    else:
        assert names(plugins=["other"]) == ("other", "retry")


@pytest.mark.parametrize("source", ["raise SystemExit", "import not_installed", "Plugin = 1 / 0"])
def test_a_disabled_plugin_that_was_asked_for_and_can_not_be_imported_is_an_error(
    install: Install, monkeypatch: SetEnv, source: str
) -> None:
    install("other", source, distribution="dist-other")
    monkeypatch.setenv(DISABLE, "other")
    with pytest.raises(PluginError) as caught:
        names(plugins=["other"])
    assert str(caught.value).startswith(
        "the plugin 'other' of dist-other 1.2 is disabled by USERSMANAGER_DISABLE, but may be"
        " required: failed to load it: "
    )


def test_a_disabled_plugin_that_was_asked_for_is_not_made(
    install: Install, monkeypatch: SetEnv
) -> None:
    install("other", "class Plugin:\n    def __init__(self): raise KeyboardInterrupt('made')")
    monkeypatch.setenv(DISABLE, "other")
    assert "skipping it" in only_warning(lambda: names(plugins=["other"]))


def test_a_disabled_name_that_two_distributions_provide_is_skipped_with_a_warning(
    install: Install, monkeypatch: SetEnv
) -> None:
    install_twice(install)
    monkeypatch.setenv(DISABLE, "twice")
    assert "'twice'" in only_warning(lambda: names(plugins=["twice"]))


def test_a_required_plugin_that_was_not_asked_for_can_be_excluded(
    install: Install, monkeypatch: SetEnv
) -> None:
    module = install("other", NEVER_IMPORTED)
    monkeypatch.setenv(DISABLE, "other")
    assert names() == SHIPPED
    monkeypatch.delenv(DISABLE)
    monkeypatch.setenv(LIST, "retry")
    assert names() == ("retry",)
    assert module not in sys.modules


@pytest.mark.parametrize("required", [False, None, 1, "yes", ["a-scope"]])
def test_any_other_value_does_not_make_a_plugin_required(
    monkeypatch: SetEnv, required: object
) -> None:
    verifier = Verifier("v")
    verifier.required = required
    monkeypatch.setenv(DISABLE, "verifier")
    assert "skipping it" in only_warning(lambda: names(plugins=[verifier]))


def test_an_instance_may_be_required(monkeypatch: SetEnv) -> None:
    tag = Tag("t")
    tag.required = True  # type: ignore[attr-defined] # Of this instance alone.
    monkeypatch.setenv(DISABLE, "Tag")
    with pytest.raises(PluginError, match="is required"):
        names(plugins=[tag])


# Other ways in which a plugin that was asked for might be left out.


def from_a_generator() -> Iterable[object]:
    yield Verifier("v")


@pytest.mark.parametrize(
    "plugins", [from_a_generator(), iter([Verifier("v")]), map(Verifier, "v"), "jwt", 7, None]
)
def test_plugins_must_be_a_collection_since_an_iterator_is_empty_the_second_time(
    plugins: Any,
) -> None:
    with pytest.raises(PluginError, match="must be a list"):
        names(plugins=plugins)


@pytest.mark.parametrize("plugin", [None, False, "", 0, [], lambda: Verifier("v")])
def test_what_is_not_a_plugin_is_not_left_out_silently(plugin: Any) -> None:
    with pytest.raises(PluginError):
        names(plugins=[plugin])


@pytest.mark.parametrize(
    "source", ["def Plugin(): ...", "class Plugin:\n    def __new__(cls): return None"]
)
def test_a_function_or_class_that_makes_none_is_not_left_out_silently(
    install: Install, source: str
) -> None:
    install("other", source)
    with pytest.raises(PluginError, match="does not implement any hook"):
        names(plugins=["other"])


@pytest.mark.parametrize("discover", [False, [], ["retry"], True])
def test_what_is_discovered_does_not_decide_about_an_instance(discover: Any) -> None:
    assert "verifier" in names(plugins=[Verifier("v")], discover=discover)
