"""A row that is not kept is named with a reason, and the reason is shown."""

from __future__ import annotations

import unittest
from typing import Any

import pytest

from usersmanager.testing import PluginContract, TransportContract

ROW = {
    PluginContract: "test_every_user_gets_their_own_profile",
    TransportContract: "test_a_fork_shares_no_connection",
}


@pytest.mark.parametrize("contract", ROW)
def test_an_exempt_row_is_skipped_with_its_reason_and_no_other_class_is_touched(
    contract: Any,
) -> None:
    row = ROW[contract]
    mine = type("TestMine", (contract,), {"exempt": {row: "I can't"}})
    with pytest.raises(unittest.SkipTest, match="exempt: I can't"):
        getattr(mine(), row)()
    with pytest.raises(NotImplementedError):
        getattr(contract(), row)()


@pytest.mark.parametrize(
    ("exempt", "words"),
    [
        (
            {"test_a_fork_shares_no_conection": "a typo"},
            "no test case 'test_a_fork_shares_no_conection'",
        ),
        ({"transport": "not a row"}, "no test case 'transport'"),
        ({"test_a_fork_shares_no_connection": ""}, "needs a reason"),
    ],
)
def test_an_exemption_that_is_none_is_an_error(exempt: dict[str, str], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        type("TestMine", (TransportContract,), {"exempt": exempt})
