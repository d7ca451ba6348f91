"""Rules for every page: links that lead somewhere, and samples that fit a narrow screen."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

from tests.packaging.build import relative_links

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
SOURCE = re.compile(rf"{re.escape(PROJECT['urls']['Source'])}/(?:blob|raw)/main/")
LINK = re.compile(r"\]\(([^)#]*)(?:#([^)]*))?\)")
CODE = re.compile(r"^```(?:python|toml)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_every_link_leads_to_a_file_and_a_heading() -> None:
    broken = [
        (page.name, target, anchor)
        for page in PAGES
        for target, anchor in LINK.findall(page.read_text())
        if not leads_somewhere(page, target, anchor)
    ]
    assert broken == []


def leads_somewhere(page: Path, target: str, anchor: str) -> bool:
    if ":" in target and not SOURCE.match(target):
        return True  # To another site.
    folder = ROOT if SOURCE.match(target) else page.parent
    path = folder / SOURCE.sub("", target) if target else page
    return path.exists() and (not anchor or anchor in anchors(path))


def test_the_readme_has_no_relative_link_as_pypi_shows_it_too() -> None:
    assert PROJECT["readme"] == "README.md"
    assert relative_links((ROOT / "README.md").read_text()) == []
    text = "[a](docs/a.md) ![b](b.svg) [c](https://c) [d](#d)\n\n[e]: ../e.md\n"
    assert relative_links(text) == ["docs/a.md", "b.svg", "../e.md"]


@cache
def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of a page, as GitHub and MyST make them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_a_sample_has_at_most_60_columns() -> None:
    lines = [
        (page.name, line)
        for page in PAGES
        for block in CODE.findall(page.read_text())
        for line in block.splitlines()
    ]
    assert [(page, line) for page, line in lines if len(line) > 60] == []


def test_a_page_of_the_site_is_in_its_table_of_contents() -> None:
    docs = ROOT / "docs"
    pages = [page.relative_to(docs) for page in PAGES if page.is_relative_to(docs)]
    names = {page.with_suffix("").as_posix() for page in pages} - {"index"}
    assert names - set((docs / "index.md").read_text().splitlines()) == set()


def test_the_readme_has_at_most_120_lines_and_samples_of_at_most_12() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 120
    assert [block for block in CODE.findall(text) if len(block.splitlines()) > 12] == []
