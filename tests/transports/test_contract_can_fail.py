"""The contracts can fail: minimal adapters break some of their rules, and keep the easy ones."""

from __future__ import annotations

import re
import warnings
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from tests.transports.minimal_adapters import MinimalAiohttp, MinimalUrllib3

from usersmanager import Request, Response
from usersmanager.testing import (
    AsyncTransportContract,
    StrictAsyncTransportContract,
    StrictTransportContract,
    TransportContract,
)
from usersmanager.transports import ResponseParser
from usersmanager.transports.http1.async_connection import AsyncConnection
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_urllib3 import Urllib3Transport

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

Case = tuple[str, str]

EASY = [
    "test_a_refused_connection_is_a_connect_error",
    "test_concurrent_requests_get_their_own_responses",
    "test_header_fields_are_returned_by_name_and_value",
    "test_it_can_be_closed_twice",
]
BASIC: list[Case] = [
    ("test_a_compressed_body_is_not_decompressed", "must not be decompressed"),
    ("test_a_silent_server_exceeds_the_deadline", "must raise DeadlineExceededError"),
    ("test_a_body_of_many_megabytes_is_an_error", "give up beyond a limit"),
    ("test_a_connection_that_is_to_be_closed_is_not_used_again", "must not be used again"),
]
BASIC_FOR_URLLIB3: list[Case] = [
    ("test_a_response_after_an_interim_one_reaches_no_other_caller", "must not reach the next"),
    ("test_an_untrusted_certificate_is_refused", "must raise TLSError or ConnectError"),
]
BASIC_FOR_AIOHTTP: list[Case] = [
    ("test_a_redirect_is_not_followed", "must not be followed"),
    ("test_cookies_are_not_kept", "must not keep cookies"),
    ("test_a_target_is_sent_as_it_is", "must not be normalized"),
    ("test_a_connection_that_ends_before_the_response_is_an_error", "must be sent once, not 2"),
]
STRICT: list[Case] = [
    ("test_a_full_pool_is_a_pool_timeout", "PoolTimeoutError"),
    ("test_an_untrusted_certificate_is_a_tls_error", "must raise TLSError"),
    ("test_a_closed_transport_raises_and_can_be_closed_again", "must raise LifecycleError"),
    ("test_a_malformed_header_line_is_a_protocol_error", "must raise ProtocolError"),
    ("test_a_folded_field_is_unfolded", "must be replaced by spaces"),
    (
        "test_silence_exceeds_the_deadline_on_every_kind_of_connection",
        "must raise DeadlineExceededError",
    ),
]
STRICT_FOR_URLLIB3: list[Case] = [
    ("test_interim_responses_are_skipped", "must be skipped"),
    ("test_a_slow_header_exceeds_the_deadline", "must raise DeadlineExceededError"),
    ("test_a_truncated_header_is_a_disconnect", "must raise DisconnectedError"),
    ("test_an_ambiguous_length_is_a_protocol_error", "must raise ProtocolError"),
    ("test_a_slow_name_resolution_keeps_to_the_deadline", "must raise ConnectError"),
    ("test_a_fork_shares_no_connection", "forked process"),
    ("test_too_many_interim_responses_are_a_protocol_error", "must raise ProtocolError|10 s"),
]
STRICT_FOR_AIOHTTP: list[Case] = [
    ("test_eof_before_a_response_is_a_disconnect", "must raise DisconnectedError"),
    ("test_bytes_on_an_idle_connection_never_reach_the_next_caller", "must not be reused"),
    ("test_a_body_after_a_204_never_reaches_the_next_caller", "must not be reused"),
    ("test_a_body_cut_off_by_a_reset_is_a_disconnect", "must raise DisconnectedError"),
    ("test_a_non_idempotent_request_uses_a_dedicated_connection", "dedicated connection"),
]
FORMS_AND_METHODS: list[Case] = [
    ("test_a_form_is_sent_byte_for_byte", "repeated fields included"),
    ("test_every_method_is_sent_as_it_is", "must be sent as it is, not"),
]


class StrictUrllib3(MinimalUrllib3):
    strict = True  # It is not.


class HighLevelUrllib3(MinimalUrllib3):
    """It makes a dict of a form, and knows two methods."""

    def send(self, request: Request) -> Response:
        sent = request._replace(method="GET" if request.body is None else "POST")
        if b"=" in (request.body or b""):
            fields = dict(parse_qsl((request.body or b"").decode(), keep_blank_values=True))
            sent = sent._replace(body=urlencode(fields).encode())
        return super().send(sent)


class StrictAiohttp(MinimalAiohttp):
    strict = True  # It is not.


CONTRACTS: dict[Any, type[Any]] = {
    MinimalUrllib3: TransportContract,
    HighLevelUrllib3: TransportContract,
    MinimalAiohttp: AsyncTransportContract,
    StrictUrllib3: StrictTransportContract,
    StrictAiohttp: StrictAsyncTransportContract,
    Urllib3Transport: StrictTransportContract,
    AiohttpTransport: StrictAsyncTransportContract,
}


def failure(transport: Any, name: str) -> str:
    """Return the message with which a case of its contract fails, or "" if it passes."""
    contract = type(
        "TestIt",
        (CONTRACTS[transport],),
        {"transport": lambda self, **settings: transport(**settings)},
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # Of what the adapters leave open.
        try:
            getattr(contract(), name)()
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    return ""


@pytest.mark.parametrize(
    ("transport", "name", "rule"),
    [
        (transport, *case)
        for transport, cases in (
            (MinimalUrllib3, BASIC + BASIC_FOR_URLLIB3),
            (MinimalAiohttp, BASIC + BASIC_FOR_AIOHTTP),
            (HighLevelUrllib3, FORMS_AND_METHODS),
            (StrictUrllib3, STRICT + STRICT_FOR_URLLIB3),
            (StrictAiohttp, STRICT + STRICT_FOR_AIOHTTP),
        )
        for case in cases
    ],
)
def test_a_minimal_adapter_fails_with_the_rule_it_broke(
    transport: Any, name: str, rule: str
) -> None:
    assert re.search(rule, failure(transport, name))


@pytest.mark.parametrize("name", EASY)
@pytest.mark.parametrize("transport", [MinimalUrllib3, MinimalAiohttp])
def test_minimal_adapters_pass_the_easy_cases(transport: Any, name: str) -> None:
    assert failure(transport, name) == ""


@pytest.mark.parametrize(
    ("transport", "contract"),
    [
        (MinimalUrllib3, StrictTransportContract),
        (MinimalAiohttp, StrictAsyncTransportContract),
    ],
)
def test_a_transport_that_passes_the_strict_contract_must_say_so(
    monkeypatch: pytest.MonkeyPatch, transport: Any, contract: Any
) -> None:
    monkeypatch.setitem(CONTRACTS, transport, contract)
    assert "`strict = True`" in failure(transport, "test_it_declares_that_it_is_strict")


def test_a_transport_that_does_not_check_idle_connections_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(AsyncConnection, "is_clean", lambda self: True)
    name = "test_bytes_on_an_idle_connection_never_reach_the_next_caller"
    assert "must not be reused" in failure(AiohttpTransport, name)


def test_a_transport_that_keeps_every_connection_alive_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    always = property(lambda self: True, lambda self, value: None)
    monkeypatch.setattr(ResponseParser, "keep_alive", always, raising=False)
    name = "test_bytes_after_a_response_never_reach_the_next_caller"
    assert "must be discarded" in failure(Urllib3Transport, name)
