"""The contract can fail: minimal adapters fail the hard test cases, and pass the easy ones."""

from __future__ import annotations

import re
import warnings
from typing import Any

import pytest
from tests.transports.minimal_adapters import AsyncContract, SyncContract

from usersmanager.testing import AsyncTransportContract, TransportContract
from usersmanager.transports import ResponseParser
from usersmanager.transports.http1.async_connection import AsyncConnection
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_urllib3 import Urllib3Transport

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

EASY = [
    "test_a_refused_connection_is_a_connect_error",
    "test_concurrent_requests_get_their_own_responses",
    "test_a_connection_is_reused_after_a_complete_response",
    "test_a_chunked_body_with_trailers_is_read_whole",
]
HARD_FOR_BOTH = [
    ("test_a_compressed_body_is_not_decompressed", "must not be decompressed"),
    ("test_a_full_pool_is_a_pool_timeout", "PoolTimeoutError"),
    ("test_an_untrusted_certificate_is_a_tls_error", "must raise TLSError"),
    ("test_a_silent_server_exceeds_the_deadline", "must raise DeadlineExceededError"),
    ("test_a_closed_transport_raises_and_can_be_closed_again", "must raise LifecycleError"),
    ("test_a_malformed_header_line_is_a_protocol_error", "must raise ProtocolError"),
]
HARD_FOR_URLLIB3 = [
    ("test_interim_responses_are_skipped", "must be skipped"),
    ("test_a_slow_header_exceeds_the_deadline", "must raise DeadlineExceededError"),
    ("test_a_truncated_header_is_a_disconnect", "must raise DisconnectedError"),
    ("test_an_ambiguous_length_is_a_protocol_error", "must raise ProtocolError"),
    ("test_a_slow_name_resolution_keeps_to_the_deadline", "must raise ConnectError"),
    ("test_a_fork_shares_no_connection", "forked process"),
]
HARD_FOR_AIOHTTP = [
    ("test_a_redirect_is_not_followed", "must be returned"),
    ("test_eof_before_a_response_is_a_disconnect", "must raise DisconnectedError"),
    ("test_bytes_on_an_idle_connection_never_reach_the_next_caller", "must not be reused"),
    ("test_cookies_are_not_kept", "must not keep cookies"),
    ("test_a_body_after_a_204_never_reaches_the_next_caller", "must not be reused"),
    ("test_a_body_cut_off_by_a_reset_is_a_disconnect", "must raise DisconnectedError"),
    ("test_a_non_idempotent_request_uses_a_dedicated_connection", "dedicated connection"),
]


def failure(contract: type[Any], name: str) -> str:
    """Return the message with which a test case fails, or "" if it passes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # Of what the adapters leave open.
        try:
            getattr(contract(), name)()
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    return ""


@pytest.mark.parametrize(("name", "rule"), HARD_FOR_BOTH + HARD_FOR_URLLIB3)
def test_a_minimal_sync_adapter_fails_with_the_rule_it_broke(name: str, rule: str) -> None:
    assert re.search(rule, failure(SyncContract, name))


@pytest.mark.parametrize(("name", "rule"), HARD_FOR_BOTH + HARD_FOR_AIOHTTP)
def test_a_minimal_async_adapter_fails_with_the_rule_it_broke(name: str, rule: str) -> None:
    assert re.search(rule, failure(AsyncContract, name))


@pytest.mark.parametrize("name", EASY)
def test_minimal_adapters_pass_the_easy_test_cases(name: str) -> None:
    assert failure(SyncContract, name) == ""
    assert failure(AsyncContract, name) == ""


class SyncCases(TransportContract):
    def transport(self, **settings: Any) -> Urllib3Transport:
        return Urllib3Transport(**settings)


class AsyncCases(AsyncTransportContract):
    def transport(self, **settings: Any) -> AiohttpTransport:
        return AiohttpTransport(**settings)


def test_a_transport_that_does_not_check_idle_connections_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(AsyncConnection, "is_clean", lambda self: True)
    name = "test_bytes_on_an_idle_connection_never_reach_the_next_caller"
    assert "must not be reused" in failure(AsyncCases, name)


def test_a_transport_that_keeps_every_connection_alive_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    always = property(lambda self: True, lambda self, value: None)
    monkeypatch.setattr(ResponseParser, "keep_alive", always, raising=False)
    name = "test_bytes_after_a_response_never_reach_the_next_caller"
    assert "must be discarded" in failure(SyncCases, name)
