"""Plugins and distributions for tests of the composition."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support import TENANT

from usersmanager import PluginWarning, UsersManager
from usersmanager._composition.compose import compose
from usersmanager._composition.modes import SYNC
from usersmanager.plugins import PluginReport, hookimpl, installed_plugins
from usersmanager.testing import FakeTransport

SHIPPED = ("headers", "logging", "opentelemetry", "retry")
# Anything else would only be a warning.
NEVER_IMPORTED = "raise KeyboardInterrupt('imported')"
TRANSPORTS = "usersmanager.transports"
FAKE_TRANSPORT = """
from usersmanager.testing import FakeTransport
from usersmanager.transports import hookimpl
@hookimpl
def usersmanager_transport(): return FakeTransport()
"""
PLUGIN = """
from usersmanager.plugins import hookimpl
class Plugin:
    @hookimpl{options}
    def {hook}(self, request, proceed):
        return proceed(request.with_headers({{"X-Order":
            request.headers.get("X-Order", "") + "{name},"}}))
"""


class Install:
    """Write distributions that are found as if they were installed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._count = itertools.count()

    def __call__(
        self,
        name: str,
        source: str = PLUGIN,
        *,
        options: str = "",
        hook: str = "usersmanager_wrap_call",
        group: str = "usersmanager.plugins",
        target: str = ":Plugin",
        distribution: str | None = None,
        requires: str | None = None,
    ) -> str:
        module = f"installed_{next(self._count)}_{abs(hash(self._path))}"
        if source is PLUGIN:
            source = source.format(name=name, options=options, hook=hook)
        (self._path / f"{module}.py").write_text(source)
        distribution = distribution or f"dist-{module.replace('_', '-')}"
        metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n"
        if requires is not None:
            metadata += f"Requires-Dist: {requires}\n"
        entry_points = f"[{group}]\n{name} = {module}{target}\n"
        self.write_info(distribution, metadata, entry_points)
        return module

    def transport(self, name: str, source: str = FAKE_TRANSPORT, **settings: Any) -> str:
        """Write a distribution whose transport is a module."""
        return self(name, source, group=TRANSPORTS, target="", **settings)

    def write_info(
        self, distribution: str, metadata: str | bytes | None, entry_points: str | bytes | None
    ) -> Path:
        """Write the dist-info folder of a distribution, without the files that are None."""
        info = self._path / f"{distribution.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        for file, content in (("METADATA", metadata), ("entry_points.txt", entry_points)):
            if content is not None:
                data = content.encode() if isinstance(content, str) else content
                (info / file).write_bytes(data)
        return info


@contextmanager
def installing(path: Path) -> Iterator[Install]:
    """Yield a function that installs into a folder, for the duration of a test."""
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(path)
        yield Install(path)
    for name in set(sys.modules) - before:
        if name.startswith("installed_"):
            del sys.modules[name]


def install_twice(install: Install, **settings: Any) -> list[str]:
    """Install two distributions that provide the same name and must not be imported."""
    return [
        install("twice", NEVER_IMPORTED, distribution=distribution, **settings)
        for distribution in ("dist-one", "dist-two")
    ]


class Tag:
    """A plugin that appends its tag to a header."""

    def __init__(self, tag: str) -> None:
        self._tag = tag

    @hookimpl
    def usersmanager_wrap_call(self, request: Any, proceed: Any) -> Any:
        return proceed(
            request.with_headers({"X-Order": request.headers.get("X-Order", "") + f"{self._tag},"})
        )


def names(**arguments: Any) -> tuple[str, ...]:
    """Return the names of the plugins of a manager."""
    defaults = {"transport": FakeTransport(), "plugins": (), "discover": True}
    return compose(SYNC, **defaults | arguments).plugins


def order(**arguments: Any) -> list[str]:
    """Return the tags in the order in which the plugins saw a request, outermost first."""
    fake = FakeTransport().profile("u")
    with UsersManager(TENANT, transport=fake, **arguments) as users:
        users.get_info("t")
    return fake.requests[0].headers.get("X-Order", "").split(",")[:-1]


def report_on(name: str) -> PluginReport:
    """Return the report on the only plugin or transport of this name."""
    (report,) = (report for report in installed_plugins() if report.name == name)
    return report


def only_warning(action: Callable[[], object]) -> str:
    """Return the text of the one PluginWarning that an action issues."""
    with pytest.warns(PluginWarning) as warned:
        action()
    assert len(warned) == 1, [str(warning.message) for warning in warned]
    return str(warned[0].message)
