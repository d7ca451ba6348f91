"""The shipped plugins have the names of their entry points."""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint, distribution

import pytest
from tests.support import TENANT

from usersmanager import UsersManager
from usersmanager.testing import FakeTransport

ENTRY_POINTS = distribution("usersmanager").entry_points
SHIPPED = ENTRY_POINTS.select(group="usersmanager.plugins")
OPTIONAL = ENTRY_POINTS.select(group="usersmanager.optional_plugins")


@pytest.mark.parametrize(
    "entry_point", [*SHIPPED, *OPTIONAL], ids=lambda entry_point: entry_point.name
)
def test_a_shipped_plugin_and_its_subclasses_have_its_name(entry_point: EntryPoint) -> None:
    plugin = entry_point.load()

    class Subclass(plugin):
        pass

    assert plugin.name == Subclass.name == entry_point.name


@pytest.mark.parametrize("name", [entry_point.name for entry_point in SHIPPED])
def test_an_instance_replaces_the_discovered_plugin_of_its_name(name: str) -> None:
    plugin = SHIPPED[name].load()

    class Subclass(plugin):
        pass

    fake = FakeTransport()
    with UsersManager(TENANT, transport=fake) as users:
        usual = words(users)
    with UsersManager(TENANT, transport=fake, plugins=[Subclass()]) as users:
        assert words(users) == usual


def words(users: UsersManager) -> set[str]:
    return set(re.findall(r"\w+", repr(users)))
