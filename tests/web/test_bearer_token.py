"""Reading the token in an Authorization header."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.redaction import introspection
from tests.redaction.secrets import B64TOKEN, JWT, MALFORMED, Secrets
from tests.support import TENANT

from usersmanager import ArgumentError, InvalidTokenError, MissingTokenError, UsersManager
from usersmanager.testing import FakeTransport
from usersmanager.web import bearer_token


@pytest.mark.parametrize(
    "header",
    [
        "Bearer hush",
        "bearer hush",
        "BEARER hush",
        "bEaReR    hush",
        " \tBearer hush\t ",
    ],
)
@pytest.mark.parametrize("required", [True, False])
def test_the_token_follows_the_scheme_in_any_case_and_one_or_more_spaces(
    header: str, required: bool
) -> None:
    assert bearer_token(header, required=required) == "hush"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        " ",
        "Basic aHVzaDpodXNo",
        "Digest username=hush, Bearer hush",
        "hush",
        "eyJ.hush/bearer hush",
        "BearerToken hush",
        "Bearer:hush",
        "Bearer/hush",
        "Bearer=hush",
        '"Bearer" hush',
    ],
)
def test_without_a_header_or_with_another_scheme_the_token_is_missing(header: str | None) -> None:
    with pytest.raises(MissingTokenError) as caught:
        bearer_token(header)
    assert "hush" not in str(caught.value)
    assert bearer_token(header, required=False) is None


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer \t ",
        "Bearer\thush",
        "Bearer \thush",
        "Bearer\nhush",
        "Bearer\N{NO-BREAK SPACE}hush",
        "Bearer Bearer hush",
        "Bearer hush hush",
        "Bearer hush, Bearer hush",
        "Bearer hush\r\nX-Admin: hush",
        "Bearer hush\0",
        "Bearer hüsh",
        'Bearer "hush"',
        'Bearer realm="hush"',
        "Bearer null, hush",
    ],
)
@pytest.mark.parametrize("required", [True, False])
def test_a_malformed_token_is_an_error_even_if_none_is_required(
    header: str, required: bool
) -> None:
    with pytest.raises(InvalidTokenError) as caught:
        bearer_token(header, required=required)
    assert type(caught.value) is InvalidTokenError
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("header", [b"Bearer hush", 7, ["Bearer hush"], object()])
@pytest.mark.parametrize("required", [True, False])
def test_a_header_of_another_type_is_a_mistake_of_the_program(header: Any, required: bool) -> None:
    with pytest.raises(ArgumentError, match="authorization must be a str or None, not") as caught:
        bearer_token(header, required=required)
    assert type(caught.value) is ArgumentError


texts = st.text(max_size=20) | st.from_regex(r"[A-Za-z0-9\-._~+/!|]+=*[\n!=]?", fullmatch=True)


@given(texts.filter(lambda text: text == text.strip(" \t")))
def test_exactly_the_tokens_that_get_info_accepts_are_accepted(token: str) -> None:
    fake = FakeTransport().profile("ada")
    with UsersManager(TENANT, transport=fake, discover=False) as users:
        assert result(lambda: bearer_token(f"Bearer {token}")) == result(
            lambda: users.get_info(token) and fake.requests[0].token.reveal()
        )


def result(call: Callable[[], str]) -> str:
    """Return what a function returns, or the message of the error that it raises."""
    try:
        return call()
    except InvalidTokenError as error:
        return str(error)


SIZE = 4_000_000


@pytest.mark.parametrize(
    ("start", "repeated", "end"),
    [
        ("Bearer ", "a", ""),
        ("Bearer ", "a", "!"),
        ("Bearer a", "=", "a"),
        ("Bearer", " ", "a"),
        ("Bearer", " ", "\n"),
        ("Bearer a", " ", "!"),
        ("Bearer ", "\t", "!"),
        ("", " ", "a"),
        ("", "bearer ", ""),
        ("", "a", ""),
    ],
)
def test_megabytes_are_read_in_linear_time(start: str, repeated: str, end: str) -> None:
    # In quadratic time, each row would take hours.
    header = start + repeated * (SIZE // len(repeated)) + end
    try:
        token = bearer_token(header, required=False)
    except InvalidTokenError:
        return
    assert token is None or header.endswith(token)


@pytest.mark.parametrize(
    "secrets", [JWT, B64TOKEN, *MALFORMED.values()], ids=lambda secrets: ascii(secrets.token[28:34])
)
@pytest.mark.parametrize(
    "template", ["{}", "Bearer {} more", "Bearer {},", "Basic {}", "Bearer\t{}", "bytes"]
)
def test_no_error_shows_the_header(template: str, secrets: Secrets) -> None:
    try:
        bearer_token(header(template, secrets))
    except ArgumentError as error:
        caught = error
    # The frame of this test holds nothing but the secrets, which have a repr that shows nothing.
    shown = "\n".join(exposure.text for exposure in introspection.of_error(caught))
    assert not any(fragment in shown for fragment in secrets.fragments())


def header(template: str, secrets: Secrets) -> Any:
    if template == "bytes":
        return f"Bearer {secrets.token}".encode(errors="replace")
    return template.format(secrets.token)
