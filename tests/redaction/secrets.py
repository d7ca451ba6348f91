"""Secrets that tests may keep in local variables, because their repr shows nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["B64TOKEN", "JWT", "MALFORMED", "Secrets"]


@dataclass(frozen=True, repr=False)
class Secrets:
    """An access token and an impersonation link.

    Use the attributes inside an expression only: a local variable would show in a traceback.
    """

    token: str
    link: str
    fragment_size: int = 8

    @property
    def settings(self) -> dict[str, Any]:
        """Return valid impersonation settings."""
        return {"impersonator_id": "auth0|boss", "protocol": "oauth2", "token": self.token}

    def fill(self, template: str) -> bytes:
        """Return a template with the secrets in place of TOKEN, QUOTED, JSON-ESCAPED and LINK."""
        escaped = "".join(rf"\u{ord(character):04x}" for character in self.token)
        quoted = "".join(f"\\{character}" for character in self.token)
        filled = template.replace("JSON-ESCAPED", escaped).replace("QUOTED", quoted)
        return filled.replace("TOKEN", self.token).replace("LINK", self.link).encode("latin-1")

    def fragments(self) -> set[str]:
        """Return overlapping parts of the token and of the link's last segment."""
        size = self.fragment_size
        return {
            secret[start : start + size]
            for secret in (self.token, self.link.rpartition("/")[2])
            for start in range(0, len(secret) - size + 1, size // 2)
        }

    def __repr__(self) -> str:
        return "<secrets>"


JWT = Secrets(
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    ".eyJpc3MiOiJodHRwczovL3RlbmFudC5leGFtcGxlLyIsInN1YiI6ImF1dGgwfGFkYSIsImp0aSI6IjdmM2MifQ"
    ".JBk73S_LwhMHB_1h4aPuU8HWdQhDveVfqfQtcboGabQ",
    "https://tenant.example/login/impersonated/HitirynmotJ4PCamOz26sxtRgr4x-z1DgKn6SH7J",
)
# Every character of a b64token (RFC 6750, section 2.1).
B64TOKEN = Secrets(
    "s-2XJ3SIl7Nk_oTqrhxad/QD10jyw5GM6YcpKZVzF+WfBU.RO4~n8CLEuige9AbvPmHt=",
    "https://tenant.example/login/impersonated/9Tls2g-cVNzMLxsdP4y2zqZ7f3uXs_vndif0bhpj",
)
MALFORMED = {
    repr(character): Secrets(
        f"{B64TOKEN.token[:30]}{character}{B64TOKEN.token[30:]}", B64TOKEN.link, fragment_size=6
    )
    for character in ["\n", "\r\n", " ", "\0", "é", "☃", "\ud800"]
}
