"""The pytest plugin of `usersmanager`: fixtures with a fake transport and a local test server.

pytest imports this module in every run, so imports of the library are inside the fixtures.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from usersmanager.testing import FakeTransport, Sandbox

__all__ = ["usersmanager_fake", "usersmanager_sandbox"]

# Let pytest show the values in failing assertions of the contracts.
pytest.register_assert_rewrite("usersmanager.testing")


@pytest.fixture
def usersmanager_fake() -> FakeTransport:
    """Return a new transport that returns scripted responses, without a server."""
    from usersmanager.testing import FakeTransport

    return FakeTransport()


@pytest.fixture
def usersmanager_sandbox() -> Iterator[Sandbox]:
    """Yield a new local Auth0-like test server."""
    from usersmanager.testing import Sandbox

    with Sandbox() as sandbox:
        yield sandbox
