"""Explain why a profile has no usable subject, by the names of its claims."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .error_text import sanitize
from .json_body import json_type

__all__ = ["explain_subject"]

# A key of another form, such as an e-mail address, may be a value.
_CLAIM_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:/#\-]{0,63}")
_MAX_NAMES = 8
_ADVICE = 'is this an OpenID UserInfo endpoint, and does the token have the scope "openid"?'


def explain_subject(claims: Mapping[str, Any], redact: Callable[[str], str]) -> str:
    """Return why the claims have no usable ``sub``, and what to do. It quotes no value.

    Args:
        claims: the claims.
        redact: removes the secrets of the call from a text.
    """
    if not claims:
        return f"the profile is an empty object: {_ADVICE}"
    if "sub" not in claims:
        return f'the profile has no "sub", only {_names(claims, redact)}: {_ADVICE}'
    subject = claims["sub"]
    found = "blank" if isinstance(subject, str) else json_type(subject)
    return (
        f'the profile has no subject: "sub" is {found}, but must be a non-empty string'
        " (OpenID Connect Core, section 5.1)"
    )


def _names(claims: Mapping[str, Any], redact: Callable[[str], str]) -> str:
    # Those that may be meant as the subject come first: `id`, `user_id`, `userId`.
    names = sorted(claims, key=lambda name: not name.lower().endswith("id"))
    shown = [f'"{name}"' for name in names if _CLAIM_NAME.fullmatch(name)][:_MAX_NAMES]
    others = len(claims) - len(shown)
    if others:
        shown.append(f"{others} other claim{'s' if others > 1 else ''}")
    return sanitize(", ".join(shown), redact) or ""
