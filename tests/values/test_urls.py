"""Base URLs, endpoints, links and the URLs of proxies."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usersmanager import ArgumentError
from usersmanager._values.urls import (
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
def test_a_base_url_is_normalized(given_url: str, origin: str, path: str) -> None:
    assert parse_base_url(given_url) == (origin, path)


@pytest.mark.parametrize("missing", [None, ""])
def test_a_missing_base_url_has_the_reference_message(missing: object) -> None:
    with pytest.raises(ArgumentError, match=r"^base_url field is required$"):
        parse_base_url(missing)


@pytest.mark.parametrize(
    ("bad", "advice"),
    [
        ("tenant.auth0.com", "https://tenant.auth0.com"),
        ("tenant.auth0.com/x", "https://tenant.auth0.com"),
        ("eyJhbGci.eyJzdWIi.c2ln", "https://tenant.auth0.com"),
        ("localhost:8080", "https://localhost:8080"),
        ("my-tenant2.eu.example", "https://my-tenant2.eu.example"),
        ("my.example:65535/a/b", "https://my.example:65535"),
        # Not certainly a domain, so it is not quoted.
        ("abc.e", "https://tenant.auth0.com"),
        ("localhost:", "https://tenant.auth0.com"),
        ("localhost:655350", "https://tenant.auth0.com"),
        ("my.example\\token", "https://tenant.auth0.com"),
    ],
)
def test_a_url_without_a_scheme_is_rejected_with_the_url_to_write(bad: str, advice: str) -> None:
    with pytest.raises(ArgumentError, match=f"absolute URL: write {advice}$"):
        parse_base_url(bad)


@pytest.mark.parametrize(
    ("bad", "keyword"),
    [
        ("someone@tenant.auth0.com", "absolute URL"),
        ("http://tenant.auth0.com", "must begin with https://"),
        ("http://127.0.0.1.evil.example", "must begin with https://"),
        ("http://localhost.evil.example", "must begin with https://"),
        ("http://127.1", "must begin with https://"),
        ("ftp://tenant.auth0.com", "must begin with https://"),
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
def test_an_invalid_base_url_is_rejected_with_advice(bad: object, keyword: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        parse_base_url(bad)
    assert keyword in str(caught.value)
    assert "pass@" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://h/userinfo", "https://h/a/userinfo/"])
def test_a_base_url_that_ends_in_userinfo_is_rejected_with_advice(url: str) -> None:
    with pytest.raises(ArgumentError, match="must not end in /userinfo: remove it"):
        parse_base_url(url)


def test_a_rejected_http_url_is_explained_with_the_ways_to_allow_it() -> None:
    with pytest.raises(ArgumentError, match=r"loopback.*allow_insecure=True"):
        parse_base_url("http://h")


@pytest.mark.parametrize("bad", ["", "h.example", "https://h?x", "http://h", "https://h/userinfo"])
def test_an_error_starts_with_the_name_of_the_argument(bad: str) -> None:
    for field in ("base_url", "issuer"):
        with pytest.raises(ArgumentError, match=f"^{field} "):
            parse_base_url(bad, field=field)


PRINTABLE = [chr(number) for number in range(0x21, 0x7F)]
LETTERS_AND_DIGITS = {*string.ascii_letters, *string.digits}


def accepted(template: str) -> set[str]:
    """Return the printable characters that a base URL may contain in place of the "{}"."""
    return {char for char in PRINTABLE if is_base_url(template.format(char))}


def is_base_url(text: str) -> bool:
    try:
        parse_base_url(text)
    except ArgumentError:
        return False
    return True


def accepted_in_query(template: str) -> set[str]:
    """Return the same for an endpoint."""
    return {char for char in PRINTABLE if parse_endpoint(template.format(char)) is not None}


def test_a_host_name_may_contain_letters_digits_and_inner_hyphens_and_dots() -> None:
    after = {"/"}  # The path starts with it.
    for template in ("https://a{}b.c", "https://a.b{}c", "https://a{}"):
        assert accepted(template) == LETTERS_AND_DIGITS | set("-_.") | after
    assert accepted("https://{}a") == LETTERS_AND_DIGITS | set("_")


def test_a_path_and_a_query_may_contain_what_rfc_3986_allows() -> None:
    allowed = LETTERS_AND_DIGITS | set("-._~!$&'()*+,;=:/")
    assert accepted("https://h/a{}b") == allowed
    assert accepted_in_query("https://h/?a{}b") == allowed | set("@?")


def test_a_percent_encoding_has_two_hexadecimal_digits() -> None:
    for template in ("%{}9", "%9{}"):
        assert accepted(f"https://h/{template}") == set(string.hexdigits)
        assert accepted_in_query(f"https://h/?{template}") == set(string.hexdigits)


@pytest.mark.parametrize("digit", string.hexdigits)
def test_a_percent_encoding_is_normalized_to_upper_case(digit: str) -> None:
    assert parse_base_url(f"https://h/%9{digit}").path == f"/%9{digit.upper()}"


def test_http_beyond_loopback_can_be_allowed() -> None:
    endpoint = parse_base_url("http://id.internal:8080/x/", allow_insecure=True)
    assert str(endpoint) == "http://id.internal:8080/x"


def test_allow_insecure_allows_no_other_scheme() -> None:
    with pytest.raises(ArgumentError):
        parse_base_url("ftp://id.internal", allow_insecure=True)


@given(st.text(max_size=300))
def test_any_text_is_a_base_url_or_an_argument_error(text: str) -> None:
    for value in (text, f"https://{text}", f"https://host/{text}"):
        try:
            endpoint = parse_base_url(value)
        except ArgumentError:
            continue
        assert parse_base_url(str(endpoint)) == endpoint
        assert not set(endpoint.path) & set("?# ")
        assert ".." not in endpoint.path.split("/")


@pytest.mark.parametrize("link", ["https://t.example/x?a=b#c", "http://t.example", "HTTPS://t/"])
def test_a_link_is_an_absolute_http_url(link: str) -> None:
    assert parse_http_url(link) == link


@pytest.mark.parametrize(
    "text",
    ["", "/x", "t.example/x", "javascript:alert(1)", "https://", "https://a b", "https://a\nb",
     "https://[::1", "https://h:x", "https://é.example", "ftp://t.example", "https:x"],
)  # fmt: skip
def test_anything_else_is_not_a_link(text: str) -> None:
    assert parse_http_url(text) is None


@pytest.mark.parametrize(
    ("endpoint", "url"),
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
def test_an_endpoint_keeps_its_path_and_query(endpoint: object, url: str | None) -> None:
    parsed = parse_endpoint(endpoint)
    assert (None if parsed is None else str(parsed)) == url


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
    parsed = parse_endpoint(endpoint)
    assert parsed is not None
    assert is_downgrade(issuer, parsed) is downgrade


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
def test_a_proxy_url_is_an_http_url_with_a_host(proxy: str) -> None:
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
def test_anything_else_is_not_a_proxy_url(value: object) -> None:
    assert is_proxy_url(value) is False
