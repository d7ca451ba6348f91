"""The page about the contracts has every case of every transport contract, with a reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from usersmanager.testing import (
    AsyncTransportContract,
    StrictAsyncTransportContract,
    StrictTransportContract,
    TransportContract,
)
from usersmanager.testing.contracts.case_runner import anchor, rule

PAGE = (Path(__file__).parents[2] / "docs/contracts.md").read_text()
BASIC, STRICT = PAGE.split("\n## The strict contract\n")


def cases(*contracts: type[Any]) -> set[str]:
    return {name for contract in contracts for name in dir(contract) if name.startswith("test_")}


def headings(text: str) -> list[str]:
    return re.findall(r"^### (.*)$", text, re.MULTILINE)


def anchor_of(heading: str) -> str:
    """Return the anchor that GitHub and most Markdown renderers make of a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


BASIC_CASES = cases(TransportContract, AsyncTransportContract)
STRICT_CASES = cases(StrictTransportContract, StrictAsyncTransportContract) - BASIC_CASES


@pytest.mark.parametrize(
    ("text", "expected"),
    [(BASIC, BASIC_CASES), (STRICT, STRICT_CASES)],
    ids=["basic", "strict"],
)
def test_every_case_has_a_heading_with_its_anchor(text: str, expected: set[str]) -> None:
    assert sorted(map(anchor_of, headings(text))) == sorted(map(anchor, expected))


def test_every_heading_is_the_rule_of_its_case() -> None:
    rules = {rule(name).replace("-", " ") for name in BASIC_CASES | STRICT_CASES}
    assert {heading.lower().replace("-", " ") for heading in headings(PAGE)} == rules


def test_every_heading_is_followed_by_a_reason() -> None:
    for heading in headings(PAGE):
        following = PAGE.partition(f"\n### {heading}\n\n")[2].partition("\n#")[0]
        assert following.strip(), heading
