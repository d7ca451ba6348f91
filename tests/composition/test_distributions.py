"""Metadata that is broken, and what a distribution requires of this library."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.composition.support import SHIPPED, Install, names, only_warning, report_on

from usersmanager.plugins import installed_plugins

METADATA = "Metadata-Version: 2.1\nName: other\nVersion: 1.2\n"
UNDECODABLE = b"Name: caf\xe9\n[console_scripts]\ncaf\xe9 = cafe:main\n"


@pytest.mark.parametrize(
    ("metadata", "entry_points"),
    [
        (None, None),
        (None, "[console_scripts]\nother = other:main\n"),
        ("", ""),
        ("no colon", "[console_scripts]\nother = other:main\n"),
        (UNDECODABLE, "[console_scripts]\nother = other:main\n"),
        (METADATA, UNDECODABLE),
        (METADATA, b"\xff\xfe\x00\x01"),
        (METADATA, "[console_scripts]\na line without a value\n"),
        (METADATA, "a line of no group = other\n[unclosed\n"),
        (METADATA, "[console_scripts]\nother = not a module!\n= x\n"),
    ],
)
def test_a_broken_distribution_that_has_nothing_to_do_with_this_library_is_ignored(
    install: Install, metadata: Any, entry_points: Any
) -> None:
    install.write_info("other", metadata, entry_points)
    install("healthy")
    assert names() == (
        "headers",
        "healthy",
        "logging",
        "opentelemetry",
        "retry",
    )  # A warning is an error.
    statuses = {report.name: report.status for report in installed_plugins()}
    assert {name for name, status in statuses.items() if status != "active"} == {"cache", "jwt"}


def test_an_entry_points_file_that_is_a_folder_is_ignored(install: Install) -> None:
    (install.write_info("other", METADATA, None) / "entry_points.txt").mkdir()
    assert names() == SHIPPED


@pytest.mark.parametrize("entry_points", ["mine", "mine =", "mine = not a module!", "mine = a:b:c"])
def test_a_malformed_entry_point_costs_that_plugin_alone(
    install: Install, entry_points: str
) -> None:
    install.write_info("dist-mine", METADATA, f"[usersmanager.plugins]\n{entry_points}\n")
    install("healthy")
    results: list[Any] = []
    message = only_warning(lambda: results.append(names()))
    assert message.startswith("failed to load plugin 'mine' of other 1.2: its entry point ")
    assert "is malformed" in message
    assert results == [("headers", "healthy", "logging", "opentelemetry", "retry")]
    assert report_on("mine").status == "failed"


@pytest.mark.parametrize(
    "broken", ["[console_scripts]\na line without a value\n", b"[x]\ncaf\xe9 = cafe:main\n"]
)
def test_a_plugin_is_used_although_another_group_of_its_distribution_is_broken(
    install: Install, broken: str | bytes
) -> None:
    module = install("mine", distribution="dist-mine")
    group = f"[usersmanager.plugins]\nyours = {module}:Plugin\n".encode()
    broken = broken.encode() if isinstance(broken, str) else broken
    install.write_info("dist-yours", METADATA, broken + group)
    assert names() == ("headers", "logging", "mine", "opentelemetry", "retry", "yours")


@pytest.mark.parametrize("metadata", [None, UNDECODABLE, "Version: 1\n"])
def test_a_distribution_without_a_name_has_that_of_its_folder(
    install: Install, metadata: str | bytes | None
) -> None:
    for name in ("one", "two"):
        module = install(f"plugin-{name}", distribution=f"unused-{name}")
        entry_points = f"[usersmanager.plugins]\n{name} = {module}:Plugin\n"
        install.write_info(f"dist-{name}", metadata, entry_points)
    assert {"one", "two"} <= set(names())
    for name in ("one", "two"):
        report = report_on(name)
        assert (report.distribution, report.version) == (f"dist_{name}", "1.2")
        assert report.status == "active"


def test_an_entry_point_without_a_name_is_reported_by_its_line(install: Install) -> None:
    install.write_info("dist-mine", METADATA, "[usersmanager.plugins]\n= a:b:c\n")
    assert "plugin '= a:b:c' of other 1.2" in only_warning(names)
    assert report_on("= a:b:c").status == "failed"


def test_a_finder_that_fails_costs_only_what_it_would_have_found(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def find_spec(self, *arguments: object) -> None: ...

        def find_distributions(self, *arguments: object) -> Iterator[Any]:
            raise OSError

    install("healthy")
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    assert "healthy" in names()


@pytest.mark.parametrize(
    ("requires", "reported"),
    [
        (None, ""),
        ("usersmanager", "usersmanager"),
        ("usersmanager>=1.2", "usersmanager>=1.2"),
        ("usersmanager (>=1.2,<2)", "usersmanager>=1.2,<2"),
        ("UsersManager[cli] ~=1.2 ; python_version >= '3'", "usersmanager~=1.2"),
        ("usersmanager @ https://user:password@example.com/u.whl", "usersmanager"),
        ("usersmanager-extra>=1", ""),
        ("!", ""),
    ],
)
def test_a_report_has_the_version_of_this_library_that_a_distribution_requires(
    install: Install, requires: str | None, reported: str
) -> None:
    install("mine", requires=requires)
    assert report_on("mine").requires == reported


def test_a_report_has_the_requirement_of_an_egg_info_folder(
    install: Install, tmp_path: Path
) -> None:
    module = install("mine", distribution="unused")
    egg_info = tmp_path / "dist_yours.egg-info"
    egg_info.mkdir()
    (egg_info / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: dist-yours\nVersion: 3\n")
    (egg_info / "requires.txt").write_text("attrs\nusersmanager>=1.2\n")
    (egg_info / "entry_points.txt").write_text(f"[usersmanager.plugins]\nyours = {module}:Plugin\n")
    report = report_on("yours")
    assert (report.distribution, report.version) == ("dist-yours", "3")
    assert report.requires == "usersmanager>=1.2"
