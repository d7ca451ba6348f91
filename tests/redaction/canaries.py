"""Secrets that tests may hold in local variables, since their repr shows nothing."""

from __future__ import annotations

import base64
import json
import random
import string
from typing import Any

from hypothesis import strategies as st

__all__ = ["BadCanary", "Canary", "bad_canaries", "canaries"]

# RFC 6750, section 2.1: b64token.
_B64 = string.ascii_letters + string.digits + "-._~+/"
_URL_SAFE = string.ascii_letters + string.digits + "-_"
_WRONG = ["\n", "\r\n", " ", "\0", "é", "☃", "\ud800"]
_FRAGMENT = 8
_BAD_FRAGMENT = 6


class Canary:
    """A good token and a link. Open them inside an expression, never into a variable."""

    __slots__ = ("_link", "_token")

    def __init__(self, token: str, link: str) -> None:
        self._token = token
        self._link = link

    @property
    def token(self) -> str:
        """The token."""
        return self._token

    @property
    def link(self) -> str:
        """The link, whose last segment is the credential."""
        return self._link

    @property
    def settings(self) -> dict[str, Any]:
        """Good impersonation settings."""
        return {"impersonator_id": "auth0|boss", "protocol": "oauth2", "token": self._token}

    def fill(self, template: str) -> bytes:
        """A server's words: TOKEN, ESCAPED (each character on its own) and LINK filled in."""
        escaped = "".join(rf"\u{ord(one):04x}" for one in self._token)
        quoted = "".join(f"\\{one}" for one in self._token)
        filled = template.replace("JSON-ESCAPED", escaped).replace("QUOTED", quoted)
        return filled.replace("TOKEN", self._token).replace("LINK", self._link).encode("latin-1")

    def fragments(self) -> set[str]:
        """What must show nowhere: every part of the token, and of the link's credential."""
        ticket = self._link.rpartition("/")[2]
        return _parts(self._token, _FRAGMENT) | _parts(ticket, _FRAGMENT)

    def __repr__(self) -> str:
        return "<canary>"


class BadCanary(Canary):
    """What is no token: it holds a character that tokens have not."""

    __slots__ = ()

    def fragments(self) -> set[str]:
        """Shorter ones, since nothing of it is known to be harmless."""
        return _parts(self._token, _BAD_FRAGMENT)


def _parts(text: str, size: int) -> set[str]:
    return {text[start : start + size] for start in range(len(text) - size + 1)}


def _b64(chance: random.Random, size: int) -> str:
    return "".join(chance.choices(_B64, k=size - 1)) + chance.choice(_B64 + "=")


def _segment(chance: random.Random, **fields: Any) -> str:
    text = json.dumps({**fields, "jti": "".join(chance.choices(_URL_SAFE, k=9))})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _jwt(chance: random.Random) -> str:
    signature = "".join(chance.choices(_URL_SAFE, k=43))
    head, claims = _segment(chance, alg="HS256"), _segment(chance, sub="auth0|ada")
    return f"{head}.{claims}.{signature}"


def _canary(seed: int) -> Canary:
    chance = random.Random(seed)
    token = _jwt(chance) if chance.random() < 0.25 else _b64(chance, chance.randint(8, 60))
    ticket = "".join(chance.choices(_URL_SAFE, k=chance.randint(8, 40)))
    return Canary(token, f"https://tenant.example/login/impersonated/{ticket}")


def _bad(seed: int) -> BadCanary:
    chance = random.Random(seed)
    token = _b64(chance, chance.randint(12, 60))
    place, wrong = chance.randrange(1, len(token)), chance.choice(_WRONG)
    return BadCanary(token[:place] + wrong + token[place:], "")


# Drawn by a seed, not as text: hypothesis likes the words it finds in our source code,
# and such a word would be "found" in every traceback.
_SEEDS = st.integers(0, 2**64 - 1)

canaries = st.builds(_canary, _SEEDS)
bad_canaries = st.builds(_bad, _SEEDS)
