"""Names that several distributions provide."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.composition.support import (
    NEVER_IMPORTED,
    SHIPPED,
    TRANSPORTS,
    Install,
    install_twice,
    names,
    only_warning,
)
from tests.support import TENANT

from usersmanager import AsyncUsersManager, NotFoundError, PluginError, PluginWarning, UsersManager
from usersmanager.testing import FakeTransport

CONFLICT = r"^the plugin name 'twice' is provided by dist-one 1\.2 and dist-two 1\.2"


def test_an_ambiguous_name_is_skipped_with_one_warning(install: Install) -> None:
    install_twice(install)
    results: list[tuple[str, ...]] = []
    message = only_warning(lambda: results.append(names()))
    assert re.match(CONFLICT, message)
    assert "USERSMANAGER_DISABLE=twice" in message
    assert results == [SHIPPED]


@pytest.mark.parametrize("requested", [{"plugins": ["twice"]}, {"discover": ["twice"]}])
def test_an_ambiguous_name_that_is_requested_raises(install: Install, requested: Any) -> None:
    install_twice(install)
    with pytest.raises(PluginError, match=CONFLICT):
        names(**requested)


def test_an_ambiguous_transport_that_is_requested_raises(install: Install) -> None:
    install_twice(install, group=TRANSPORTS)
    assert names() == SHIPPED
    with pytest.raises(PluginError, match=CONFLICT.replace("plugin", "transport")):
        names(transport="twice")


@pytest.mark.parametrize(
    "requested",
    [{}, {"plugins": ["retry"]}, {"discover": SHIPPED}],
)
def test_a_shipped_plugin_is_used_although_another_distribution_provides_its_name(
    install: Install, requested: Any
) -> None:
    install("retry", NEVER_IMPORTED, distribution="acme-retry")
    results: list[tuple[str, ...]] = []
    message = only_warning(lambda: results.append(names(**requested)))
    assert re.search(r"'retry' is provided by acme-retry 1\.2 and usersmanager", message)
    assert message.endswith("using usersmanager")
    assert set(results[0]) >= set(SHIPPED)


def test_a_warning_lists_every_distribution_that_provides_a_shipped_name(install: Install) -> None:
    install("retry", NEVER_IMPORTED, distribution="acme-retry")
    install("retry", NEVER_IMPORTED, distribution="zeta-retry")
    message = only_warning(names)
    assert re.search(r"acme-retry 1\.2 and usersmanager \S+ and zeta-retry 1\.2", message)


@pytest.mark.parametrize(
    ("kind", "name"), [(UsersManager, "urllib3"), (AsyncUsersManager, "aiohttp")]
)
@pytest.mark.parametrize("by_name", [False, True])
def test_a_shipped_transport_is_used_although_another_distribution_provides_its_name(
    install: Install, kind: Any, name: str, by_name: bool
) -> None:
    install(name, NEVER_IMPORTED, group=TRANSPORTS, distribution="acme-transport")
    managers: list[Any] = []
    message = only_warning(
        lambda: managers.append(kind(TENANT, transport=name if by_name else None))
    )
    assert f"the transport name {name!r} is provided by acme-transport 1.2 and" in message
    assert type(managers[0]._composition.transport).__module__.startswith(f"usersmanager_{name}")
    if kind is UsersManager:
        managers[0].close()


def test_a_conflict_over_a_name_that_is_not_used_is_ignored(install: Install) -> None:
    from usersmanager_retry import Retry

    install("retry", NEVER_IMPORTED, distribution="acme-retry")
    install("urllib3", NEVER_IMPORTED, group=TRANSPORTS, distribution="acme-transport")
    assert names(plugins=[Retry()]) == ("retry", "headers", "logging", "opentelemetry")
    assert names(discover=False) == ()


def test_each_manager_warns_about_a_conflict(install: Install) -> None:
    install("retry", NEVER_IMPORTED, distribution="acme-retry")
    assert only_warning(names) == only_warning(names)


def test_a_plugin_and_a_transport_may_have_the_same_name(install: Install) -> None:
    install("urllib3", distribution="dist-one")
    assert names() == (*SHIPPED, "urllib3")


def test_a_warning_about_a_conflict_refers_to_the_line_that_constructs_the_manager(
    install: Install,
) -> None:
    install("retry", NEVER_IMPORTED, distribution="acme-retry")
    with pytest.warns(PluginWarning) as warned, pytest.raises(NotFoundError):
        UsersManager.from_issuer(TENANT, transport=FakeTransport().status(404))
    assert [warning.filename for warning in warned] == [__file__]
