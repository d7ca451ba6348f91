"""USERSMANAGER_DISABLE and USERSMANAGER_PLUGINS."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from tests.composition.support import (
    NEVER_IMPORTED,
    SHIPPED,
    Install,
    Tag,
    install_twice,
    names,
    only_warning,
    report_on,
)

from usersmanager import PluginError
from usersmanager_retry import Retry

SetEnv = pytest.MonkeyPatch


def collect(results: list[Any], **arguments: Any) -> str:
    """Return the only warning of a manager, and add the names of its plugins to the results."""
    return only_warning(lambda: results.append(names(**arguments)))


@pytest.mark.parametrize("value", ["never", "other, never", " NEVER ,"])
def test_a_disabled_plugin_is_neither_imported_nor_warned_about(
    install: Install, monkeypatch: SetEnv, value: str
) -> None:
    module = install("never", NEVER_IMPORTED)
    monkeypatch.setenv("USERSMANAGER_DISABLE", value)
    assert names() == SHIPPED
    assert module not in sys.modules
    report = report_on("never")
    assert (report.status, report.hooks) == ("disabled", ())
    assert "USERSMANAGER_DISABLE" in report.reason


@pytest.mark.parametrize("requested", [{"plugins": ["other"]}, {"discover": ["other", *SHIPPED]}])
def test_a_disabled_plugin_that_was_asked_for_by_name_is_skipped_with_a_warning(
    install: Install, monkeypatch: SetEnv, requested: Any
) -> None:
    install("other")
    monkeypatch.setenv("USERSMANAGER_DISABLE", "other")
    results: list[Any] = []
    message = collect(results, **requested)
    assert "the plugin 'other'" in message
    assert "is disabled by USERSMANAGER_DISABLE" in message
    assert results == [SHIPPED]


def test_an_instance_that_is_disabled_is_skipped_with_a_warning(monkeypatch: SetEnv) -> None:
    monkeypatch.setenv("USERSMANAGER_DISABLE", "retry")
    results: list[Any] = []
    assert "the plugin 'retry'" in collect(results, plugins=[Retry()])
    assert results == [("headers", "logging", "opentelemetry")]


def test_a_name_that_is_disabled_need_not_be_installed(monkeypatch: SetEnv) -> None:
    monkeypatch.setenv("USERSMANAGER_DISABLE", "elsewhere")
    assert "'elsewhere'" in only_warning(lambda: names(plugins=["elsewhere"]))


def test_disabling_a_name_resolves_a_conflict(install: Install, monkeypatch: SetEnv) -> None:
    install_twice(install)
    monkeypatch.setenv("USERSMANAGER_DISABLE", "twice")
    assert names() == SHIPPED


def test_disabling_one_of_two_plugins_that_retry_resolves_their_conflict(
    monkeypatch: SetEnv,
) -> None:
    class Again(Tag):
        retries = True

    assert "USERSMANAGER_DISABLE=retry" in only_warning(lambda: names(plugins=[Again("a")]))
    monkeypatch.setenv("USERSMANAGER_DISABLE", "retry")
    assert names(plugins=[Again("a")]) == ("Again", "headers", "logging", "opentelemetry")


def test_only_listed_plugins_are_discovered(install: Install, monkeypatch: SetEnv) -> None:
    module = install("never", NEVER_IMPORTED)
    monkeypatch.setenv("USERSMANAGER_PLUGINS", " Retry,headers, not-installed")
    assert names() == ("headers", "retry")
    assert module not in sys.modules
    report = report_on("never")
    assert (report.status, report.hooks) == ("off", ())
    assert "USERSMANAGER_PLUGINS" in report.reason
    assert "plugins=['never']" in report.reason


@pytest.mark.parametrize("value", ["", " ", ",", " , "])
def test_an_empty_list_is_no_list(monkeypatch: SetEnv, value: str) -> None:
    monkeypatch.setenv("USERSMANAGER_PLUGINS", value)
    assert names() == SHIPPED


def test_plugins_that_the_program_passes_need_not_be_listed(monkeypatch: SetEnv) -> None:
    monkeypatch.setenv("USERSMANAGER_PLUGINS", "logging")
    assert names(plugins=["headers", Retry(), Tag("x")]) == ("headers", "retry", "Tag", "logging")


def test_a_discovered_plugin_that_was_asked_for_must_be_listed_or_is_skipped_with_a_warning(
    monkeypatch: SetEnv,
) -> None:
    monkeypatch.setenv("USERSMANAGER_PLUGINS", "logging")
    results: list[Any] = []
    message = collect(results, discover=["logging", "retry"])
    assert "the plugin 'retry'" in message
    assert "is not in USERSMANAGER_PLUGINS" in message
    assert results == [("logging",)]
    with pytest.raises(PluginError, match="no plugin of that name"):
        names(discover=["retrry"])


def test_a_plugin_that_is_listed_and_disabled_is_disabled(monkeypatch: SetEnv) -> None:
    monkeypatch.setenv("USERSMANAGER_PLUGINS", "logging,retry")
    monkeypatch.setenv("USERSMANAGER_DISABLE", "retry")
    assert names() == ("logging",)
    assert report_on("retry").status == "disabled"


def test_the_list_leaves_transports_alone(monkeypatch: SetEnv) -> None:
    monkeypatch.setenv("USERSMANAGER_PLUGINS", "logging")
    assert names(transport="urllib3") == ("logging",)
    assert report_on("urllib3").status == "active"


def test_the_list_does_not_turn_on_an_optional_plugin(
    install: Install, monkeypatch: SetEnv
) -> None:
    module = install("never", group="usersmanager.optional_plugins")
    monkeypatch.setenv("USERSMANAGER_PLUGINS", "never,retry")
    assert names() == ("retry",)
    assert module not in sys.modules
    assert report_on("never").status == "off"
