"""Exempt test cases of a contract are skipped with their reason."""

from __future__ import annotations

import unittest
from typing import Any

import pytest

from usersmanager.testing import PluginContract, StrictTransportContract, TransportContract

TEST_CASES = {
    PluginContract: "test_every_user_gets_their_own_profile",
    TransportContract: "test_a_redirect_is_not_followed",
    StrictTransportContract: "test_a_fork_shares_no_connection",
}


@pytest.mark.parametrize("contract", TEST_CASES)
def test_an_exempt_test_case_is_skipped_in_its_class_alone(contract: Any) -> None:
    name = TEST_CASES[contract]
    subclass = type("TestMine", (contract,), {"exempt": {name: "not supported"}})
    with pytest.raises(unittest.SkipTest, match="exempt: not supported"):
        getattr(subclass(), name)()
    with pytest.raises(NotImplementedError):
        getattr(contract(), name)()


@pytest.mark.parametrize(
    ("exempt", "message"),
    [
        (
            {"test_a_fork_shares_no_conection": "a typo"},
            "no test case 'test_a_fork_shares_no_conection'",
        ),
        ({"transport": "not a test case"}, "no test case 'transport'"),
        ({"test_a_fork_shares_no_connection": ""}, "needs a reason"),
    ],
)
def test_an_invalid_exemption_is_an_error(exempt: dict[str, str], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        type("TestMine", (StrictTransportContract,), {"exempt": exempt})
