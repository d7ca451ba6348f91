"""'Did you mean …?' suggestions."""

from __future__ import annotations

import pytest

from usersmanager._values.suggestions import did_you_mean

KNOWN = ("token_endpoint", "Retry", "jwks_uri")


@pytest.mark.parametrize(
    ("given", "suggestion"),
    [
        ("token_endpont", ": 'token_endpont' (did you mean 'token_endpoint'?)"),
        ("TOKEN_ENDPOINT", ": 'TOKEN_ENDPOINT' (did you mean 'token_endpoint'?)"),
        ("TokenEndpoint", ": 'TokenEndpoint' (did you mean 'token_endpoint'?)"),
        ("rettry", ": 'rettry' (did you mean 'Retry'?)"),
        ("jwks", ": 'jwks' (did you mean 'jwks_uri'?)"),
        ("a-misplaced-secret", " (known: Retry, jwks_uri, token_endpoint)"),
        (7, " (known: Retry, jwks_uri, token_endpoint)"),
    ],
)
def test_only_a_name_that_is_near_a_known_one_is_quoted(given: object, suggestion: str) -> None:
    assert did_you_mean(given, KNOWN) == suggestion


def test_it_is_said_that_no_name_is_known() -> None:
    assert did_you_mean("x", ()) == " (known: none)"
