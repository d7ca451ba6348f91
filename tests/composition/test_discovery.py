"""Discovered plugins: which are used, and what happens if one is broken or disabled."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from tests.composition.support import SHIPPED, Install, Tag, install_twice, names, only_warning

from usersmanager import AsyncUsersManager, PluginError, PluginWarning, UsersManager
from usersmanager.testing import FakeTransport


def test_the_shipped_plugins_are_discovered_by_name() -> None:
    assert names() == SHIPPED


def test_discovery_can_be_turned_off() -> None:
    assert names(discover=False) == ()


def test_discovery_can_be_limited_to_names() -> None:
    assert names(discover=["retry", "headers"]) == ("headers", "retry")


def test_an_instance_replaces_the_discovered_plugin_of_its_name() -> None:
    from usersmanager_retry import Retry

    assert names(plugins=[Retry(attempts=5)]) == ("retry", "headers", "logging")


def test_each_manager_has_its_own_instance_of_a_plugin(install: Install) -> None:
    module = install(
        "counting",
        "from usersmanager.plugins import hookimpl\nmade = []\nclass Plugin:\n"
        "    def __init__(self): made.append(self)\n"
        "    @hookimpl\n    def usersmanager_close(self): return None\n",
    )
    names()
    names()
    assert len(sys.modules[module].made) == 2


@pytest.mark.parametrize("target", ["", ":plugin"])
def test_an_entry_point_may_refer_to_a_module_or_an_object(install: Install, target: str) -> None:
    source = "from usersmanager.plugins import hookimpl\nimport sys\n"
    source += "@hookimpl\ndef usersmanager_wrap_call(request, proceed): return proceed(request)\n"
    source += "plugin = sys.modules[__name__]\n"
    install("modular", source, target=target)
    assert "modular" in names()


def test_a_discovered_plugin_that_can_not_be_imported_is_skipped_with_a_warning(
    install: Install,
) -> None:
    install("broken", "raise RuntimeError('no numpy')", distribution="dist-broken")
    with pytest.warns(PluginWarning, match=r"'broken' of dist-broken 1\.2.*RuntimeError: no numpy"):
        assert names() == SHIPPED


def test_a_discovered_plugin_that_can_not_be_constructed_is_skipped_with_a_warning(
    install: Install,
) -> None:
    install("needy", "class Plugin:\n    def __init__(self, key): ...\n")
    with pytest.warns(PluginWarning, match="needy.*TypeError"):
        assert names() == SHIPPED


@pytest.mark.parametrize("requested", [{"plugins": ["broken"]}, {"discover": ["broken"]}])
def test_a_broken_plugin_that_is_requested_by_name_raises(install: Install, requested: Any) -> None:
    install("broken", "raise RuntimeError('no numpy')")
    with pytest.raises(PluginError, match="no numpy"):
        names(**requested)


def test_a_malformed_entry_point_is_skipped_with_a_warning(install: Install) -> None:
    install("malformed", target=" is not a module!")
    message = only_warning(lambda: names(plugins=[Tag("x")]))
    assert "plugin 'malformed' of dist-" in message


@pytest.mark.parametrize(
    "requested", [{}, {"plugins": ["broken"]}, {"discover": ["broken", *SHIPPED]}]
)
def test_a_disabled_plugin_is_never_imported(
    install: Install, monkeypatch: pytest.MonkeyPatch, requested: Any
) -> None:
    module = install("broken", "raise RuntimeError")
    monkeypatch.setenv("USERSMANAGER_DISABLE", "broken, other")
    assert names(**requested) == SHIPPED
    assert module not in sys.modules


def test_disabling_a_name_resolves_a_conflict(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_twice(install)
    monkeypatch.setenv("USERSMANAGER_DISABLE", "twice")
    assert names() == SHIPPED


def test_an_instance_can_be_disabled_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from usersmanager_retry import Retry

    monkeypatch.setenv("USERSMANAGER_DISABLE", "retry")
    assert names(plugins=[Retry()]) == ("headers", "logging")


def test_a_warning_refers_to_the_line_that_constructs_the_manager(install: Install) -> None:
    install("broken", "raise RuntimeError")
    with pytest.warns(PluginWarning) as sync_warnings:
        users = UsersManager("https://tenant.example", transport=FakeTransport())
    with pytest.warns(PluginWarning) as async_warnings:
        AsyncUsersManager("https://tenant.example", transport=FakeTransport())
    users.close()
    assert [item.filename for item in (*sync_warnings, *async_warnings)] == [__file__] * 2
