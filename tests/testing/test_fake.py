"""FakeTransport: a mistake in a test fails the test, whatever the code under test catches."""

from __future__ import annotations

from typing import Any

import pytest

from usersmanager import Request, Response
from usersmanager.testing import FakeTransport

URL = "https://tenant.example"


def test_a_request_after_the_end_of_the_script_fails_the_test(mode: Any) -> None:
    with pytest.raises(AssertionError, match="script"):
        mode.call("get_info", "hush", base_url=URL, transport=FakeTransport())


def test_an_assertion_in_a_script_fails_the_test_without_frames_of_the_call(mode: Any) -> None:
    def respond(request: Request) -> Response:
        raise AssertionError("another path")

    with pytest.raises(AssertionError, match="another path") as caught:
        mode.call("get_info", "hush", base_url=URL, transport=FakeTransport().add(respond))
    assert caught.value.__context__ is None
    assert "respond" not in [entry.name for entry in caught.traceback]
