"""UserInfo: a dict with typed properties."""

from __future__ import annotations

import copy
import json
import operator
import pickle
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usersmanager import UserInfo

TEXT_CLAIMS = [
    "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile",
    "picture", "website", "email", "gender", "birthdate", "zoneinfo", "locale", "phone_number",
]  # fmt: skip


@pytest.mark.parametrize("claim", TEXT_CLAIMS)
def test_a_text_claim_is_a_string_or_none(claim: str) -> None:
    assert getattr(UserInfo(sub="u", **{claim: "x"}), claim) == "x"
    assert getattr(UserInfo(sub="u"), claim) is None
    assert getattr(UserInfo(sub="u", **{claim: 7}), claim) is None


@pytest.mark.parametrize("claim", ["email_verified", "phone_number_verified"])
@pytest.mark.parametrize(
    ("sent", "value"),
    [
        (True, True),
        (False, False),
        ("true", True),
        ("false", False),
        ("True", True),
        ("FALSE", False),
        ("yes", None),
        (" true", None),
        ("1", None),
        (1, None),
        (None, None),
    ],
)
def test_a_verified_claim_is_a_bool_or_none(claim: str, sent: object, value: bool | None) -> None:
    assert getattr(UserInfo(sub="u", **{claim: sent}), claim) is value


NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "moment"),
    [
        (int(NOON.timestamp()), NOON),
        (NOON.timestamp() + 0.5, NOON + timedelta(seconds=0.5)),
        (str(int(NOON.timestamp())), NOON),
        ("20260102", datetime(1970, 8, 23, 11, 48, 22, tzinfo=UTC)),
        ("2026-01-02", NOON.replace(hour=0)),
        ("2026-01-02T12:00:00.000Z", NOON),
        ("2026-01-02T12:00:00", NOON),
        ("2026-01-02t12:00:00.0000000z", NOON),
        ("2026-01-02T14:00:00+02:00", NOON),
    ],
)
def test_updated_at_is_an_aware_datetime_for_a_string_or_a_number(
    sent: object, moment: datetime
) -> None:
    value = UserInfo(sub="u", updated_at=sent).updated_at
    assert value == moment
    assert value is not None
    assert value.tzinfo is not None


def test_updated_at_keeps_its_offset() -> None:
    value = UserInfo(sub="u", updated_at="2026-01-02T14:00:00+02:00").updated_at
    assert value is not None
    assert value.tzinfo == timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    "sent",
    ["soon", "", "9" * 14, "9" * 5000, "\u0661", None, True, [], {}, 10**400, -(10**30), 1e300],
)
def test_an_invalid_updated_at_is_none(sent: object) -> None:
    assert UserInfo(sub="u", updated_at=sent).updated_at is None


def test_an_address_is_a_mapping_or_none() -> None:
    assert UserInfo(sub="u", address={"locality": "Paris"}).address == {"locality": "Paris"}
    assert UserInfo(sub="u", address="Paris").address is None


def test_custom_claims_are_keys() -> None:
    assert UserInfo({"sub": "u", "https://example.com/roles": ["a"]})[
        "https://example.com/roles"
    ] == ["a"]


def test_the_repr_contains_the_subject_and_the_names_of_the_claims_only() -> None:
    profile = UserInfo(sub="auth0|1", name="Ada", email="ada@example.com")
    assert repr(profile) == "<UserInfo sub='auth0|1' claims=['email', 'name']>"
    assert str(profile) == f"{profile}" == repr(profile)


COPIES: dict[str, Callable[[UserInfo], Any]] = {
    "copy()": lambda profile: profile.copy(),
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    "|": lambda profile: profile | {},
    "| from the right": lambda profile: {} | profile,
    "|=": lambda profile: operator.ior(UserInfo(), profile),
    "asdict": lambda profile: asdict(Login(profile))["profile"],
    **{
        f"pickle {protocol}": lambda profile, protocol=protocol: pickle.loads(
            pickle.dumps(profile, protocol)
        )
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


@dataclass
class Login:
    profile: UserInfo


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_is_a_profile_whose_repr_shows_no_values(way: str) -> None:
    profile = UserInfo({"sub": "u", "email": "hush", "https://x/roles": ["hush"]})
    other = COPIES[way](profile)
    assert type(other) is UserInfo
    assert other == profile
    assert other is not profile
    assert other.email == "hush"
    assert "hush" not in f"{other}{other!r}"


def test_a_merge_prefers_the_right_side() -> None:
    profile = UserInfo(sub="u", name="Ada")
    assert profile | {"name": "Grace", "x": 1} == {"sub": "u", "name": "Grace", "x": 1}
    assert {"name": "Grace", "x": 1} | profile == {"name": "Ada", "x": 1, "sub": "u"}
    assert list({"x": 1} | profile) == ["x", "sub", "name"]
    assert profile == {"sub": "u", "name": "Ada"}
    for operands in ((profile, [("x", 1)]), ([("x", 1)], profile)):
        with pytest.raises(TypeError, match="unsupported operand"):
            operator.or_(*operands)


def test_only_a_deep_copy_shares_no_values() -> None:
    profile = UserInfo(sub="u", address={"country": "SE"})
    deep = copy.deepcopy(profile)
    deep["address"]["country"] = "NO"
    assert profile["address"]["country"] == "SE"
    assert profile.copy()["address"] is profile["address"]


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none()))
def test_a_profile_equals_the_plain_dict_also_in_json(claims: dict[str, object]) -> None:
    claims["sub"] = "u"
    profile = UserInfo(claims)
    assert profile == claims
    assert json.loads(json.dumps(profile)) == claims
