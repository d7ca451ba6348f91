"""The issuer and the userinfo endpoint in a provider configuration."""

from __future__ import annotations

from typing import Any

import pytest

from usersmanager import DecodeError
from usersmanager._operations.provider import require_issuer, userinfo_endpoint

ISSUER = "https://a.example"
ENTRA = "https://login.example/{tenantid}/v2.0"


def mismatch(issuer: str, actual: object) -> str:
    """Return the message for a configuration of another issuer."""
    with pytest.raises(DecodeError, match="issuer mismatch in the provider configuration") as error:
        require_issuer({"issuer": actual}, issuer)
    return str(error.value)


@pytest.mark.parametrize(
    ("issuer", "actual"),
    [
        (ISSUER, "https://a.example/"),
        ("https://a.example/", ISSUER),
        (ISSUER, "https://a.example//"),
        (ISSUER, "http://a.example"),
        (ISSUER, "https://A.example"),
        (ISSUER, "https://a.example:8443/realms/one"),
        ("https://www.login.example/oauth", "https://www.login.example"),
    ],
)
def test_the_issuer_in_the_document_is_shown_with_the_advice_to_pass_it(
    issuer: str, actual: str
) -> None:
    assert f"pass exactly {actual!r}" in mismatch(issuer, actual)


def test_an_issuer_for_every_tenant_is_explained() -> None:
    message = mismatch("https://login.example/common/v2.0", ENTRA)
    assert repr(ENTRA) in message
    assert "with the ID of your tenant in place of {tenantid}" in message


@pytest.mark.parametrize(
    "actual",
    [
        *("https://user:hush@a.example", "https://a.example?hush", "https://a.example#hush"),
        *("hush", "hush://a.example", "https://a.example/\nhush", "https://a.example/{hush}"),
        *(f"https://a.example/{'hush' * 90}", "https://hush\u202e.example", 7, ["hush"]),
    ],
)
def test_an_issuer_that_is_not_a_plain_url_is_not_shown(actual: object) -> None:
    message = mismatch(ISSUER, actual)
    assert "is not a valid URL" in message
    assert "hush" not in message


def test_a_document_without_an_issuer_is_explained() -> None:
    with pytest.raises(DecodeError, match=r"issuer mismatch.*: it has none"):
        require_issuer({}, ISSUER)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://a.example/userinfo",
        "https://openidconnect.elsewhere.example/v1/userinfo",
        "https://b2c.example/tenant/openid/v2.0/userinfo?p=B2C_1_susi",
        "https://api.example//oauth2/userInfo/",
    ],
)
def test_an_endpoint_on_any_host_is_returned_as_written(endpoint: str) -> None:
    configuration = {"userinfo_endpoint": endpoint}
    assert str(userinfo_endpoint(configuration, ISSUER, allow_insecure=False)) == endpoint


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({}, "has no userinfo_endpoint: the provider has none, or pass its URL as endpoints="),
        ({"userinfo_endpoint": None}, "userinfo_endpoint in the provider configuration is null"),
        ({"userinfo_endpoint": ["x"]}, "must be a string"),
        ({"userinfo_endpoint": ""}, "must be an absolute URL"),
        ({"userinfo_endpoint": "/me"}, "must be an absolute URL"),
        ({"userinfo_endpoint": "http://a.example/me"}, "is http, not https"),
        ({"userinfo_endpoint": "https://a.example/me#x"}, "must not contain a fragment"),
        ({"userinfo_endpoint": "https://{tenant}.example/me"}, "contains a placeholder"),
    ],
)
def test_each_unusable_endpoint_has_its_own_message(
    configuration: dict[str, Any], message: str
) -> None:
    with pytest.raises(DecodeError) as caught:
        userinfo_endpoint(configuration, ISSUER, allow_insecure=False)
    assert message in str(caught.value)


def test_an_http_endpoint_can_be_allowed() -> None:
    configuration = {"userinfo_endpoint": "http://a/me"}
    assert str(userinfo_endpoint(configuration, "https://a", allow_insecure=True)) == "http://a/me"
    with pytest.raises(DecodeError, match=r"http, not https.*allow_insecure=True"):
        userinfo_endpoint(configuration, "https://a", allow_insecure=False)
