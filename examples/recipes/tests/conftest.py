"""A provider for all recipes, with users. Its URL is in AUTH0_URL, as the recipes expect."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from usersmanager.testing import Sandbox


@pytest.fixture(scope="session")
def provider() -> Iterator[Sandbox]:
    with Sandbox() as sandbox, pytest.MonkeyPatch.context() as environment:
        environment.setenv("AUTH0_URL", sandbox.base_url)
        yield sandbox


@pytest.fixture
def sandbox(provider: Sandbox) -> Sandbox:
    return provider.reset().add_user("auth0|ada", name="Ada")


@pytest.fixture
def token(sandbox: Sandbox) -> str:
    return sandbox.issue_token("auth0|ada")
