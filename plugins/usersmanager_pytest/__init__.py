"""The pytest plugin of `usersmanager`: a tenant in a box and a fake transport as fixtures.

pytest imports this module in every run, used or not: hence the imports in the fixtures.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from usersmanager.testing import FakeTransport, Sandbox

__all__ = ["usersmanager_fake", "usersmanager_sandbox"]

# So that a contract that fails shows the values. It is named here, not imported.
pytest.register_assert_rewrite("usersmanager.testing")


@pytest.fixture
def usersmanager_fake() -> FakeTransport:
    """A transport that plays a script, without a server. A new one for each test."""
    from usersmanager.testing import FakeTransport

    return FakeTransport()


@pytest.fixture
def usersmanager_sandbox() -> Iterator[Sandbox]:
    """A tenant in a box, listening on loopback. A new one for each test."""
    from usersmanager.testing import Sandbox

    with Sandbox() as sandbox:
        yield sandbox
