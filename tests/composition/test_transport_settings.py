"""The arguments of the transport hooks: a proxy and TLS settings."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
from tests.composition.support import Install
from tests.support import shown_below_the_test

from usersmanager import PluginError
from usersmanager._composition.loader import Loader
from usersmanager._composition.modes import SYNC
from usersmanager._composition.transport import TransportSettings, find_transport
from usersmanager.plugins import Secret

PROXY = "http://user:hush@proxy.example:3128"
CONTEXT = ssl.create_default_context()
SOURCE = """
from usersmanager.testing import FakeTransport
from usersmanager.transports import hookimpl
received = []
@hookimpl
def usersmanager_transport({parameters}):
    received.append(({parameters}))
    {statement}
    return FakeTransport()
"""


def settings(proxy: str | None = None, ssl_context: ssl.SSLContext | None = None) -> Any:
    return TransportSettings(Secret(proxy), ssl_context)


def make(name: str, mode: Any, settings: TransportSettings) -> Any:
    return find_transport(name, mode, Loader(), settings)[1]


@pytest.fixture
def curl(install: Install) -> Any:
    """Install a transport whose hook has these parameters."""

    def curl(parameters: str, statement: str = "") -> Any:
        source = SOURCE.format(parameters=parameters, statement=statement)
        module = install.transport("curl", source, distribution="dist-curl")
        return lambda: __import__(module).received

    return curl


def test_a_hook_gets_none_unless_something_is_set(curl: Any) -> None:
    received = curl("proxy, ssl_context")
    find_transport("curl", SYNC, Loader())
    assert received() == [(None, None)]


def test_a_hook_gets_what_is_set(curl: Any) -> None:
    received = curl("ssl_context, proxy")
    make("curl", SYNC, settings(PROXY, CONTEXT))
    assert received() == [(CONTEXT, PROXY)]


@pytest.mark.parametrize(
    ("parameters", "given", "missing"),
    [
        ("", settings(PROXY), "proxy"),
        ("", settings(None, CONTEXT), "ssl_context"),
        ("proxy", settings(PROXY, CONTEXT), "ssl_context"),
        ("ssl_context", settings(PROXY, CONTEXT), "proxy"),
    ],
)
def test_a_transport_that_does_not_take_an_argument_can_not_be_used_with_it(
    curl: Any, parameters: str, given: TransportSettings, missing: str
) -> None:
    received = curl(parameters)
    with pytest.raises(PluginError) as caught:
        make("curl", SYNC, given)
    message = str(caught.value)
    assert f"transport 'curl' of dist-curl 1.2 can't be used with {missing}=" in message
    assert "usersmanager_transport does not take it" in message
    assert received() == []
    make("curl", SYNC, settings())


def test_a_hook_that_takes_one_argument_works_with_that_one(curl: Any) -> None:
    received = curl("proxy")
    make("curl", SYNC, settings(PROXY))
    assert received() == [PROXY]


@pytest.mark.parametrize("statement", ["raise RuntimeError(proxy)", "raise SystemExit(proxy)"])
def test_the_error_of_a_hook_does_not_contain_the_password(curl: Any, statement: str) -> None:
    curl("proxy", statement)
    with pytest.raises(PluginError) as caught:
        make("curl", SYNC, settings(PROXY))
    assert "hush" not in shown_below_the_test(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert "usersmanager_transport of the transport 'curl' of dist-curl 1.2" in str(caught.value)


def test_the_traceback_of_an_interruption_does_not_contain_the_password(curl: Any) -> None:
    curl("proxy", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt) as caught:
        make("curl", SYNC, settings(PROXY))
    assert "hush" not in shown_below_the_test(caught.value)
