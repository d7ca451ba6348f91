"""The pages of the recipes show the files that `tox -e recipes` tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INDEX = ROOT / "docs/recipes/README.md"
PAGES = sorted(INDEX.parent.glob("*.md"))
RECIPES = [page for page in PAGES if page != INDEX]
FILES = ROOT / "examples/recipes"
SHOWN = re.compile(
    r"^(Add to )?\[`(.*?)`\]\((.*?)\):\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL
)


def shown_files() -> Iterator[tuple[Path, str, bool]]:
    for page in PAGES:
        text = page.read_text()
        blocks = SHOWN.findall(text)
        assert len(blocks) == text.count("```python"), f"{page}: a block without a file"
        for is_part, name, target, source in blocks:
            path = (page.parent / target).resolve()
            assert path == FILES / name
            yield path, source, bool(is_part)


@pytest.mark.parametrize(
    ("path", "source", "is_part"),
    [pytest.param(*shown, id=shown[0].relative_to(FILES).as_posix()) for shown in shown_files()],
)
def test_a_block_is_the_file_that_it_names_or_a_part_to_add(
    path: Path, source: str, is_part: bool
) -> None:
    text = path.read_text()
    assert source in text if is_part else source == text


def test_every_recipe_is_shown() -> None:
    folders = {path.name for path in FILES.iterdir() if any(path.rglob("*.py"))}
    shown = {path.relative_to(FILES).parts[0] for path, *_ in shown_files()}
    assert shown == folders - {"tests"}


@pytest.mark.parametrize("page", RECIPES, ids=lambda page: page.stem)
def test_every_recipe_is_listed_and_says_what_a_call_does_not_prove(page: Path) -> None:
    assert f"]({page.name})" in INDEX.read_text()
    assert "(README.md#what-a-userinfo-call-does-not-prove)" in page.read_text()
