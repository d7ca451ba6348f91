"""UserInfo, the profile of a user: a dict of claims with typed properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from .actor import Actor

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["UserInfo"]

_BOOLEANS = {"true": True, "false": False}


# A value is any JSON, as custom claims are included: hence Any.
class UserInfo(dict[str, Any]):
    """The claims about a user, exactly as the provider sent them.

    The keys are the names of the claims, custom ones included. The properties return the standard
    claims (OpenID Connect Core 1.0, section 5.1), or None for a claim that is missing or of the
    wrong type. The repr contains the subject and the names of the claims, but not their values.
    Copies, merges (``profile | {...}``) and pickles are a UserInfo, too; ``json.dumps`` writes a
    plain object. Like any dict it can be changed; nothing else in the library keeps a reference to
    it. It can be a field of a pydantic model, and the return type of a FastAPI endpoint.

    Example::

        profile.sub, profile.email, profile.updated_at
        profile["https://example.com/roles"]
    """

    __slots__ = ()

    @property
    def sub(self) -> str:
        """The identifier of the user at the provider (the subject). Always present."""
        return str(self["sub"])

    @property
    def name(self) -> str | None:
        """The full name, for display."""
        return self._text("name")

    @property
    def given_name(self) -> str | None:
        """The given name or names."""
        return self._text("given_name")

    @property
    def family_name(self) -> str | None:
        """The family name or names."""
        return self._text("family_name")

    @property
    def middle_name(self) -> str | None:
        """The middle name or names."""
        return self._text("middle_name")

    @property
    def nickname(self) -> str | None:
        """A casual name."""
        return self._text("nickname")

    @property
    def preferred_username(self) -> str | None:
        """The name by which the user wishes to be called, such as "j.doe". Not unique."""
        return self._text("preferred_username")

    @property
    def profile(self) -> str | None:
        """The URL of the profile page."""
        return self._text("profile")

    @property
    def picture(self) -> str | None:
        """The URL of a picture."""
        return self._text("picture")

    @property
    def website(self) -> str | None:
        """The URL of the user's web page or blog."""
        return self._text("website")

    @property
    def email(self) -> str | None:
        """The preferred e-mail address. Not unique; see also `email_verified`."""
        return self._text("email")

    @property
    def email_verified(self) -> bool | None:
        """Whether the provider has verified the e-mail address; "true" in any case is True."""
        return self._bool("email_verified")

    @property
    def gender(self) -> str | None:
        """The gender, such as "female", "male" or any other text."""
        return self._text("gender")

    @property
    def birthdate(self) -> str | None:
        """The birthday, as YYYY-MM-DD, 0000-MM-DD or YYYY."""
        return self._text("birthdate")

    @property
    def zoneinfo(self) -> str | None:
        """The time zone, such as Europe/Paris."""
        return self._text("zoneinfo")

    @property
    def locale(self) -> str | None:
        """The language tag, such as en-US."""
        return self._text("locale")

    @property
    def phone_number(self) -> str | None:
        """The preferred telephone number."""
        return self._text("phone_number")

    @property
    def phone_number_verified(self) -> bool | None:
        """Whether the provider has verified the telephone number; "true" in any case is True."""
        return self._bool("phone_number_verified")

    @property
    def address(self) -> Mapping[str, Any] | None:
        """The postal address, with ``formatted``, ``street_address``, ``locality`` and others."""
        value = self.get("address")
        return value if isinstance(value, Mapping) else None

    @property
    def updated_at(self) -> datetime | None:
        """The time of the last change of the profile, as an aware datetime.

        OpenID Connect specifies seconds since the epoch; Cognito sends them as a string, and Auth0
        sends ISO 8601. A string without an offset is in UTC.
        """
        return self._time("updated_at")

    @property
    def actor(self) -> Actor | None:
        """Who acts for the user (RFC 8693, section 4.1), or None if the user acts."""
        return Actor.of(self)

    def _text(self, claim: str) -> str | None:
        value = self.get(claim)
        return value if isinstance(value, str) else None

    def _bool(self, claim: str) -> bool | None:
        value = self.get(claim)
        # Auth0's older connections send "true", and Cognito what an administrator typed: "True".
        if isinstance(value, str):
            return _BOOLEANS.get(value.lower())
        return value if isinstance(value, bool) else None

    def _time(self, claim: str) -> datetime | None:
        from datetime import UTC, datetime  # Few programs use a time.

        value = self.get(claim)
        try:
            if isinstance(value, str) and not (value.isascii() and value.isdigit()):
                moment = datetime.fromisoformat(value.upper())
                return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                return datetime.fromtimestamp(float(value), UTC)
        except (ValueError, OverflowError, OSError):
            return None
        return None

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> dict[str, Any]:
        """Describe a profile to pydantic: an object with a subject, serialized as a plain dict.

        A schema of pydantic is made of dicts, so this needs no import of it.
        """
        subject = {"type": "str", "strict": True, "pattern": r"\S"}
        claims = {
            "type": "typed-dict",
            "fields": {"sub": {"type": "typed-dict-field", "schema": subject, "required": True}},
            "extra_behavior": "allow",
        }
        function = {"type": "no-info", "function": cls}
        return {"type": "function-after", "function": function, "schema": claims}

    def copy(self) -> Self:
        """Return a shallow copy."""
        return type(self)(self)

    # The operators of dict would return a plain dict, whose repr shows every claim.

    def __or__(self, other: Mapping[str, Any], /) -> Self:  # type: ignore[override] # Dict's overloads are for keys of other types, which claims don't have.
        return type(self)({**self, **other}) if isinstance(other, dict) else NotImplemented

    def __ror__(self, other: Mapping[str, Any], /) -> Self:  # type: ignore[override] # As above.
        return type(self)({**other, **self}) if isinstance(other, dict) else NotImplemented

    def __repr__(self) -> str:
        names = sorted(claim for claim in self if claim != "sub")
        return f"<UserInfo sub={self.get('sub')!r} claims={names}>"
