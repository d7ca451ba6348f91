"""Without the metadata of this library: what a manager warns of, and what it can use."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
from tests.composition.support import names, only_warning
from tests.support import TENANT

from usersmanager import AsyncUsersManager, PluginError, PluginWarning, UsersManager
from usersmanager._composition import entry_points, missing_metadata
from usersmanager._composition.distributions import EntryPointLine, Provider
from usersmanager.testing import FakeTransport
from usersmanager_retry import Retry


@pytest.fixture(autouse=True)
def without_metadata(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(entry_points, "find_providers", lambda groups: iter(()))
    missing_metadata._warn.cache_clear()
    entry_points.refresh()
    yield
    missing_metadata._warn.cache_clear()
    entry_points.refresh()


def test_one_warning_per_process_says_what_to_pass_by_hand() -> None:
    def use() -> None:
        for _ in range(2):
            UsersManager(TENANT, transport=FakeTransport()).close()
            AsyncUsersManager(TENANT, transport=FakeTransport())

    message = only_warning(use)
    assert "the metadata of usersmanager" in message
    assert "transport=usersmanager_urllib3.Urllib3Transport()" in message
    assert "plugins=[usersmanager_retry.Retry()]" in message


def test_it_refers_to_the_line_that_constructs_the_manager() -> None:
    with pytest.warns(PluginWarning) as caught:
        UsersManager(TENANT, transport=FakeTransport()).close()
    assert [warning.filename for warning in caught] == [__file__]


def test_objects_passed_by_hand_are_used_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert names(plugins=[Retry()]) == ("retry",)
        assert names(discover=False) == ()


@pytest.mark.parametrize(
    "arguments",
    [
        {"transport": None},
        {"transport": "urllib3"},
        {"plugins": ["retry"]},
        {"discover": ["retry"]},
    ],
)
def test_a_name_is_an_error_with_the_same_advice(arguments: dict[str, object]) -> None:
    with pytest.raises(PluginError, match=r"no .* of that name.*metadata of usersmanager"):
        names(**{"discover": False, **arguments})


def test_plugins_of_others_are_not_the_metadata_of_this_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = EntryPointLine("usersmanager.optional_plugins", "x", "y")
    other = Provider("acme", "1", "", (line,))
    monkeypatch.setattr(entry_points, "find_providers", lambda groups: iter([other]))
    entry_points.refresh()
    assert "can be discovered" in only_warning(names)
