"""Parsing of JSON bodies: strict, and with a reason for each refusal."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usersmanager._operations.json_body import parse_json, parse_object


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "is empty"),
        (b" \t\r\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"null", "is null, not a JSON object"),
        (b"true", "is a boolean, not a JSON object"),
        (b"7", "is a number, not a JSON object"),
        (b"[]", "is an array, not a JSON object"),
        (b'"hush"', "is a string, not a JSON object"),
        (b"\x1f\x8b{}", "is compressed, although no compression was requested"),
        (b"{", "is not JSON"),
        (b'{"hush": "u"} x', "is not JSON"),
        (b'{"hush": "u",}', "is not JSON"),
        (b"{'hush': 'u'}", "is not JSON"),
        (b'{"hush": "a\nb"}', "is not JSON"),
        (b"+ADw-", "is not JSON"),
        (b"\x0b{}", "is not JSON"),
        (b"{}\x0c", "is not JSON"),
        (b"{}\xc2\xa0", "is not JSON"),
        (b"\xef\xbb\xbf\xef\xbb\xbf{}", "is not JSON"),
        (b'{"hush": "\xff"}', "is not in UTF-8"),
        ('{"hush": "u"}'.encode("utf-16"), "is not in UTF-8"),
        ('{"hush": "u"}'.encode("utf-32"), "is not in UTF-8"),
        (b'{"n": NaN}', "contains NaN or Infinity, which JSON does not allow"),
        (b'{"n": Infinity}', "contains NaN or Infinity, which JSON does not allow"),
        (b'{"n": -Infinity}', "contains NaN or Infinity, which JSON does not allow"),
        (b'{"n": 1e999}', "contains a number that is too large"),
        (b'{"n": ' + b"9" * 5000 + b"}", "contains a number that is too large"),
        (b'{"hush": 1, "hush": 2}', "repeats a key in an object"),
        (b'{"a": [{"b": 1, "b": 2}]}', "repeats a key in an object"),
        (b'{"a": "\\ud800", "b": 1, "b": 2}', "repeats a key in an object"),
        (b'{"sub": "\\ud800"}', 'contains a lone surrogate in a name or in "sub"'),
        (b'{"act": {"sub": "u\\udc00"}}', 'contains a lone surrogate in a name or in "sub"'),
        (b'{"a\\uDFFF": 1}', 'contains a lone surrogate in a name or in "sub"'),
        (b'{"a": [{"\\uD83d": 1}]}', 'contains a lone surrogate in a name or in "sub"'),
        (b'{"deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "is nested too deeply"),
    ],
    ids=lambda value: repr(value[:30]).replace("\\", "/"),
)
def test_a_body_that_is_no_acceptable_object_is_explained(body: bytes, problem: str) -> None:
    assert parse_object(body) == (None, problem)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'\xef\xbb\xbf\t{"a": 1}\n', {"a": 1}),
        (b' \t\r\n{"a": 1} \t\r\n', {"a": 1}),
        (b'{"a": "Ann \\ud83d"}', {"a": "Ann \ufffd"}),
        (b'{"a": ["\\udc00", ["x\\uDBFFy"]]}', {"a": ["\ufffd", ["x\ufffdy"]]}),
        (b'{"a": {"b": "\\udfff"}, "sub": "u"}', {"a": {"b": "\ufffd"}, "sub": "u"}),
        (b'{"sub": "\\uD83D\\ude00\\ud7ff"}', {"sub": "\U0001f600\ud7ff"}),
        (b'{"\\ud83d\\ude00": "\\ud83d\\ude00"}', {"\U0001f600": "\U0001f600"}),
        (b'{"a": "\\\\ud800"}', {"a": "\\ud800"}),
        (b'{"sub": 7, "a": "\\ud800"}', {"sub": 7, "a": "\ufffd"}),
    ],
    ids=lambda value: repr(value)[:30].replace("\\", "/"),
)
def test_what_harms_no_user_is_read(body: bytes, value: object) -> None:
    assert parse_object(body) == (value, None)


@pytest.mark.parametrize("second", "89abcdefABCDEF")
def test_a_lone_surrogate_is_found_in_any_spelling(second: str) -> None:
    for first in "dD":
        assert parse_json(f'"\\u{first}{second}00"'.encode()).value == "\ufffd"


@given(st.binary(max_size=60))
def test_any_bytes_result_in_an_object_or_a_problem(body: bytes) -> None:
    value, problem = parse_object(body)
    assert isinstance(value, dict) == (problem is None)


TEXT = st.text(st.characters(exclude_categories=("Cs",)))
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=10,
)


@given(st.dictionaries(TEXT, JSON_VALUES))
def test_every_json_object_is_decoded_unchanged(value: dict[str, object]) -> None:
    assert parse_object(json.dumps(value).encode()).value == value
    assert parse_object(json.dumps(value, ensure_ascii=False).encode()).value == value


ANY_TEXT = st.text(st.characters(), max_size=4)


@given(st.dictionaries(ANY_TEXT, ANY_TEXT | st.lists(ANY_TEXT, max_size=2), max_size=3))
def test_no_lone_surrogate_reaches_the_caller(value: dict[str, object]) -> None:
    parsed = parse_object(json.dumps(value).encode())
    assert parsed.problem or repr(parsed.value).encode()
