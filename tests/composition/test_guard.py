"""Whatever a discovered plugin does when it is loaded: it costs that plugin alone."""

from __future__ import annotations

import importlib
import re
import sys
from typing import Any

import pytest
from tests.composition.support import (
    SHIPPED,
    TRANSPORTS,
    Install,
    Tag,
    names,
    only_warning,
    order,
    report_on,
)
from tests.support import TENANT

from usersmanager import AsyncUsersManager, PluginError, UsersManager

# The first of two plugins that retry is used, so that this one must come after `retry`.
NAME = "s-broken"
HOOK = """
from usersmanager.plugins import hookimpl
class Plugin:
    {body}
    @hookimpl
    def usersmanager_wrap_call(self, request, proceed):
        return proceed(request.with_headers({{"X-Order": "broken,"}}))
"""


def plugin_with(body: str) -> str:
    return HOOK.format(body=body)


AT_IMPORT = {
    "raises": ("raise RuntimeError('no numpy')", "RuntimeError: no numpy"),
    "exits": ("import sys; sys.exit('usage: plugin')", "SystemExit: usage: plugin"),
    "exits silently": ("raise SystemExit", "SystemExit"),
    "raises GeneratorExit": ("raise GeneratorExit", "GeneratorExit"),
    "raises CancelledError": ("import asyncio; raise asyncio.CancelledError", "CancelledError"),
    "raises its own BaseException": ("class Odd(BaseException): ...\nraise Odd('hm')", "Odd: hm"),
    "raises what has no text": (
        "class Mute(Exception):\n    def __str__(self): raise ValueError\nraise Mute",
        "Mute",
    ),
    "raises what exits when it is shown": (
        "class Rude(Exception):\n    def __str__(self): raise SystemExit\nraise Rude",
        "Rude",
    ),
    "has invalid syntax": ("def plugin(:", "SyntaxError"),
    "lacks the class": ("Plug = 1", "AttributeError"),
}
AT_CONSTRUCTION = {
    "raises": ("def __init__(self): raise RuntimeError('no key')", "RuntimeError: no key"),
    "exits": ("def __init__(self): raise SystemExit(3)", "SystemExit: 3"),
    "has a broken property": (
        "usersmanager_close = property(lambda self: 1 / 0)",
        "ZeroDivisionError",
    ),
    "exits in a property": (
        "def __getattr__(self, name): raise SystemExit(name)",
        "SystemExit",
    ),
}
AT_REGISTRATION = {
    "has an unknown hook": (
        "@hookimpl\n    def usersmanager_wrap_cal(self): ...",
        "did you mean 'usersmanager_wrap_call'?",
    ),
    "has an unmarked hook": (
        "def usersmanager_close(self): ...",
        "usersmanager_close is not marked",
    ),
    "takes a wrong argument": (
        "@hookimpl\n    def usersmanager_request(self, req): ...",
        "the arguments of usersmanager_request are (request)",
    ),
    "is async": (
        "@hookimpl\n    async def usersmanager_request(self, request): ...",
        "usersmanager_request is an async function",
    ),
    "is a transport": (
        "@hookimpl\n    def usersmanager_transport(self): ...",
        "implements a transport hook",
    ),
    "can't be compared": (
        "def __eq__(self, other): return self.key == other.key",
        "its __eq__ must return NotImplemented",
    ),
    "equals everything": ("def __eq__(self, other): return True", "can't be compared"),
    "retries as another does": ("retries = True", f"'retry' and {NAME!r} both retry"),
}
SOURCES = [
    *((source, text) for source, text in AT_IMPORT.values()),
    *((plugin_with(body), text) for body, text in AT_CONSTRUCTION.values()),
    *((plugin_with(body), text) for body, text in AT_REGISTRATION.values()),
]
BROKEN = pytest.mark.parametrize(
    ("source", "text"), SOURCES, ids=[*AT_IMPORT, *AT_CONSTRUCTION, *AT_REGISTRATION]
)


@BROKEN
def test_a_plugin_that_fails_is_skipped_with_a_warning(
    install: Install, source: str, text: str
) -> None:
    install(NAME, source, distribution="dist-broken")
    install("healthy")
    results: list[Any] = []
    message = only_warning(lambda: results.append(order()))
    assert message.startswith(f"failed to load plugin {NAME!r} of dist-broken 1.2: ")
    assert text in message
    assert message.endswith("; skipping it")
    assert results == [["healthy"]]


@BROKEN
@pytest.mark.parametrize("requested", ["plugins", "discover"])
def test_a_plugin_that_fails_is_an_error_if_it_was_asked_for_by_name(
    install: Install, source: str, text: str, requested: str
) -> None:
    install(NAME, source, distribution="dist-broken")
    arguments = {"discover": ["retry"], requested: ["retry", NAME]}
    with pytest.raises(PluginError) as caught:
        names(**arguments)
    assert f"plugin {NAME!r} of dist-broken 1.2: " in str(caught.value)
    assert text in str(caught.value)


@BROKEN
def test_a_plugin_that_fails_is_listed_as_failed(install: Install, source: str, text: str) -> None:
    install(NAME, source, distribution="dist-broken")
    report = report_on(NAME)
    assert (report.status, report.hooks, report.modes) == ("failed", (), ())
    assert text in report.reason
    assert report_on("retry").status == "active"


@pytest.mark.parametrize(
    "source",
    ["raise KeyboardInterrupt", plugin_with("def __init__(self): raise KeyboardInterrupt")],
)
def test_an_interruption_is_not_a_failure(install: Install, source: str) -> None:
    install(NAME, source)
    with pytest.raises(KeyboardInterrupt):
        names()


def test_a_plugin_that_needs_arguments_is_skipped_with_advice(install: Install) -> None:
    source = plugin_with("def __init__(self, key): ...")
    module = install("needy", source, distribution="dist-needy")
    message = only_warning(names)
    assert "plugin 'needy' of dist-needy 1.2: it needs arguments" in message
    assert f"`from {module} import Plugin` and `plugins=[Plugin(key=...)]`" in message
    assert ", or set USERSMANAGER_DISABLE=needy; skipping it" in message
    assert report_on("needy").status == "failed"


def test_a_plugin_with_optional_arguments_needs_none(install: Install) -> None:
    install("easy", plugin_with("def __init__(self, key=None, *more, **others): ..."))
    assert names() == ("easy", *SHIPPED)


def test_an_instance_replaces_the_plugin_that_needs_arguments(install: Install) -> None:
    install("needy", plugin_with("def __init__(self, key): ..."))
    plugin = Tag("x")
    vars(plugin)["name"] = "needy"
    assert names(plugins=[plugin]) == ("needy", *SHIPPED)


def test_an_instance_of_a_subclass_replaces_the_plugin_that_needs_arguments(
    install: Install,
) -> None:
    module = install("needy", plugin_with("def __init__(self, key): ..."))
    plugin: Any = importlib.import_module(module).Plugin

    class Mine(plugin):
        def __init__(self) -> None:
            super().__init__("key")

    assert names(plugins=[Mine()]) == ("needy", *SHIPPED)


def test_a_missing_dependency_has_its_own_status(install: Install) -> None:
    install("needy", "import a_module_that_is_not_installed")
    report = report_on("needy")
    assert report.status == "missing dependency"
    assert "a_module_that_is_not_installed" in report.reason


TRANSPORT = """
from usersmanager.transports import hookimpl
@hookimpl
def usersmanager_transport(): {body}
@hookimpl
def usersmanager_async_transport(): {body}
"""


@pytest.mark.parametrize("kind", [UsersManager, AsyncUsersManager])
@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("raise RuntimeError('no curl')", "RuntimeError: no curl"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("return None", "needs the methods"),
        ("return object", "is a class"),
    ],
)
def test_the_hook_of_a_transport_that_fails_is_named(
    install: Install, kind: Any, body: str, text: str
) -> None:
    install.transport("curl", TRANSPORT.format(body=body), distribution="dist-curl")
    with pytest.raises(PluginError) as caught:
        kind(TENANT, transport="curl")
    pattern = r"usersmanager_(async_)?transport of the transport 'curl' of dist-curl 1\.2 failed: "
    assert re.match(pattern, str(caught.value))
    assert text in str(caught.value)
    report = report_on("curl")
    assert (report.status, report.hooks) == ("failed", ())
    assert text in report.reason


def test_a_transport_that_can_not_be_imported_is_an_error_and_listed(install: Install) -> None:
    install.transport("curl", "raise SystemExit", distribution="dist-curl")
    with pytest.raises(PluginError, match=r"transport 'curl' of dist-curl 1\.2: SystemExit"):
        names(transport="curl")
    assert report_on("curl").status == "failed"
    assert names() == SHIPPED


def test_a_transport_that_needs_arguments_is_an_error_with_advice(install: Install) -> None:
    source = plugin_with("def __init__(self, key): ...")
    install("curl", source, group=TRANSPORTS)
    with pytest.raises(PluginError, match=r"`transport=Plugin\(key=...\)`$"):
        names(transport="curl")


def test_whether_a_plugin_retries_is_read_once(install: Install) -> None:
    body = """
    reads = 0
    @property
    def retries(self):
        self.reads += 1
        return False if self.reads == 1 else 1 / 0"""
    install(NAME, plugin_with(body))
    assert order() == ["broken"]


@pytest.mark.parametrize("module", ["needy", "usersmanager_retry"])
def test_only_an_extra_of_this_library_is_missing_without_a_warning(
    install: Install, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    if module == "needy":
        source = "from usersmanager.plugins import MissingExtraError as Error; raise Error('pip')"
        install("needy", source)
    else:
        monkeypatch.setitem(sys.modules, module, None)  # As if its own dependency were missing.
    assert only_warning(names).startswith("failed to load plugin ")


def test_a_missing_module_whose_error_can_not_be_shown_is_skipped_with_a_warning(
    install: Install,
) -> None:
    source = "class Rude(ModuleNotFoundError):\n    def __str__(self): raise SystemExit\nraise Rude"
    install("rude", source)
    assert "Rude; skipping it" in only_warning(names)
