"""UserInfo: a dict with typed properties."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, datetime, timedelta, timezone

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


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none()))
def test_a_profile_equals_the_plain_dict_and_can_be_copied_and_pickled(
    claims: dict[str, object],
) -> None:
    claims["sub"] = "u"
    profile = UserInfo(claims)
    assert profile == claims
    assert json.loads(json.dumps(profile)) == claims
    for other in (pickle.loads(pickle.dumps(profile)), copy.deepcopy(profile)):
        assert type(other) is UserInfo
        assert other == profile
