"""The statistics: medians, quartiles, and ratios within a round."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

__all__ = ["Spread", "differences", "ratios", "spread"]


class Spread(NamedTuple):
    """A median and its quartiles."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """The median and the quartiles of some values, at least one."""
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high)


def ratios(samples: Mapping[str, Sequence[float]], base: str) -> dict[str, Spread]:
    """Each contestant relative to the base of the same round.

    What disturbs the machine for longer than a round disturbs both alike, and cancels out.
    """
    return {
        name: spread([value / of for value, of in zip(values, samples[base], strict=True)])
        for name, values in samples.items()
    }


def differences(samples: Mapping[str, Sequence[float]], base: str) -> dict[str, Spread]:
    """What each contestant takes beyond the base of the same round."""
    return {
        name: spread([value - of for value, of in zip(values, samples[base], strict=True)])
        for name, values in samples.items()
    }
