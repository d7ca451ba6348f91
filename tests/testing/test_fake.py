"""What a test does wrong fails the test, whatever the code under test excepts."""

from __future__ import annotations

from typing import Any

import pytest

from usersmanager import Request, Response
from usersmanager.testing import FakeTransport

URL = "https://tenant.example"


def test_a_script_that_is_over_fails_the_test(mode: Any) -> None:
    with pytest.raises(AssertionError, match="the script is over"):
        mode.call("get_info", "hush", base_url=URL, transport=FakeTransport())


def test_what_an_answer_asserts_fails_the_test_and_shows_no_frame_of_the_call(mode: Any) -> None:
    def answer(request: Request) -> Response:
        raise AssertionError("another path")

    with pytest.raises(AssertionError, match="another path") as caught:
        mode.call("get_info", "hush", base_url=URL, transport=FakeTransport().add(answer))
    assert caught.value.__context__ is None
    assert not [one for one in caught.traceback if one.name == "answer"]
