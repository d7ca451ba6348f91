"""Pairwise testing: choose a few test cases out of many combinations."""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

__all__ = ["covering"]

T = TypeVar("T")


def covering(candidates: Sequence[T], features: Callable[[T], Iterable[Hashable]]) -> list[T]:
    """Choose candidates until every feature of any of them is covered.

    A greedy algorithm: the result is deterministic, but not minimal.

    Args:
        candidates: the possible combinations, in a fixed order.
        features: returns what a combination covers, such as each pair of its values.
    """
    # `max` returns the first of equal candidates. In the given order, it would prefer the first
    # values of every parameter.
    candidates = random.Random(0).sample(candidates, len(candidates))
    numbers: dict[Hashable, int] = {}
    masks = [
        sum({1 << numbers.setdefault(feature, len(numbers)) for feature in features(candidate)})
        for candidate in candidates
    ]
    missing = (1 << len(numbers)) - 1
    selection = []
    while missing:
        best = max(range(len(masks)), key=lambda index: (masks[index] & missing).bit_count())
        selection.append(candidates[best])
        missing &= ~masks[best]
    return selection
