"""The contract can fail: naive transports break the rows they should, and keep the easy ones."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from tests.transports.naive import AsyncContract, BlockingContract

from usersmanager.testing import AsyncTransportContract, TransportContract
from usersmanager.transports import ResponseParser
from usersmanager.transports.http1.async_connection import AsyncConnection
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_urllib3 import Urllib3Transport

pytestmark = pytest.mark.slow

EASY = [
    "test_a_refused_connection_is_not_sent",
    "test_calls_at_the_same_time_get_their_own_answers",
    "test_a_connection_is_used_again_after_a_clean_end",
    "test_chunks_and_trailers_are_put_together",
]
HARD_FOR_BOTH = [
    "test_a_compressed_body_is_not_decompressed",
    "test_a_pool_that_stays_full_is_not_sent",
    "test_an_untrusted_certificate_is_a_tls_error",
    "test_a_silent_server_is_given_up_at_the_deadline",
    "test_a_closed_transport_refuses_and_may_be_closed_again",
    "test_a_malformed_header_line_is_a_protocol_error",
]
HARD_FOR_URLLIB3 = [
    "test_interim_responses_are_skipped",
    "test_a_dripped_header_is_given_up_at_the_deadline",
    "test_a_truncated_header_is_a_protocol_error",
    "test_an_ambiguous_length_is_a_protocol_error",
    "test_a_slow_name_resolution_keeps_to_the_deadline",
    "test_a_fork_shares_no_connection",
]
HARD_FOR_AIOHTTP = [
    "test_a_redirect_is_not_followed",
    "test_a_response_without_any_byte_is_a_disconnect",
    "test_bytes_on_an_idle_connection_never_answer_the_next_caller",
    "test_cookies_are_not_kept",
    "test_a_body_where_there_is_none_never_answers_the_next_caller",
    "test_a_body_that_a_reset_ends_is_a_disconnect",
    "test_a_request_that_is_not_idempotent_has_a_connection_of_its_own",
]


def breaks(contract: type[Any], row: str) -> bool:
    """Whether a transport breaks a row. What it leaves open is not the question."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            getattr(contract(), row)()
        except Exception:
            return True
    return False


@pytest.mark.parametrize("row", HARD_FOR_BOTH + HARD_FOR_URLLIB3)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_naive_blocking_transport_breaks_the_row(row: str) -> None:
    assert breaks(BlockingContract, row)


@pytest.mark.parametrize("row", HARD_FOR_BOTH + HARD_FOR_AIOHTTP)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_naive_asyncio_transport_breaks_the_row(row: str) -> None:
    assert breaks(AsyncContract, row)


@pytest.mark.parametrize("row", EASY)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_naive_transports_keep_the_easy_rows(row: str) -> None:
    assert not breaks(BlockingContract, row)
    assert not breaks(AsyncContract, row)


class BlockingRows(TransportContract):
    def transport(self, **settings: Any) -> Urllib3Transport:
        return Urllib3Transport(**settings)


class AsyncRows(AsyncTransportContract):
    def transport(self, **settings: Any) -> AiohttpTransport:
        return AiohttpTransport(**settings)


def test_without_the_look_at_idle_connections_the_rows_about_them_fail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(AsyncConnection, "is_clean", lambda self: True)
    assert breaks(AsyncRows, "test_bytes_on_an_idle_connection_never_answer_the_next_caller")


def test_without_the_guards_verdict_on_the_connection_the_row_about_it_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    always = property(lambda self: True, lambda self, value: None)
    monkeypatch.setattr(ResponseParser, "keep_alive", always, raising=False)
    assert breaks(BlockingRows, "test_bytes_after_the_end_never_answer_the_next_caller")
