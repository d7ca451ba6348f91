"""'Did you mean …?' suggestions."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["did_you_mean"]


def did_you_mean(given: object, known: Iterable[str]) -> str:
    """Return `: 'Retrry' (did you mean 'retry'?)`, or a list of the known names.

    Upper and lower case are compared as equal. A name that is similar to none of them is not
    quoted: it may be a misplaced secret.
    """
    from difflib import get_close_matches

    names = {name.lower(): name for name in sorted(known)}
    near = get_close_matches(given.lower(), names, n=1) if isinstance(given, str) else []
    if near:
        return f": {given!r} (did you mean {names[near[0]]!r}?)"
    return f" (known: {', '.join(names.values()) or 'none'})"
