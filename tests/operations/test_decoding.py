"""Decoding of profiles, links and configurations."""

from __future__ import annotations

import contextlib
import json
import string
from typing import Any

import pytest
from tests.support import make_request

from usersmanager import DecodeError, Response, UserInfo
from usersmanager._operations.decoding import read_link, read_profile
from usersmanager._operations.provider import read_configuration
from usersmanager._operations.reading import read_result

JSON = {"Content-Type": "application/json"}
GOOD = b'{"sub": "auth0|1", "email": "a@example.com"}'


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
    with pytest.raises(DecodeError, match="must be sent as application/json"):
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


def profile_error(body: bytes, headers: Any = JSON) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        read_result(read_profile, make_request(), Response(200, headers, body))
    assert caught.value.__cause__ is caught.value.__context__ is None
    return caught.value


@pytest.mark.parametrize(
    ("headers", "body", "problem"),
    [
        (JSON, b"", "is empty"),
        ({}, b" ", "is empty"),
        (JSON, b"[]", "is an array, not a JSON object"),
        (JSON, b'{"sub": "u"', "is not JSON"),
        (JSON, b'{"sub": "u", "n": 1, "n": 2}', "repeats a key in an object"),
        (JSON, b"\x1f\x8b\x08\x00", "is compressed, although no compression was requested"),
        ({}, GOOD, "has no Content-Type, but must be sent as application/json"),
        (
            {"Content-Type": "Text/HTML; charset=x"},
            GOOD,
            "is sent as Text/HTML; charset=x, but must be sent as application/json",
        ),
        (
            [("Content-Type", "application/json"), ("Content-Type", "text/html")],
            GOOD,
            "is sent as application/json and text/html, but must be sent as application/json",
        ),
        (
            {"Content-Type": f"text/{'x' * 400}"},
            GOOD,
            f"is sent as text/{'x' * 295}, but must be sent as application/json",
        ),
    ],
)
def test_an_error_about_a_profile_says_what_is_wrong_with_the_body(
    headers: Any, body: bytes, problem: str
) -> None:
    assert str(profile_error(body, headers)) == f"the profile {problem}"


ADVICE = 'is this an OpenID UserInfo endpoint, and does the token have the scope "openid"?'


@pytest.mark.parametrize(
    ("claims", "problem"),
    [
        ("{}", f"the profile is an empty object: {ADVICE}"),
        (
            '{"login": "hush", "about": "hush", "userId": 7}',
            f'the profile has no "sub", only "userId", "login", "about": {ADVICE}',
        ),
        ('{"hush": 1}', f'the profile has no "sub", only "[redacted]": {ADVICE}'),
        ('{"user_id": "hush"}', f'the profile has no "sub", only "user_id": {ADVICE}'),
        ('{"hush@a.example": 1}', f'the profile has no "sub", only 1 other claim: {ADVICE}'),
        (
            json.dumps(dict.fromkeys("abcdefghij")),
            'the profile has no "sub", only "a", "b", "c", "d", "e", "f", "g", "h",'
            f" 2 other claims: {ADVICE}",
        ),
    ],
)
def test_a_profile_without_sub_names_the_claims_that_are_there(claims: str, problem: str) -> None:
    assert str(profile_error(claims.encode())) == problem


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        ("7", "a number"),
        ("7.5", "a number"),
        ("true", "a boolean"),
        ("null", "null"),
        ('["hush"]', "an array"),
        ('{"hush": 1}', "an object"),
        ('""', "blank"),
        ('" "', "blank"),
    ],
)
def test_a_sub_that_is_not_a_string_says_what_it_is(subject: str, found: str) -> None:
    assert str(profile_error(f'{{"sub": {subject}, "id": "hush"}}'.encode())) == (
        f'the profile has no subject: "sub" is {found}, but must be a non-empty string'
        " (OpenID Connect Core, section 5.1)"
    )


@pytest.mark.parametrize(
    ("body", "error", "description"),
    [
        ('{"ok": false, "error": "invalid_auth"}', "invalid_auth", None),
        ('{"ok": false}', None, None),
        ('{"ok": false, "message": "m"}', None, "m"),
        ('{"success": false, "errors": [{"code": "c", "message": "m"}]}', "c", "m"),
        ('{"error": {"code": "c", "message": "m"}}', "c", "m"),
        ('{"error": "e", "error_description": "d", "sub": null}', "e", "d"),
        ('{"errcode": 40001, "errmsg": "invalid credential"}', None, "invalid credential"),
        # Claims are no part of an error.
        ('{"error": "e", "name": "HUSH", "title": "hush", "description": "hush"}', "e", None),
    ],
)
def test_a_success_that_reports_an_error_is_an_error_that_says_so(
    body: str, error: str | None, description: str | None
) -> None:
    caught = profile_error(body.encode())
    assert (caught.error, caught.error_description) == (error, description)
    parts = ("the provider reported an error in a successful response", error, description)
    assert str(caught) == ": ".join(filter(None, parts))


@pytest.mark.parametrize("members", ['"ok": true', '"error": null', '"errcode": 0', '"errors": []'])
def test_a_success_that_reports_no_error_misses_its_sub(members: str) -> None:
    caught = profile_error(f"{{{members}}}".encode())
    assert "only" in str(caught)
    assert (caught.error, caught.error_description) == (None, None)


def test_a_profile_with_a_subject_may_have_an_error() -> None:
    body = b'{"sub": "u", "ok": false, "error": "e"}'
    assert read_profile(Response(200, JSON, body)).sub == "u"


@pytest.mark.parametrize(
    ("headers", "body", "keyword"),
    [
        ({"Content-Type": "text/html"}, b"{}", "configuration is sent as text/html"),
        ({**JSON, "Content-Encoding": "gzip"}, b"{}", "compressed"),
        (JSON, b"[]", "configuration is an array, not a JSON object"),
    ],
)
def test_a_configuration_is_checked_like_a_profile(
    headers: dict[str, str], body: bytes, keyword: str
) -> None:
    assert read_configuration(Response(200, JSON, b"{}")) == {}
    with pytest.raises(DecodeError, match=keyword):
        read_configuration(Response(200, headers, body))


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "zstd", "identity, gzip", "identity,br"])
def test_a_compressed_body_is_rejected(coding: str) -> None:
    headers = {**JSON, "Content-Encoding": coding}
    with pytest.raises(DecodeError, match="compressed"):
        read_profile(Response(200, headers, GOOD))
    with pytest.raises(DecodeError, match="compressed"):
        read_link(Response(200, headers, b"https://t.example/x"))


@pytest.mark.parametrize("coding", ["identity", " Identity ", "", "UTF-8", "none", "utf8, None"])
def test_a_coding_that_names_no_compression_is_ignored(coding: str) -> None:
    assert read_profile(Response(200, {**JSON, "Content-Encoding": coding}, GOOD)).sub


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
