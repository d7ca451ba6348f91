"""The strict contract, with the exemption that the README explains."""

from __future__ import annotations

from typing import Any, ClassVar

from httpx2_usersmanager import Httpx2Transport

from usersmanager.testing import StrictAsyncTransportContract, StrictTransportContract


class TestSync(StrictTransportContract):
    exempt: ClassVar = {
        "test_a_slow_name_resolution_keeps_to_the_deadline": (
            "httpx2 resolves names in the caller's thread, where nothing can interrupt it"
        )
    }

    def transport(self, **settings: Any) -> Httpx2Transport:
        return Httpx2Transport(**settings)


class TestAsyncio(StrictAsyncTransportContract):
    def transport(self, **settings: Any) -> Httpx2Transport:
        return Httpx2Transport(**settings)
