"""Mistakes in plugins and arguments that are rejected at construction."""

from __future__ import annotations

from typing import Any

import pytest
from tests.composition.support import Install, Tag, names

from usersmanager import PluginError
from usersmanager.plugins import hookimpl
from usersmanager.testing import FakeTransport


class Misspelled:
    @hookimpl
    def usersmanager_wrap_cal(self) -> Any: ...


class Unmarked:
    def usersmanager_wrap_call(self) -> Any: ...


class Hookless:
    pass


class Wrapper:
    @hookimpl(wrapper=True)
    def usersmanager_wrap_call(self) -> Any:
        return (yield)


class TakesArguments:
    @hookimpl
    def usersmanager_wrap_call(self, request: Any) -> Any: ...


class ReturnsNoFunction:
    @hookimpl
    def usersmanager_wrap_call(self) -> Any:
        return 7


class ImplementsATransportHook:
    @hookimpl
    def usersmanager_transport(self) -> Any: ...


@pytest.mark.parametrize(
    ("arguments", "keyword"),
    [
        ({"plugins": [Misspelled()]}, "did you mean 'usersmanager_wrap_call'?"),
        ({"plugins": [Unmarked()]}, "not marked with @hookimpl"),
        ({"plugins": [Hookless()]}, "does not implement any hook"),
        ({"plugins": [Wrapper()]}, "hook wrapper"),
        ({"plugins": [TakesArguments()]}, "a hook takes no arguments"),
        ({"plugins": [ReturnsNoFunction()]}, "must return a function"),
        ({"plugins": [ImplementsATransportHook()]}, "pass it as transport="),
        ({"plugins": [Tag]}, "pass an instance, Tag(...)"),
        ({"plugins": [lambda request, proceed: None]}, "does not implement any hook"),
        ({"plugins": [tag := Tag("x"), tag]}, "given twice"),
        ({"plugins": ["retrry"]}, "did you mean 'retry'?"),
        ({"plugins": ["zzz"]}, "known: headers, logging, retry"),
        ({"plugins": "retry"}, "must be a list"),
        ({"plugins": Tag("x")}, "must be a list"),
        ({"discover": "retry"}, "collection of installed names"),
        ({"discover": 1.5}, "collection of installed names"),
        ({"discover": ["retrry"]}, "did you mean 'retry'?"),
        ({"transport": "urlib3"}, "did you mean 'urllib3'?"),
        ({"transport": "aiohttp"}, "use it with AsyncUsersManager"),
        ({"transport": FakeTransport}, "is a class: pass an instance"),
        ({"transport": 7}, "needs the methods send(request) and close()"),
    ],
)
def test_a_mistake_is_rejected_with_advice(arguments: Any, keyword: str) -> None:
    with pytest.raises(PluginError) as caught:
        names(**arguments)
    assert keyword in str(caught.value)


def test_a_method_with_another_name_may_implement_a_hook() -> None:
    class Audit:
        calls = 0

        @hookimpl(specname="usersmanager_wrap_call")
        def _audit(self) -> None:
            self.calls += 1

    plugin = Audit()
    assert names(plugins=[plugin], discover=False) == ("Audit",)
    assert plugin.calls == 1


def test_a_hook_may_be_set_on_the_instance() -> None:
    class Empty: ...

    plugin = Empty()
    vars(plugin)["usersmanager_wrap_call"] = hookimpl(lambda: None)
    assert names(plugins=[plugin], discover=False) == ("Empty",)


def test_a_misspelled_hook_of_a_discovered_plugin_is_rejected(install: Install) -> None:
    install("wrong", hook="usersmanager_wrap_cal")
    with pytest.raises(PluginError, match="'wrong': no such hook"):
        names()
