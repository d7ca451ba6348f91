"""`from_issuer` with a certified provider whose userinfo endpoint is at another path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from usersmanager import DecodeError

if TYPE_CHECKING:
    from tests.e2e.conftest import CallIssuer, Provider, RunProvider

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def moved(run_provider: RunProvider) -> Iterator[Provider]:
    """A provider with its userinfo endpoint at another path."""
    with run_provider(USERINFO_ROUTE="/api/v2/me") as provider:
        yield provider


def test_the_userinfo_endpoint_comes_from_the_provider_configuration(
    moved: Provider, call_issuer: CallIssuer
) -> None:
    token = moved.token("ada")
    (profile,) = call_issuer(moved.issuer, lambda users: users.get_info(token))
    assert profile.sub == "ada"
    assert profile.email is not None


def test_an_issuer_that_differs_from_the_providers_is_an_error(
    moved: Provider, call_issuer: CallIssuer
) -> None:
    with pytest.raises(DecodeError, match="pass exactly"):
        call_issuer(moved.issuer + "/", lambda users: users.get_info("a-token"))
