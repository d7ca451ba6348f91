"""The userinfo endpoint in a provider configuration."""

from __future__ import annotations

import pytest

from usersmanager import DecodeError
from usersmanager._operations.provider import userinfo_endpoint


@pytest.mark.parametrize(
    ("issuer", "actual", "advice"),
    [
        ("https://a.example/", "https://a.example", True),
        ("https://a.example", "https://a.example//", True),
        ("https://a.example", "https://a.exampleX", False),
        ("https://a.exampleX", "https://a.example", False),
        ("https://a.example", None, False),
    ],
)
def test_another_issuer_is_only_quoted_if_it_differs_in_trailing_slashes(
    issuer: str, actual: str | None, advice: bool
) -> None:
    configuration = {"issuer": actual, "userinfo_endpoint": "https://a.example/me"}
    with pytest.raises(DecodeError, match="issuer mismatch") as caught:
        userinfo_endpoint(configuration, issuer, allow_insecure=False)
    assert (f"pass exactly {actual!r}" in str(caught.value)) is advice
    assert (str(actual) in str(caught.value)) is advice


def test_an_http_endpoint_can_be_allowed() -> None:
    configuration = {"issuer": "https://a", "userinfo_endpoint": "http://a/me"}
    assert str(userinfo_endpoint(configuration, "https://a", allow_insecure=True)) == "http://a/me"
    with pytest.raises(DecodeError, match=r"http, not https.*allow_insecure=True"):
        userinfo_endpoint(configuration, "https://a", allow_insecure=False)
