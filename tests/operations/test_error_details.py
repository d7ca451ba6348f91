"""What the server says about an error: in a document, a challenge or a line of text."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.operations.provider_errors import PROVIDER_ERRORS
from tests.support import make_request

from usersmanager import APIError, DecodeError, Request, Response
from usersmanager._operations.decoding import read_profile
from usersmanager._operations.error_details import read_error_details
from usersmanager._operations.reading import read_result
from usersmanager.plugins import Token


def details(headers: Any, body: bytes, token: str = "hush", status: int = 401) -> Any:
    return read_error_details(make_request(token=Token(token)), Response(status, headers, body))


@pytest.mark.parametrize("name", PROVIDER_ERRORS)
def test_the_error_of_a_provider_is_read(name: str) -> None:
    sent = PROVIDER_ERRORS[name]
    headers = {"Content-Type": sent.content_type, "WWW-Authenticate": sent.challenge}
    headers = {header: value for header, value in headers.items() if value}
    read = details(headers, sent.body.encode(), status=sent.status)
    assert read == (sent.error, sent.description)


@pytest.mark.parametrize(
    ("body", "error", "description"),
    [
        ('{"error": 7, "error_description": []}', None, None),
        ('{"error": true, "message": "m"}', None, "m"),
        ('{"error": " ", "error_description": "", "message": "m"}', None, "m"),
        ('{"error": {"error": {"error": {"code": "c"}}}}', "c", None),
        ('{"code": "outer", "error": {"message": "m"}}', "outer", "m"),
        ('{"ErrorCode": "c", "Error_Message": "m"}', "c", "m"),
        ('{"title": "t"}', None, "t"),
        ('{"title": "t", "detail": "t"}', None, "t"),
        ('{"code": "c", "title": "t", "detail": "d"}', "c", "d"),
        ('{"type": "about:blank", "status": "error", "name": "Ann"}', None, None),
        ('{"errors": {"field": ["wrong"]}}', None, None),
        ('["first", "second"]', None, "first"),
        ("[[[[[[[[[]]]]]]]]]", None, None),
        ('[[[[{"code": "c"}]]]]', "c", None),
        ('[[[[[{"code": "c"}]]]]]', None, None),
        ('{"error":' * 4 + '{"code": "c"}' + "}" * 4, "c", None),
        ('{"error":' * 5 + '{"code": "c"}' + "}" * 5, None, None),
        ("[]", None, None),
        ("7", None, None),
        ("null", None, None),
        ("\ufeff" + '{"error": "e"}', "e", None),
        ('{"error": "e", "message": "half \\ud83d"}', "e", "half \ufffd"),
    ],
)
def test_a_document_is_read_by_its_shape(
    body: str, error: str | None, description: str | None
) -> None:
    assert details({}, body.encode()) == (error, description)


CHALLENGE = {"WWW-Authenticate": 'Bearer error="h", error_description="hd"'}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", ("h", "hd")),
        (b"a line", ("h", "hd")),
        (b'"a string"', ("h", "hd")),
        (b'{"error": "b"}', ("b", "hd")),
        (b'{"message": "bd"}', ("h", "bd")),
    ],
)
def test_a_document_comes_before_a_challenge_and_a_challenge_before_a_line(
    body: bytes, expected: object
) -> None:
    assert details(CHALLENGE, body) == expected


@pytest.mark.parametrize(
    ("content_type", "body", "line"),
    [
        ("", b"Unauthorized", "Unauthorized"),
        ("text/plain", b"\xef\xbb\xbf Unauthorized \r\n", "Unauthorized"),
        ("TEXT/HTML; charset=x", "jeton périmé & refusé".encode(), "jeton périmé & refusé"),
        ("text/plain", "トークンが無効です".encode(), "トークンが無効です"),
        ("text/plain", "ungültig".encode("latin-1"), "ung\ufffdltig"),
        ("application/json", b"Unauthorized", "Unauthorized"),
        ("application/json", b'"token revoked"', "token revoked"),
        ("text/plain", b"see https://a.example/?session=1, or http://b", "see [link] or [link]"),
        ("text/plain", b"x" * 300, "x" * 300),
        ("text/plain", b"x" * 301, None),
        ("text/plain", b"two\nlines", None),
        ("text/plain", b"binary \x00\x01", None),
        ("text/plain", b"<html>login", None),
        ("text/html", b"Ung&uuml;ltig", None),
        ("text/plain", b'{"error": broken', None),
        ("text/plain", b"[broken", None),
        ("text/plain", b'\xef\xbb\xbf{"error": broken', None),
        ("application/json", b'"two\\nlines"', None),
        ("application/json", b'"<html>"', None),
        ("image/png", b"Unauthorized", None),
        ("text/plain, image/png", b"Unauthorized", None),
        ("text/plain", b"", None),
    ],
)
def test_a_short_line_of_text_is_the_description(
    content_type: str, body: bytes, line: str | None
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    assert details(headers, body) == (None, line)


def test_a_line_may_contain_a_token_that_is_longer_than_a_line() -> None:
    token = "x" * 4000
    assert details({}, f"no {token}".encode(), token) == (None, "no [redacted]")


def test_the_line_of_a_redirect_is_not_shown() -> None:
    assert details({}, b"Found. Redirecting to /login?state=hush", status=302) == (None, None)


ASCII = [chr(code) for code in range(0x21, 0x7F) if chr(code) not in ',"']
# With letters of both cases, and with backslashes more often than by chance.
TOKENS = st.text(st.sampled_from(["a", "A", "\\", *ASCII]), min_size=16, max_size=20)
TEXT = st.text(max_size=3)
ECHOES = {
    "json": lambda text: ({}, json.dumps({"error": text, "message": f"no {text}"})),
    "nested json": lambda text: ({}, json.dumps([{"error": {"code": text, "title": [text]}}])),
    "json string": lambda text: ({}, json.dumps(text)),
    "line": lambda text: ({"Content-Type": "text/html"}, f"no {text}"),
    "broken json": lambda text: ({}, f'{{"error": "{text}"'),
    "quoted": lambda text: (_challenge('"', re.sub(r'([\\"])', r"\\\1", text)), ""),
    "escaped throughout": lambda text: (_challenge('"', re.sub("(.)", r"\\\1", text)), ""),
    "quoted without escapes": lambda text: (_challenge('"', text), ""),
    "single quotes": lambda text: (_challenge("'", text), ""),
    "no quotes": lambda text: (_challenge("", text), ""),
    "raw header": lambda text: ({"WWW-Authenticate": text, "X-Request-Id": text}, ""),
    "type": lambda text: ({"Content-Type": f"text/{text}"}, "x"),
    "claim": lambda text: ({}, json.dumps({text: 1, f"{text}_id": text})),
    "reported": lambda text: ({}, json.dumps({"ok": False, "error": text, "errors": [text]})),
}


def _challenge(quote: str, text: str) -> dict[str, str]:
    value = f"error={quote}{text}{quote}, error_description={quote}no {text} in it{quote}"
    return {"WWW-Authenticate": f"Bearer {value}"}


def read(request: Request, response: Response) -> APIError | DecodeError | None:
    """Return the error that a response leads to; None is a profile."""
    try:
        read_result(read_profile, request, response)
    except (APIError, DecodeError) as error:
        return error
    return None


@pytest.mark.parametrize("echo", ECHOES)
@settings(max_examples=20)
@given(TOKENS, TEXT, TEXT)
def test_no_error_shows_a_token_however_the_server_echoes_it(
    echo: str, token: str, before: str, after: str
) -> None:
    headers, body = ECHOES[echo](f"{before}{token}{after}")
    request = make_request(token=Token(token))
    for status, added in ((200, {"Content-Type": "application/json"}), (401, {})):
        response = Response(status, {**added, **headers}, body.encode(errors="surrogatepass"))
        error = read(request, response)
        assert error is not None
        request_id = getattr(error, "request_id", None)
        texts = [str(error), error.error, error.error_description, request_id]
        # In lower case, as media types and names of parameters are compared.
        shown = "\0".join(filter(None, texts)).lower()
        assert not any(form.lower() in shown for form in (token, token.replace("\\", "")))


MEMBERS = st.sampled_from(
    ["error", "errors", "error_description", "message", "detail", "title", "code", "type", "ok",
     "sub", "status", "fault", "name"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS | TEXT, inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.dictionaries(
    st.sampled_from(["WWW-Authenticate", "Content-Type", "Content-Encoding", "X-Request-Id",
                     "Retry-After", "X-RateLimit-Reset", "RateLimit", "RateLimit-Policy", "Date"]),
    st.text(st.characters(), max_size=40),
)  # fmt: skip


@given(
    st.sampled_from([200, 302, 401, 429, 503]),
    FIELDS,
    VALUES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40),
)
def test_any_response_results_in_a_profile_or_an_error_of_this_library(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    error = read(make_request(), Response(status, headers, body))
    assert error is None or len(str(error).encode()) < 3000


HOSTILE = {
    "a deep document": b'{"error":' * 50_000,
    "deep lists": b"[" * 900 + b"]" * 900,
    "many keys": json.dumps({f"._{n}": n for n in range(10_000)}).encode(),
    "a long text": json.dumps({"message": "\u202ex" * 100_000}).encode(),
    "joiners": json.dumps({"message": "\u200d" * 100_000}).encode(),
    "spaces": json.dumps({"message": " \n" * 100_000}).encode(),
    "half a token": json.dumps({"message": "hus" * 100_000}).encode(),
    "many tokens": json.dumps({"message": "hush " * 50_000}).encode(),
    "schemes": b"a" * 16_000,
    "entities": b"&a" * 8_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_read_in_linear_time(name: str) -> None:
    started = time.process_time()
    error, _ = details({}, HOSTILE[name])
    assert error is None
    assert time.process_time() - started < 3
