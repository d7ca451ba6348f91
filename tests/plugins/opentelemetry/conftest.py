"""The fixture `telemetry`, and `call` for one call of a manager that it traces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry import context
from tests.conftest import Mode
from tests.plugins.opentelemetry.telemetry import Telemetry
from tests.support import TENANT


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    """Telemetry of the calls of a test, each of which must restore the context."""
    before = context.get_current()
    telemetry = Telemetry()
    yield telemetry
    assert context.get_current() is before
    telemetry.meters.shutdown()


@pytest.fixture
def call(mode: Mode, telemetry: Telemetry) -> Callable[..., Any]:
    """Return a function that makes one call, sync or async."""

    def call(transport: object, method: str = "get_info", *arguments: Any) -> Any:
        settings = telemetry.settings(transport)
        arguments = arguments or ("hush-token",)
        return mode.call(method, *arguments, base_url=TENANT, **settings)

    return call
