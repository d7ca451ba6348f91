"""Base URLs, endpoints, links and the URLs of proxies."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usersmanager import ArgumentError
from usersmanager._values.urls import (
    Endpoint,
    explain_proxy_url,
    is_downgrade,
    parse_base_url,
    parse_endpoint,
    parse_http_url,
)

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("given_url", "origin", "path"),
    [
        ("https://tenant.auth0.com", "https://tenant.auth0.com", ""),
        ("https://tenant.auth0.com/", "https://tenant.auth0.com", ""),
        ("HTTPS://Tenant.Auth0.com:443/", "https://tenant.auth0.com", ""),
        ("https://id.example:8443/realms/one/", "https://id.example:8443", "/realms/one"),
        ("https://id.example/a%2fb", "https://id.example", "/a%2fb"),
        ("https://id.example/X", "https://id.example", "/X"),
        ("https://id.example/userinfo/x", "https://id.example", "/userinfo/x"),
        ("https://id.example/my-userinfo", "https://id.example", "/my-userinfo"),
        ("https://userinfo", "https://userinfo", ""),
        ("https://id.example./a./.../.b", "https://id.example.", "/a./.../.b"),
        ("http://localhost:3000", "http://localhost:3000", ""),
        ("http://127.0.0.1", "http://127.0.0.1", ""),
        ("http://127.9.9.9:80", "http://127.9.9.9", ""),
        ("http://[::1]:8080/x", "http://[::1]:8080", "/x"),
        ("http://[::ffff:127.0.0.1]:8080", "http://[::ffff:127.0.0.1]:8080", ""),
        ("http://[::FFFF:7f00:1]", "http://[::ffff:7f00:1]", ""),
        ("http://LocalHost.:3000", "http://localhost.:3000", ""),
        ("http://keycloak.localhost:8080", "http://keycloak.localhost:8080", ""),
        ("http://a.b.localhost.", "http://a.b.localhost.", ""),
        ("https://[2001:DB8::1]", "https://[2001:db8::1]", ""),
        ("https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example", ""),
    ],
)
def test_a_base_url_is_normalized(given_url: str, origin: str, path: str) -> None:
    assert parse_base_url(given_url) == (origin, path)


@pytest.mark.parametrize("missing", [None, "", " \n"])
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
        ("ftp://tenant.auth0.com", "must begin with https://"),
        ("https://user:pass@tenant.auth0.com", "user name or password"),
        ("https://tenant.auth0.com/@pass@", "user name or password"),
        ("https://tenant.auth0.com?pass@", "user name or password"),
        ("https://pass@tenant.auth0.com/https://x", "user name or password"),
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
        ("https://[::1]evil.example", "host and port"),
        ("https://evil.example[::1]", "host and port"),
        ("https://[fe80::1%25eth0]", "host and port"),
        ("https://[v1.a:b]", "host and port"),
        ("https://host\\evil", "host and port"),
        ("https://host/a/../b", "'..' as a path segment"),
        ("https://host/./b", "'..' as a path segment"),
        ("https://host/%2e%2E/b", "'..' as a path segment"),
        ("https://host//b", "empty path segment"),
        ("https://host//X", "empty path segment"),
        ("https://host/%zz", "percent-encoded"),
        ("https://host/a|b", "percent-encoded"),
        ("https://münchen.example", "xn--"),
        (b"https://host", "must be a str"),
        (7, "must be a str"),
        # As values come from files, environment variables and templates.
        ("https://host\n", "line break: remove it"),
        ("https://host\r\n", "line break: remove it"),
        ("https://host/a\nb", "line break: remove it"),
        (" https://host", "whitespace: remove it"),
        ("https://host\t", "whitespace: remove it"),
        ("https://host/a b", "whitespace: remove it"),
        ("https://host\u00a0", "whitespace: remove it"),
        ("\ufeffhttps://host", "invisible character"),
        ("https://ho\u200bst", "invisible character"),
        ("https://host\0", "invisible character"),
        ('"https://host"', "in quotes: remove them"),
        ("'https://host", "in quotes: remove them"),
        ("https://host\u201d", "in quotes: remove them"),
        ("https://https://host", "twice: write it once"),
        ("HTTPS://http://host/x", "twice: write it once"),
        ("https://https//host", "twice: write it once"),
        ("https://{tenant}.auth0.com", "placeholder"),
        ("https://login.example/{tenantid}/v2.0", "{tenantid} with the ID of your tenant"),
        ("https://<tenant>.auth0.com", "placeholder"),
    ],
)
def test_an_invalid_base_url_is_rejected_with_advice(bad: object, keyword: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        parse_base_url(bad)
    assert keyword in str(caught.value)
    assert "pass@" not in str(caught.value)
    assert not {character for character in str(caught.value) if not 0x20 <= ord(character) < 0x7F}


@pytest.mark.parametrize(
    "host",
    [
        "tenant.auth0.com",
        *("127.0.0.1.nip.example", "127.0.0.1.", "localhost.evil.example", "localhost.localdomain"),
        *("notlocalhost", "my-localhost", "localhost-x", "x.localhost.evil.example"),
        # Only some resolvers read these as 127.0.0.1; others look them up as names.
        *("127.1", "127.0.1", "2130706433", "0x7f.0.0.1", "0x7f000001", "0177.0.0.1", "127.0.0.01"),
        *("0.0.0.0", "128.0.0.1", "[::]", "[::2]", "[::127.0.0.1]", "[::ffff:128.0.0.1]"),
        *("[64:ff9b::127.0.0.1]", "[fe80::1]"),
    ],
)
def test_http_is_rejected_for_a_host_that_only_looks_like_loopback(host: str) -> None:
    with pytest.raises(ArgumentError, match="must begin with https://"):
        parse_base_url(f"http://{host}")


@pytest.mark.parametrize(
    ("path", "field", "advice"),
    [
        ("/userinfo", "base_url", "must not end in /userinfo: remove it, the client adds it"),
        ("/a/userinfo/", "base_url", "must not end in /userinfo: remove it"),
        ("/oauth2/userInfo", "base_url", "/userInfo: pass the whole URL as endpoints="),
        ("/UserInfo/", "base_url", "/UserInfo: pass the whole URL as endpoints="),
        ("/connect/userinfo", "issuer", "/userinfo: pass the issuer, whose configuration"),
        ("/oauth2/userInfo", "issuer", "/userInfo: pass the issuer, whose configuration"),
        ("/.well-known/openid-configuration", "issuer", "remove it, the client adds it"),
        ("/a/.Well-Known/OpenID-Configuration/", "issuer", "remove it, the client adds it"),
        ("/.well-known/oauth-authorization-server/one", "issuer", "remove it, the client adds it"),
        ("/.well-known", "issuer", "must not contain /.well-known: remove it"),
        ("/.well-known/openid-configuration", "base_url", "pass the issuer to from_issuer"),
    ],
)
def test_a_path_that_the_client_adds_itself_is_rejected_with_advice(
    path: str, field: str, advice: str
) -> None:
    with pytest.raises(ArgumentError) as caught:
        parse_base_url(f"https://h{path}", field=field)
    assert str(caught.value).startswith(f"{field} must not ")
    assert advice in str(caught.value)


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


def accepted_by_endpoint(template: str) -> set[str]:
    """Return the same for an endpoint."""
    return {char for char in PRINTABLE if not isinstance(endpoint(template.format(char)), str)}


def endpoint(value: object, base: str = "https://h") -> Endpoint | str:
    return parse_endpoint(value, base, allow_insecure=True)


def test_a_host_name_may_contain_letters_digits_and_inner_hyphens_and_dots() -> None:
    after = {"/"}  # The path starts with it.
    for template in ("https://a{}b.c", "https://a.b{}c", "https://a{}"):
        assert accepted(template) == LETTERS_AND_DIGITS | set("-_.") | after
    assert accepted("https://{}a") == LETTERS_AND_DIGITS | set("_")


def test_a_path_and_a_query_may_contain_what_rfc_3986_allows() -> None:
    allowed = LETTERS_AND_DIGITS | set("-._~!$&'()*+,;=:/")
    assert accepted("https://h/a{}b") == allowed
    assert accepted_by_endpoint("https://h/a{}b") == allowed | set("@?")
    assert accepted_by_endpoint("https://h/?a{}b") == allowed | set("@?")


def test_a_percent_encoding_has_two_hexadecimal_digits() -> None:
    for template in ("%{}9", "%9{}"):
        assert accepted(f"https://h/{template}") == set(string.hexdigits)
        assert accepted_by_endpoint(f"https://h/{template}") == set(string.hexdigits)
        assert accepted_by_endpoint(f"https://h/?{template}") == set(string.hexdigits)


def test_http_beyond_loopback_can_be_allowed() -> None:
    endpoint = parse_base_url("http://id.internal:8080/x/", allow_insecure=True)
    assert str(endpoint) == "http://id.internal:8080/x"


def test_allow_insecure_allows_no_other_scheme() -> None:
    with pytest.raises(ArgumentError):
        parse_base_url("ftp://id.internal", allow_insecure=True)


@given(st.text(max_size=300))
def test_any_text_is_a_base_url_or_an_argument_error_and_an_endpoint_or_explained(
    text: str,
) -> None:
    for value in (text, f"https://{text}", f"https://host/{text}"):
        parsed = endpoint(value)
        assert isinstance(parsed, str) or endpoint(str(parsed)) == parsed
        try:
            base = parse_base_url(value)
        except ArgumentError:
            continue
        assert parse_base_url(str(base)) == base
        assert not set(base.path) & set("?# ")
        assert ".." not in base.path.split("/")


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
    ("written", "url"),
    [
        ("HTTPS://H.example:443", "https://h.example/"),
        ("https://h.example?v=2", "https://h.example/?v=2"),
        ("https://h.example/a/", "https://h.example/a/"),
        ("https://h.example/oauth2/userInfo", "https://h.example/oauth2/userInfo"),
        ("https://h.example//a///b//", "https://h.example//a///b//"),
        ("https://h.example/@a:b@c/", "https://h.example/@a:b@c/"),
        ("https://h.example/a%2fb%2F?v=/2&&w=%2f??@", "https://h.example/a%2fb%2F?v=/2&&w=%2f??@"),
        ("https://h.example/a?", "https://h.example/a?"),
        ("http://h.example/a", "http://h.example/a"),
        ("http://[::1]:80/a", "http://[::1]/a"),
    ],
)
def test_the_path_and_query_of_an_endpoint_are_kept_exactly(written: str, url: str) -> None:
    assert str(endpoint(written)) == url


@pytest.mark.parametrize(
    ("bad", "keyword"),
    [
        (None, "must be a string"),
        (["https://h"], "must be a string"),
        ("", "absolute URL"),
        ("/me", "absolute URL"),
        ("//h.example/me", "absolute URL"),
        ("h.example/me", "absolute URL"),
        ("javascript:alert(1)", "absolute URL"),
        ("ftp://h.example/a", "must begin with https://"),
        ("https://user:pass@h.example/me", "user name or password"),
        ("https://pass@?", "user name or password"),
        ("https://pass@h.example/?next=https://x", "user name or password"),
        ("https://pass@#", "user name or password"),
        ("https://h.example/a#pass", "fragment"),
        ("https://h.example/a?pass#", "fragment"),
        ("https://h.example/a?pass=%zz", "query with characters"),
        ("https://h.example/a?pass|", "query with characters"),
        ("https://h.example/a/../pass", "path segment"),
        ("https://h.example/pass|", "contains characters that must be"),
        ("https://h.example:/pass", "host and port"),
        ("https://h.example/pass\n", "line break"),
        ("https://{tenant}.example/pass", "placeholder"),
    ],
)
def test_an_invalid_endpoint_is_explained_and_not_quoted(bad: object, keyword: str) -> None:
    problem = endpoint(bad)
    assert isinstance(problem, str)
    assert keyword in problem
    assert "pass" not in problem.replace("password", "")


def test_an_http_endpoint_of_an_https_base_is_explained() -> None:
    problem = parse_endpoint("http://localhost/me", "https://h", allow_insecure=False)
    assert isinstance(problem, str)
    assert "is http, not https" in problem
    assert "allow_insecure=True" in problem


@pytest.mark.parametrize(
    ("issuer", "endpoint", "downgrade"),
    [
        ("https://idp.example", "https://api.example/me", False),
        ("http://localhost:8080", "https://api.example/me", False),
        ("http://localhost:8080", "http://127.0.0.1:9090/me", False),
        ("HTTP://LOCALHOST", "http://[::1]/me", False),
        ("http://keycloak.localhost", "http://[::ffff:127.0.0.1]/me", False),
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
    parsed = parse_endpoint(endpoint, issuer, allow_insecure=True)
    assert isinstance(parsed, Endpoint)
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
    assert explain_proxy_url(proxy) is None


@pytest.mark.parametrize(
    "value",
    [
        *(None, 7, b"http://proxy.example", "", "proxy.example:3128", "//proxy.example"),
        *("socksy://proxy.example", "http://", "http://:3128", "http://user:pass@"),
        *("http://proxy.example:0", "http://proxy.example:65536", "http://proxy.example:port"),
        *("http://proxy .example", "http://pr\u00f6xy.example", "http://[::1", "http://proxy\n"),
    ],
)
def test_anything_else_is_not_a_proxy_url(value: object) -> None:
    assert explain_proxy_url(value) == "must be a URL such as http://proxy.example:3128"


@pytest.mark.parametrize("scheme", ["socks", "socks4", "socks4a", "socks5", "socks5h", "SOCKS5"])
def test_the_url_of_a_socks_proxy_points_to_the_example(scheme: str) -> None:
    explanation = explain_proxy_url(f"{scheme}://user:hush@proxy.example:1080") or ""
    assert explanation.startswith("must be a URL such as http://proxy.example:3128 (for SOCKS, ")
    (example,) = re.findall(r"examples/[\w-]+", explanation)
    assert "SOCKS" in (ROOT / example / "README.md").read_text()
    assert example in (ROOT / "docs/proxies.md").read_text()
