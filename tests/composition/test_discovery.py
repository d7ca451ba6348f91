"""Discovered plugins: which are used, and how they are made."""

from __future__ import annotations

import sys

import pytest
from tests.composition.support import SHIPPED, Install, names
from tests.support import TENANT

from usersmanager import AsyncUsersManager, PluginError, PluginWarning, UsersManager
from usersmanager.testing import FakeTransport


def test_the_shipped_plugins_are_discovered_by_name() -> None:
    assert names() == SHIPPED


def test_discovery_can_be_turned_off() -> None:
    assert names(discover=False) == ()


def test_discovery_can_be_limited_to_names() -> None:
    assert names(discover=["retry", "headers"]) == ("headers", "retry")


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


def test_a_warning_refers_to_the_line_that_constructs_the_manager(install: Install) -> None:
    install("broken", "raise RuntimeError")
    with pytest.warns(PluginWarning) as sync_warnings:
        users = UsersManager(TENANT, transport=FakeTransport())
    with pytest.warns(PluginWarning) as async_warnings:
        AsyncUsersManager(TENANT, transport=FakeTransport())
    users.close()
    assert [item.filename for item in (*sync_warnings, *async_warnings)] == [__file__] * 2


@pytest.mark.parametrize("arguments", [{"plugins": ["late"]}, {"discover": ["late"]}])
def test_a_plugin_that_is_installed_meanwhile_is_found_by_its_name(
    install: Install, arguments: dict[str, list[str]]
) -> None:
    with pytest.raises(PluginError, match=r"no plugin .* read once per process.* restart"):
        names(**arguments)
    install("late")
    assert "late" in names(**arguments)


def test_a_transport_that_is_installed_meanwhile_is_found_by_its_name(install: Install) -> None:
    with pytest.raises(PluginError, match=r"no transport .* read once per process"):
        names(transport="late")
    install.transport("late")
    names(transport="late")
