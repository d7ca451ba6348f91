"""Base URLs, user ids as path segments, links."""

from __future__ import annotations

import string
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usersmanager import ArgumentError
from usersmanager._values.urls import (
    encode_path_segment,
    is_downgrade,
    is_proxy_url,
    parse_base_url,
    parse_endpoint,
    parse_http_url,
)


@pytest.mark.parametrize(
    ("given_url", "origin", "path"),
    [
        ("https://tenant.auth0.com", "https://tenant.auth0.com", ""),
        ("https://tenant.auth0.com/", "https://tenant.auth0.com", ""),
        ("HTTPS://Tenant.Auth0.com:443/", "https://tenant.auth0.com", ""),
        ("https://id.example:8443/realms/one/", "https://id.example:8443", "/realms/one"),
        ("https://id.example/a%2fb", "https://id.example", "/a%2Fb"),
        ("https://id.example/X", "https://id.example", "/X"),
        ("https://id.example/userinfo/x", "https://id.example", "/userinfo/x"),
        ("https://id.example/my-userinfo", "https://id.example", "/my-userinfo"),
        ("https://userinfo", "https://userinfo", ""),
        ("https://id.example./a./.../.b", "https://id.example.", "/a./.../.b"),
        ("http://localhost:3000", "http://localhost:3000", ""),
        ("http://127.0.0.1", "http://127.0.0.1", ""),
        ("http://127.9.9.9:80", "http://127.9.9.9", ""),
        ("http://[::1]:8080/x", "http://[::1]:8080", "/x"),
        ("https://[2001:DB8::1]", "https://[2001:db8::1]", ""),
        ("https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example", ""),
    ],
)
def test_a_base_url_is_brought_to_one_spelling(given_url: str, origin: str, path: str) -> None:
    assert parse_base_url(given_url) == (origin, path)


@pytest.mark.parametrize("missing", [None, ""])
def test_a_missing_base_url_has_the_reference_message(missing: object) -> None:
    with pytest.raises(ArgumentError, match=r"^base_url field is required$"):
        parse_base_url(missing)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("tenant.auth0.com", "write https://tenant.auth0.com"),
        ("tenant.auth0.com/x", "write https://tenant.auth0.com"),
        ("eyJhbGci.eyJzdWIi.c2ln", "write https://tenant.auth0.com"),
        ("localhost:8080", "write https://localhost:8080"),
        ("my-tenant2.eu.example", "write https://my-tenant2.eu.example"),
        ("my.example:65535/a/b", "write https://my.example:65535"),
        # No domain beyond doubt, so it is not shown.
        ("abc.e", "write https://tenant.auth0.com"),
        ("localhost:", "write https://tenant.auth0.com"),
        ("localhost:655350", "write https://tenant.auth0.com"),
        ("my.example\\token", "write https://tenant.auth0.com"),
        ("someone@tenant.auth0.com", "absolute URL"),
        ("http://tenant.auth0.com", "https://"),
        ("http://127.0.0.1.evil.example", "https://"),
        ("http://localhost.evil.example", "https://"),
        ("http://127.1", "https://"),
        ("ftp://tenant.auth0.com", "https://"),
        ("https://user:pass@tenant.auth0.com", "user name or password"),
        ("https://tenant.auth0.com?x=1", "query"),
        ("https://tenant.auth0.com/?", "query"),
        ("https://tenant.auth0.com?next=https://x", "query"),
        ("https://tenant.auth0.com/#", "fragment"),
        ("https://", "host and port"),
        ("https:///userinfo", "host and port"),
        ("https://host:port", "host and port"),
        ("https://host:0", "host and port"),
        ("https://host:", "host and port"),
        ("https://host:65536", "host and port"),
        ("https://-bad", "host and port"),
        ("https://a..b", "host and port"),
        ("https://[::1", "host and port"),
        ("https://[fe80::1%25eth0]", "host and port"),
        ("https://[v1.a:b]", "host and port"),
        ("https://host\\evil", "host and port"),
        ("https://host/a/../b", "plain segments"),
        ("https://host/./b", "plain segments"),
        ("https://host/%2e%2E/b", "plain segments"),
        ("https://host//b", "plain segments"),
        ("https://host//X", "plain segments"),
        ("https://host/%zz", "plain segments"),
        ("https://host/a b", "printable ASCII"),
        ("https://host/a\nb", "printable ASCII"),
        (" https://host", "printable ASCII"),
        ("https://münchen.example", "xn--"),
        (b"https://host", "printable ASCII"),
        (7, "printable ASCII"),
    ],
)
def test_a_bad_base_url_is_refused_with_advice(bad: object, words: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        parse_base_url(bad)
    assert words in str(caught.value)
    assert "pass@" not in str(caught.value)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (
            "https://h/ ",
            "must be a URL in printable ASCII, such as https://tenant.auth0.com"
            " (write an international domain in its xn-- form)",
        ),
        ("h.example:1/x", "must be an absolute URL: write https://h.example:1"),
        ("u@h.example", "must be an absolute URL: write https://tenant.auth0.com"),
        ("https://u@h", "must not contain a user name or password ('@')"),
        ("https://h?x", "must not contain a query string ('?')"),
        ("https://h#x", "must not contain a fragment ('#')"),
        ("https://", "has no valid host and port: write it like https://tenant.auth0.com"),
        ("ftp://h", "must begin with https://"),
        (
            "http://h",
            "must begin with https://, or tokens cross the network in the clear"
            " (http is for loopback, or for allow_insecure=True)",
        ),
        ("https://h/.", "has a path that is not plain segments"),
        ("https://h/userinfo", "must not end in /userinfo: remove it, the client adds it"),
        ("https://h/a/userinfo/", "must not end in /userinfo: remove it, the client adds it"),
    ],
)
def test_the_advice_is_this(bad: str, message: str) -> None:
    for field in ("base_url", "issuer"):
        with pytest.raises(ArgumentError) as caught:
            parse_base_url(bad, field=field)
        assert str(caught.value) == f"{field} {message}"


PRINTABLE = [chr(number) for number in range(0x21, 0x7F)]
LETTERS_AND_DIGITS = {*string.ascii_letters, *string.digits}


def accepted(template: str) -> set[str]:
    """The printable characters that may stand in a base URL in place of the "{}"."""
    return {char for char in PRINTABLE if is_base_url(template.format(char))}


def is_base_url(text: str) -> bool:
    try:
        parse_base_url(text)
    except ArgumentError:
        return False
    return True


def accepted_in_query(template: str) -> set[str]:
    """The same for an endpoint."""
    return {char for char in PRINTABLE if parse_endpoint(template.format(char)) is not None}


def test_a_host_name_holds_letters_digits_hyphens_and_dots_between() -> None:
    after = {"/"}  # With it the path begins.
    for template in ("https://a{}b.c", "https://a.b{}c", "https://a{}"):
        assert accepted(template) == LETTERS_AND_DIGITS | set("-_.") | after
    assert accepted("https://{}a") == LETTERS_AND_DIGITS | set("_")


def test_a_path_and_a_query_hold_what_rfc_3986_allows() -> None:
    allowed = LETTERS_AND_DIGITS | set("-._~!$&'()*+,;=:/")
    assert accepted("https://h/a{}b") == allowed
    assert accepted_in_query("https://h/?a{}b") == allowed | set("@?")


def test_an_escape_is_two_hexadecimal_digits() -> None:
    for template in ("%{}9", "%9{}"):
        assert accepted(f"https://h/{template}") == set(string.hexdigits)
        assert accepted_in_query(f"https://h/?{template}") == set(string.hexdigits)


@pytest.mark.parametrize("digit", string.hexdigits)
def test_an_escape_has_one_spelling(digit: str) -> None:
    assert parse_base_url(f"https://h/%9{digit}").path == f"/%9{digit.upper()}"


def test_http_beyond_loopback_needs_an_explicit_word() -> None:
    address = parse_base_url("http://id.internal:8080/x/", allow_insecure=True)
    assert str(address) == "http://id.internal:8080/x"


def test_allow_insecure_allows_no_other_scheme() -> None:
    with pytest.raises(ArgumentError):
        parse_base_url("ftp://id.internal", allow_insecure=True)


@given(st.text(max_size=300))
def test_any_text_is_a_base_url_or_an_argument_error(text: str) -> None:
    for value in (text, f"https://{text}", f"https://host/{text}"):
        try:
            address = parse_base_url(value)
        except ArgumentError:
            continue
        assert parse_base_url(str(address)) == address
        assert not set(address.path) & set("?# ")
        assert ".." not in address.path.split("/")


@given(st.text(min_size=1, max_size=256))
def test_a_user_id_round_trips_through_one_path_segment(user_id: str) -> None:
    try:
        segment = encode_path_segment(user_id)
    except ArgumentError:
        return
    assert unquote(segment) == user_id
    assert segment not in (".", "..")
    assert not set(segment) & set("/?#\\ ")
    assert segment.isascii()


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=256))
def test_every_ordinary_user_id_is_accepted(user_id: str) -> None:
    if user_id.strip() and user_id not in (".", ".."):
        assert unquote(encode_path_segment(user_id)) == user_id


def test_nothing_in_a_user_id_is_normalised() -> None:
    assert encode_path_segment("auth0|a/b c%2F../é") == "auth0%7Ca%2Fb%20c%252F..%2F%C3%A9"
    assert encode_path_segment("e\u0301") != encode_path_segment("é")


def test_a_missing_user_id_has_the_reference_message() -> None:
    with pytest.raises(ArgumentError, match=r"^You must specify a user ID$"):
        encode_path_segment(None)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        " ",
        "\t",
        ".",
        "..",
        "a\0b",
        "a\nb",
        "a\x7f",
        "a\x85",
        *map(chr, (0xD800, 0xDABC, 0xDFFF)),
        "x" * 257,
        7,
        b"a",
    ],
)
def test_a_bad_user_id_has_the_reference_message(bad: object) -> None:
    with pytest.raises(ArgumentError, match=r"^The user ID is not valid$"):
        encode_path_segment(bad)


@pytest.mark.parametrize("user_id", ["x" * 256, "...", "a..b", " a"])
def test_a_user_id_at_the_edge_of_the_rules_is_accepted(user_id: str) -> None:
    assert unquote(encode_path_segment(user_id)) == user_id


@pytest.mark.parametrize("link", ["https://t.example/x?a=b#c", "http://t.example", "HTTPS://t/"])
def test_a_link_is_an_absolute_http_url(link: str) -> None:
    assert parse_http_url(link) == link


@pytest.mark.parametrize(
    "text",
    ["", "/x", "t.example/x", "javascript:alert(1)", "https://", "https://a b", "https://a\nb",
     "https://[::1", "https://h:x", "https://é.example", "ftp://t.example", "https:x"],
)  # fmt: skip
def test_anything_else_is_no_link(text: str) -> None:
    assert parse_http_url(text) is None


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("https://H.example:443", "https://h.example/"),
        ("https://h.example/a/", "https://h.example/a/"),
        ("https://h.example/a/userinfo", "https://h.example/a/userinfo"),
        ("https://h.example/a%2fb?v=2&w=%zz?", None),
        ("https://h.example/a%2fb?v=/2&w=%2f?", "https://h.example/a%2Fb?v=/2&w=%2f?"),
        ("https://h.example/a#b", None),
        ("http://h.example/a", "http://h.example/a"),
        ("ftp://h.example/a", None),
        ("http://[::1]:80/a", "http://[::1]/a"),
        ("/a", None),
        (7, None),
        (None, None),
    ],
)
def test_an_endpoint_keeps_its_path_and_query(endpoint: object, address: str | None) -> None:
    parsed = parse_endpoint(endpoint)
    assert (None if parsed is None else str(parsed)) == address


@pytest.mark.parametrize(
    ("issuer", "endpoint", "downgrade"),
    [
        ("https://idp.example", "https://api.example/me", False),
        ("http://localhost:8080", "https://api.example/me", False),
        ("http://localhost:8080", "http://127.0.0.1:9090/me", False),
        ("HTTP://LOCALHOST", "http://[::1]/me", False),
        ("https://idp.example", "http://api.example/me", True),
        ("https://idp.example", "http://localhost/me", True),
        ("https://localhost", "http://localhost/me", True),
        ("HTTPS://localhost", "http://localhost/me", True),
        ("http://localhost:8080", "http://api.example/me", True),
        ("http://idp.example", "http://localhost/me", True),
    ],
)
def test_http_is_a_downgrade_unless_issuer_and_endpoint_are_loopback_http(
    issuer: str, endpoint: str, downgrade: bool
) -> None:
    address = parse_endpoint(endpoint)
    assert address is not None
    assert is_downgrade(issuer, address) is downgrade


@pytest.mark.parametrize(
    "proxy",
    [
        "http://proxy.example:3128",
        "https://proxy.example",
        "http://user:pass@proxy.example:1",
        "http://127.0.0.1:65535",
        "http://[::1]:3128",
    ],
)
def test_the_url_of_a_proxy_is_one(proxy: str) -> None:
    assert is_proxy_url(proxy) is True


@pytest.mark.parametrize(
    "value",
    [
        *(None, 7, b"http://proxy.example", "", "proxy.example:3128", "//proxy.example"),
        *("socks5://proxy.example", "http://", "http://:3128", "http://user:pass@"),
        *("http://proxy.example:0", "http://proxy.example:65536", "http://proxy.example:port"),
        *("http://proxy .example", "http://pr\u00f6xy.example", "http://[::1", "http://proxy\n"),
    ],
)
def test_anything_else_is_no_proxy(value: object) -> None:
    assert is_proxy_url(value) is False
