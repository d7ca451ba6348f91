"""Rules for every page: links that lead somewhere, and samples that fit a narrow screen."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
LINK = re.compile(r"\]\(([^)#:]*)(?:#([^)]*))?\)")
CODE = re.compile(r"^```(?:python|toml)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_every_link_leads_to_a_file_and_a_heading() -> None:
    broken = [
        (page.name, target, anchor)
        for page in PAGES
        for target, anchor in LINK.findall(page.read_text())
        if not leads_somewhere(page.parent / target if target else page, anchor)
    ]
    assert broken == []


def leads_somewhere(path: Path, anchor: str) -> bool:
    return path.exists() and (not anchor or anchor in anchors(path))


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
