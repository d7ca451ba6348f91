"""The log record that names the plugins of other distributions."""

from __future__ import annotations

import logging
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.composition.support import Install, Tag, names, only_warning
from tests.support import TENANT

from usersmanager import UsersManager
from usersmanager._composition import announcement


@pytest.fixture
def log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> pytest.LogCaptureFixture:
    """Return the log of a process that has had no manager yet."""
    monkeypatch.setattr(announcement, "_turn", threading.Lock())
    caplog.set_level(logging.INFO, "usersmanager")
    return caplog


def test_the_plugins_of_other_distributions_are_named_with_their_versions(
    install: Install, log: pytest.LogCaptureFixture
) -> None:
    install("tint", distribution="acme-tint")
    install("stamp", distribution="dist-stamp")
    install("caching", group="usersmanager.optional_plugins", distribution="dist-caching")
    names(plugins=["caching", Tag("x")])
    (record,) = log.record_tuples
    assert record == (
        "usersmanager.plugins",
        logging.INFO,
        "active plugins of other distributions: caching (dist-caching 1.2),"
        " stamp (dist-stamp 1.2), tint (acme-tint 1.2)",
    )


def test_plugins_that_do_not_take_part_are_not_named(
    install: Install, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("active")
    install("broken", "raise RuntimeError")
    install("optional", group="usersmanager.optional_plugins")
    install("disabled")
    install("off")
    monkeypatch.setenv("USERSMANAGER_DISABLE", "disabled")
    monkeypatch.setenv("USERSMANAGER_PLUGINS", "active,broken,optional,disabled")
    only_warning(names)
    (message,) = log.messages
    assert message.startswith("active plugins of other distributions: active (")
    assert "," not in message


def test_an_instance_is_named_if_an_entry_point_names_its_class(
    install: Install, log: pytest.LogCaptureFixture
) -> None:
    module = install("tint", distribution="acme-tint")
    __import__(module)
    names(plugins=[sys.modules[module].Plugin()], discover=False)
    assert log.messages == ["active plugins of other distributions: tint (acme-tint 1.2)"]


def test_nothing_is_logged_if_all_plugins_are_shipped_or_passed(
    install: Install, log: pytest.LogCaptureFixture
) -> None:
    install.transport("fake")
    UsersManager(TENANT, transport="fake", plugins=[Tag("x")]).close()
    assert log.messages == []


def test_they_are_named_once_per_process(install: Install, log: pytest.LogCaptureFixture) -> None:
    install("tint")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: names(), range(16)))
    assert len(log.messages) == 1
