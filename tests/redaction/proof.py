"""How it is proven that a secret shows nowhere."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import HealthCheck, Phase, settings
from tests.redaction import walk
from tests.redaction.canaries import Canary
from tests.redaction.watching import Caller

__all__ = ["assert_hidden", "examples"]


def examples(count: int) -> settings:
    """So many examples, the same ones every time."""
    return settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],  # A secret that is drawn by its seed does not shrink.
        suppress_health_check=list(HealthCheck),
    )


def assert_hidden(canary: Canary, caller: Caller, errors: Iterable[BaseException]) -> None:
    """Nothing of these errors, and nothing the caller noticed, shows the token or the link."""
    sights = [*(sight for error in errors for sight in walk.of_error(error)), *caller.sights()]
    fragments = canary.fragments()
    # All at once first: that is much quicker, and mostly there is nothing to be found.
    whole = "\n".join(sight.text for sight in sights)
    if any(fragment in whole for fragment in fragments):
        shown = {one.where for one in sights if any(part in one.text for part in fragments)}
        raise AssertionError("the secret shows in:\n" + "\n".join(sorted(shown)))
