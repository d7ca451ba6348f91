"""A distribution that is found more than once counts once."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from tests.composition.support import SHIPPED, Install, names, order, report_on

from usersmanager.plugins import installed_plugins

NAME = "dist-twice"


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that installs into another folder, which is first on sys.path."""
    folder = tmp_path / "first"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return Install(folder)


def distributions() -> list[str]:
    return [report.distribution for report in installed_plugins() if "twice" in report.name]


@pytest.mark.parametrize("spelling", ["dist-twice", "Dist.Twice", "dist_twice"])
def test_the_first_of_two_paths_counts(install: Install, first: Install, spelling: str) -> None:
    later = install("twice", distribution=NAME)
    earlier = first("twice", distribution=spelling)
    assert order() == ["twice"]
    assert earlier in sys.modules
    assert later not in sys.modules
    assert distributions() == [spelling]


def test_a_plugin_that_the_first_of_two_paths_lacks_is_not_used(
    install: Install, first: Install
) -> None:
    install("twice", distribution=NAME)
    first("twice-renamed", distribution=NAME)
    assert names() == (*SHIPPED, "twice-renamed")


def test_a_distribution_of_which_the_first_path_has_no_plugin_has_none(
    install: Install, first: Install
) -> None:
    install("twice", distribution=NAME)
    first.write_info(NAME, f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1\n", None)
    assert names() == SHIPPED


@pytest.mark.parametrize("entry_points", [None, "[usersmanager.plugins]\n"])
def test_a_remnant_without_metadata_does_not_count(
    install: Install, first: Install, entry_points: str | None
) -> None:
    install("twice", distribution=NAME)
    first.write_info(NAME, None, entry_points)
    assert order() == ["twice"]


def test_a_folder_that_seems_to_have_the_name_of_another_distribution_does_not_count(
    install: Install, first: Install
) -> None:
    info = first.write_info("dist-twice", "Metadata-Version: 2.1\nName: dist-twice-more\n", None)
    info.rename(info.with_name("dist-twice-more-1.2.dist-info"))
    install("twice", distribution="dist")
    install("twice-more", distribution=NAME)
    assert names() == (*SHIPPED, "twice", "twice-more")


def test_an_egg_info_folder_beside_a_dist_info_folder_does_not_count(
    install: Install, tmp_path: Path
) -> None:
    install("twice", distribution=NAME)
    egg_info = tmp_path / "dist_twice.egg-info"
    shutil.copytree(tmp_path / "dist_twice-1.2.dist-info", egg_info)
    (egg_info / "METADATA").rename(egg_info / "PKG-INFO")
    assert order() == ["twice"]
    assert distributions() == [NAME]


def test_a_path_that_is_listed_twice_counts_once(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("twice", distribution=NAME)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path, str(tmp_path), f"{tmp_path}/"])
    assert order() == ["twice"]
    assert distributions() == [NAME]


def test_two_versions_in_one_folder_count_once(install: Install, tmp_path: Path) -> None:
    install("twice", distribution=NAME)
    folder = tmp_path / "dist_twice-1.2.dist-info"
    shutil.copytree(folder, tmp_path / "dist_twice-1.1.dist-info")
    remnant = shutil.copytree(folder, tmp_path / "~ist_twice-1.2.dist-info")
    metadata = remnant / "METADATA"
    metadata.write_text(metadata.read_text().replace(NAME, "Dist.Twice"))
    assert order() == ["twice"]
    assert distributions() == [NAME]


def test_a_name_that_a_distribution_lists_twice_counts_once(
    install: Install, tmp_path: Path
) -> None:
    install("twice", distribution=NAME)
    entry_points = tmp_path / "dist_twice-1.2.dist-info" / "entry_points.txt"
    text = entry_points.read_text()
    entry_points.write_text(text + text.splitlines()[1].replace("twice", "TWICE", 1) + "\n")
    assert order() == ["twice"]
    assert report_on("twice").status == "active"
