"""Names compare as package names do, wherever they are written."""

from __future__ import annotations

from typing import Any

import pytest
from tests.composition.support import (
    NEVER_IMPORTED,
    SHIPPED,
    Install,
    Tag,
    names,
    only_warning,
    order,
)
from tests.support import TENANT

from usersmanager import PluginError, UsersManager
from usersmanager.testing import FakeTransport

SPELLINGS = pytest.mark.parametrize(
    "spelling", ["acme-tint", "acme_tint", "ACME-Tint", "acme.tint"]
)


@SPELLINGS
def test_a_name_in_plugins_may_be_spelled_differently(install: Install, spelling: str) -> None:
    install("Acme_Tint")
    assert names(plugins=[spelling]) == ("Acme_Tint", *SHIPPED)


@SPELLINGS
def test_a_name_in_discover_may_be_spelled_differently(install: Install, spelling: str) -> None:
    install("Acme_Tint")
    assert names(discover=[spelling, "acme-TINT"]) == ("Acme_Tint",)


@SPELLINGS
def test_the_name_of_a_transport_may_be_spelled_differently(
    install: Install, spelling: str
) -> None:
    install.transport("Acme_Tint")
    with UsersManager(TENANT, transport=spelling) as users:
        assert "transport=Acme_Tint" in repr(users)


@SPELLINGS
@pytest.mark.parametrize("variable", ["USERSMANAGER_DISABLE", "USERSMANAGER_PLUGINS"])
def test_a_name_in_the_environment_may_be_spelled_differently(
    install: Install, monkeypatch: pytest.MonkeyPatch, variable: str, spelling: str
) -> None:
    install("Acme_Tint")
    monkeypatch.setenv(variable, spelling)
    assert names() == (SHIPPED if variable == "USERSMANAGER_DISABLE" else ("Acme_Tint",))


@pytest.mark.parametrize("between", [",", ";", " ", " , ", "\n", ",,"])
def test_names_in_the_environment_may_be_separated_differently(
    install: Install, monkeypatch: pytest.MonkeyPatch, between: str
) -> None:
    install("acme_tint", NEVER_IMPORTED)
    monkeypatch.setenv("USERSMANAGER_DISABLE", between.join(["acme-tint", "retry", "headers"]))
    assert names() == ("logging", "opentelemetry")


@SPELLINGS
def test_an_instance_replaces_the_plugin_whose_name_it_spells_differently(
    install: Install, spelling: str
) -> None:
    install("Acme_Tint", NEVER_IMPORTED)
    plugin = Tag("instance")
    vars(plugin)["name"] = spelling
    assert order(plugins=[plugin]) == ["instance"]


def test_spellings_of_one_name_by_two_distributions_are_a_conflict(install: Install) -> None:
    install("acme_tint", NEVER_IMPORTED, distribution="dist-one")
    install("ACME-Tint", NEVER_IMPORTED, distribution="dist-two")
    assert "is provided by dist-one 1.2 and dist-two 1.2" in only_warning(names)


def test_another_spelling_of_a_shipped_name_is_a_conflict(install: Install) -> None:
    install("Retry", NEVER_IMPORTED, distribution="acme-retry")
    assert only_warning(names).endswith("using usersmanager")


@pytest.mark.parametrize("arguments", [{"plugins": ["acme_tnt"]}, {"discover": ["acme_tnt"]}])
def test_a_suggestion_is_spelled_as_its_distribution_does(install: Install, arguments: Any) -> None:
    install("acme_Tint", NEVER_IMPORTED)
    with pytest.raises(PluginError, match="did you mean 'acme_Tint'"):
        names(transport=FakeTransport(), **arguments)
