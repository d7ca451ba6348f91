"""Decoding of profiles, links and configurations."""

from __future__ import annotations

import contextlib
import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usersmanager import DecodeError, Response, UserInfo
from usersmanager._operations.decoding import parse_object, read_link, read_profile
from usersmanager._operations.provider import read_configuration

JSON = {"Content-Type": "application/json"}
GOOD = b'{"sub": "auth0|1", "email": "a@example.com"}'

BAD_BODIES = [
    b"",
    b" ",
    b"null",
    b"[]",
    b'"sub"',
    b"{",
    b'{"sub": "u"} x',
    b'{"sub": "u"',
    b"{}",
    b'{"sub": ""}',
    b'{"sub": " "}',
    b'{"sub": 7}',
    b'{"sub": null}',
    b'{"sub": ["u"]}',
    b'\xef\xbb\xbf{"sub": "u"}',
    b'{"sub": "\xff"}',
    '{"sub": "u"}'.encode("utf-16"),
    '{"sub": "u"}'.encode("utf-32"),
    b"+ADw-",
    b'{"sub": "u", "n": NaN}',
    b'{"sub": "u", "n": Infinity}',
    b'{"sub": "u", "n": -Infinity}',
    b'{"sub": "u", "n": 1e999}',
    b'{"sub": "u", "n": ' + b"9" * 5000 + b"}",
    b'{"sub": "u", "sub": "v"}',
    b'{"sub": "u", "a": {"b": 1, "b": 2}}',
    b'{"sub": "\\ud800"}',
    b'{"sub": "u", "\\udfff": 1}',
    b'{"sub": "u", "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"sub": "u",}',
    b"{'sub': 'u'}",
    b'{"sub": "a\nb"}',
]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/json;charset=utf-7",
        "application/vnd.example+json",
        "application/scim+json ; x=y",
    ],
)
def test_a_profile_is_read_from_any_json_media_type(content_type: str) -> None:
    profile = read_profile(Response(200, {"Content-Type": content_type}, GOOD))
    assert profile == {"sub": "auth0|1", "email": "a@example.com"}
    assert isinstance(profile, UserInfo)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": ""},
        {"Content-Type": "text/html"},
        {"Content-Type": "text/json"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": "application/json, text/html"},
        [("Content-Type", "application/json"), ("Content-Type", "text/html")],
    ],
)
def test_a_profile_with_another_media_type_is_rejected(headers: dict[str, str]) -> None:
    with pytest.raises(DecodeError, match="not sent as application/json"):
        read_profile(Response(200, headers, GOOD))


def test_a_json_media_type_may_contain_the_characters_of_rfc_6838() -> None:
    accepted = set()
    for char in map(chr, range(128)):
        with contextlib.suppress(DecodeError):
            read_profile(Response(200, {"Content-Type": f"application/x{char}y+json"}, GOOD))
            accepted.add(char)
    assert accepted == set(string.ascii_letters + string.digits + "!#$&-^_.+")


def test_a_signed_profile_is_rejected_with_the_settings_to_change() -> None:
    with pytest.raises(
        DecodeError, match=r"signed_response_alg and userinfo_encrypted_response_alg"
    ):
        read_profile(Response(200, {"Content-Type": "application/jwt"}, b"e30.e30.e30"))


def profile_error(body: bytes) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        read_profile(Response(200, JSON, body))
    return caught.value


# Mutation testing can't select a test whose name contains a backslash.
@pytest.mark.parametrize("body", BAD_BODIES, ids=lambda body: repr(body[:30]).replace("\\", "/"))
def test_a_malformed_profile_is_an_error_that_quotes_nothing(body: bytes) -> None:
    error = profile_error(body)
    assert str(error) in {str(profile_error(b"")), str(profile_error(b"{}"))}
    assert error.__cause__ is error.__context__ is None


def test_a_malformed_profile_is_explained() -> None:
    assert "not a JSON object" in str(profile_error(b"[]"))
    assert "no subject" in str(profile_error(b'{"sub": 7}'))


@pytest.mark.parametrize(
    ("headers", "body", "keyword"),
    [
        ({"Content-Type": "text/html"}, b"{}", "configuration is not sent as application/json"),
        ({**JSON, "Content-Encoding": "gzip"}, b"{}", "compressed"),
        (JSON, b"[]", "configuration is not a JSON object"),
    ],
)
def test_a_configuration_is_checked_like_a_profile(
    headers: dict[str, str], body: bytes, keyword: str
) -> None:
    assert read_configuration(Response(200, JSON, b"{}")) == {}
    with pytest.raises(DecodeError, match=keyword):
        read_configuration(Response(200, headers, body))


@pytest.mark.parametrize("second", "89abcdefABCDEF")
def test_a_lone_surrogate_is_rejected_in_any_spelling(second: str) -> None:
    for first in "dD":
        assert parse_object(f'{{"a": "\\u{first}{second}00"}}'.encode()) is None
    assert parse_object(b'{"a": "\\uD83D\\ude00\\ud7ff"}') == {"a": "\U0001f600\ud7ff"}


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "identity, gzip"])
def test_a_compressed_body_is_rejected(coding: str) -> None:
    headers = {**JSON, "Content-Encoding": coding}
    with pytest.raises(DecodeError, match="compressed"):
        read_profile(Response(200, headers, GOOD))
    with pytest.raises(DecodeError, match="compressed"):
        read_link(Response(200, headers, b"https://t.example/x"))


@pytest.mark.parametrize("coding", ["identity", " Identity ", ""])
def test_the_identity_coding_is_accepted(coding: str) -> None:
    assert read_profile(Response(200, {**JSON, "Content-Encoding": coding}, GOOD)).sub


@given(st.binary(max_size=60))
def test_any_bytes_result_in_an_object_or_none(body: bytes) -> None:
    value = parse_object(body)
    assert value is None or isinstance(value, dict)


TEXT = st.text(st.characters(exclude_categories=("Cs",)))
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=10,
)


@given(st.dictionaries(TEXT, JSON_VALUES))
def test_every_json_object_is_decoded_unchanged(value: dict[str, object]) -> None:
    assert parse_object(json.dumps(value).encode()) == value
    assert parse_object(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    "body",
    [
        b"https://t.example/X",
        b"https://t.example/x?y=1",
        b"https://t.example/x\r\n",
        b" https://t/ ",
    ],
)
def test_a_link_is_returned_without_whitespace(body: bytes) -> None:
    assert read_link(Response(200, {}, body)) == body.decode().strip()


@pytest.mark.parametrize(
    "body",
    [b"", b"hush", b"/login", b"https://a https://b", b"https://a\nhttps://b", b'"https://t.example"',
     b"https://\xff", b"https://t.example\x0c", b"javascript:hush", b"<html>https://t.example</html>"],
)  # fmt: skip
def test_anything_but_a_link_is_an_error_that_quotes_nothing(body: bytes) -> None:
    with pytest.raises(DecodeError, match="not a link") as caught:
        read_link(Response(200, {}, body))
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None
