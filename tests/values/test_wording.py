"""Messages call arguments by the words of the interface in use."""

from __future__ import annotations

import pytest

from usersmanager import ArgumentError, UsersManager
from usersmanager._values.wording import wording


def message_about_an_empty_url() -> str:
    with pytest.raises(ArgumentError) as caught:
        UsersManager("")
    return str(caught.value)


def test_other_words_are_used_only_inside_the_block() -> None:
    with wording({"base_url": "--url"}):
        assert message_about_an_empty_url() == "--url field is required"
    assert message_about_an_empty_url() == "base_url field is required"
