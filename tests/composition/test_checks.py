"""Mistakes in plugins and arguments that are rejected at construction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from tests.composition.support import Tag, names, order

from usersmanager import PluginError
from usersmanager._composition.registry import Registry
from usersmanager.plugins import hookimpl
from usersmanager.testing import FakeTransport


class Misspelled:
    @hookimpl
    def usersmanager_wrap_cal(self, request: Any, proceed: Any) -> Any: ...


class Unmarked:
    def usersmanager_wrap_call(self, request: Any, proceed: Any) -> Any: ...


class Hookless:
    pass


class Wrapper:
    @hookimpl(wrapper=True)
    def usersmanager_wrap_call(self) -> Any:
        return (yield)


class TakesAnUnknownArgument:
    @hookimpl
    def usersmanager_wrap_call(self, request: Any, handler: Any) -> Any: ...


class TakesADefault:
    @hookimpl
    def usersmanager_request(self, request: Any, prefix: str = "x") -> Any: ...


class TakesEverything:
    @hookimpl
    def usersmanager_response(self, *arguments: Any) -> Any: ...


class TakesKeywords:
    @hookimpl
    def usersmanager_done(self, *, error: Any) -> Any: ...


class Coroutine:
    @hookimpl
    async def usersmanager_wrap_call(self, request: Any, proceed: Any) -> Any: ...


class AsyncGenerator:
    @hookimpl
    async def usersmanager_wrap_attempt(self, request: Any, proceed: Any) -> Any:
        yield


class GeneratorObserver:
    @hookimpl
    def usersmanager_response(self, response: Any) -> Any:
        yield


class ImplementsATransportHook:
    @hookimpl
    def usersmanager_transport(self) -> Any: ...


class HasAPartial(Tag):
    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self.usersmanager_done = hookimpl(partial(print, "done"))


class HasAProperty(Tag):
    @property
    def usersmanager_request(self) -> Any:
        return hookimpl(lambda request: None)


class Proxy:
    def __init__(self, plugin: Any) -> None:
        self._plugin = plugin

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plugin, name)


class Retries(Tag):
    retries = True


@dataclass
class Equal:
    password: str

    @hookimpl
    def usersmanager_request(self, request: Any) -> Any: ...


class ComparesAnything(Tag):
    def __init__(self, compare: Callable[[Any], Any]) -> None:
        super().__init__("x")
        self._compare = compare

    def __eq__(self, other: object) -> Any:
        return self._compare(other)

    __hash__ = None  # type: ignore[assignment] # As Python does.


@pytest.mark.parametrize(
    ("arguments", "keyword"),
    [
        ({"plugins": [Misspelled()]}, "did you mean 'usersmanager_wrap_call'?"),
        ({"plugins": [Unmarked()]}, "not marked with @hookimpl"),
        ({"plugins": [Hookless()]}, "does not implement any hook"),
        ({"plugins": [Wrapper()]}, "hook wrapper"),
        ({"plugins": [TakesAnUnknownArgument()]}, "are (request, proceed), or fewer"),
        ({"plugins": [TakesADefault()]}, "has the parameter \"prefix: 'str' = 'x'\""),
        ({"plugins": [TakesEverything()]}, 'has the parameter "*arguments'),
        ({"plugins": [TakesKeywords()]}, 'has the parameter "error'),
        ({"plugins": [Coroutine()]}, "usersmanager_wrap_call is an async function"),
        ({"plugins": [AsyncGenerator()]}, "usersmanager_wrap_attempt is an async function"),
        ({"plugins": [GeneratorObserver()]}, "usersmanager_response is a generator function"),
        ({"plugins": [HasAPartial("x")]}, "usersmanager_done is neither a method nor a function"),
        ({"plugins": [HasAProperty("x")]}, "write `def usersmanager_request(self, ...)`"),
        ({"plugins": [Proxy(Tag("x"))]}, "usersmanager_wrap_call is neither a method nor"),
        ({"plugins": [Retries("a"), Retries("b")]}, "'Retries' and 'Retries#2' both retry"),
        ({"plugins": [ImplementsATransportHook()]}, "pass it as transport="),
        ({"plugins": [Tag]}, "pass an instance, Tag(...)"),
        ({"plugins": [lambda request, proceed: None]}, "does not implement any hook"),
        ({"plugins": [tag := Tag("x"), tag]}, "given twice"),
        ({"plugins": [Equal("x"), Equal("x")]}, "'Equal' is equal to another one"),
        ({"plugins": [ComparesAnything(lambda other: True)]}, "can't be compared"),
        ({"plugins": [ComparesAnything(lambda other: False)]}, "can't be compared"),
        ({"plugins": [ComparesAnything(lambda other: other.key)]}, "return NotImplemented for"),
        ({"plugins": ["retrry"]}, "did you mean 'retry'?"),
        ({"plugins": ["zzz"]}, "known: cache, headers, jwt, logging, opentelemetry, retry"),
        ({"plugins": "retry"}, "must be a list"),
        ({"plugins": Tag("x")}, "must be a list"),
        ({"discover": "retry"}, "collection of installed names"),
        ({"discover": 1.5}, "collection of installed names"),
        ({"discover": ["retrry"]}, "did you mean 'retry'?"),
        ({"transport": "urlib3"}, "did you mean 'urllib3'?"),
        ({"transport": "aiohttp"}, "use it with AsyncUsersManager"),
        ({"transport": FakeTransport}, "pass an instance, FakeTransport(...)"),
        ({"transport": 7}, "needs the methods send(request) and close()"),
    ],
)
def test_a_mistake_is_rejected_with_advice(arguments: Any, keyword: str) -> None:
    with pytest.raises(PluginError) as caught:
        names(**arguments)
    assert keyword in str(caught.value)


def test_a_method_with_another_name_may_implement_a_hook() -> None:
    class Audit:
        @hookimpl(specname="usersmanager_request")
        def _audit(self, request: Any) -> Any:
            return request.with_headers({"X-Order": "audit,"})

    assert order(plugins=[Audit()], discover=False) == ["audit"]


def test_a_hook_may_be_set_on_the_instance() -> None:
    class Empty: ...

    plugin = Empty()
    vars(plugin)["usersmanager_wrap_call"] = hookimpl(lambda request, proceed: proceed(request))
    assert names(plugins=[plugin], discover=False) == ("Empty",)


def test_an_implementation_may_take_fewer_arguments_in_any_order() -> None:
    class Picky:
        @hookimpl
        def usersmanager_wrap_call(self, proceed: Any, request: Any) -> Any:
            return proceed(request.with_headers({"X-Order": "picky,"}))

        @hookimpl
        def usersmanager_done(self, elapsed: float, response: Any) -> None:
            done.append((elapsed >= 0, response.status))

    done: list[Any] = []
    assert order(plugins=[Picky()], discover=False) == ["picky"]
    assert done == [(True, 200)]


def test_a_plugin_that_was_rejected_leaves_no_trace() -> None:
    registry = Registry()
    for plugin in (Misspelled(), TakesADefault(), Hookless()):
        with pytest.raises(PluginError):
            registry.add("plugin", plugin)
    registry.add("plugin", Tag("x"))
    assert registry.names == ("plugin",)
    assert len(list(registry.implementations("usersmanager_wrap_call"))) == 1
