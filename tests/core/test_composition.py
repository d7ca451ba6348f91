"""Which plugins and transports a manager gets, in which order, and what is refused."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usersmanager import (
    AsyncUsersManager,
    PluginError,
    PluginWarning,
    UsersManager,
    hookimpl,
    installed_plugins,
)
from usersmanager.colours import BLOCKING
from usersmanager.composition import compose_client
from usersmanager.testing import FakeTransport

SHIPPED = ("headers", "logging", "retry")
PLUGIN = """
from usersmanager import hookimpl
class Plugin:
    @hookimpl{options}
    def {hook}(self):
        return lambda request, proceed: proceed(request.with_headers({{"X-Order":
            request.headers.get("X-Order", "") + "{name},"}}))
"""


class Install:
    """Writes distributions that are found as if they were installed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._count = itertools.count()

    def __call__(
        self,
        name: str,
        source: str = PLUGIN,
        *,
        options: str = "",
        hook: str = "usersmanager_wrap_call",
        group: str = "usersmanager.plugins",
        target: str = ":Plugin",
        distribution: str | None = None,
    ) -> str:
        module = f"installed_{next(self._count)}_{abs(hash(self._path))}"
        if "{" in source:
            source = source.format(name=name, options=options, hook=hook)
        (self._path / f"{module}.py").write_text(source)
        distribution = distribution or f"dist-{module.replace('_', '-')}"
        info = self._path / f"{distribution.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n"
        )
        (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {module}{target}\n")
        return module


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield Install(tmp_path)
    for name in set(sys.modules) - before:
        if name.startswith("installed_"):
            del sys.modules[name]


def names(**settings: Any) -> tuple[str, ...]:
    made = compose_client(
        BLOCKING, **{"transport": FakeTransport(), "plugins": (), "discover": True} | settings
    )
    return made.plugins


def order(**settings: Any) -> list[str]:
    """The order in which plugins saw a request, outermost first."""
    fake = FakeTransport().profile("u")
    with UsersManager("https://tenant.example", transport=fake, **settings) as users:
        users.get_info("t")
    return fake.requests[0].headers.get("X-Order", "").split(",")[:-1]


class Tag:
    def __init__(self, tag: str) -> None:
        self._tag = tag

    @hookimpl
    def usersmanager_wrap_call(self) -> Any:
        return lambda request, proceed: proceed(
            request.with_headers({"X-Order": request.headers.get("X-Order", "") + f"{self._tag},"})
        )


class Eager(Tag):
    @hookimpl(tryfirst=True)
    def usersmanager_wrap_call(self) -> Any:
        return super().usersmanager_wrap_call()


def test_the_shipped_plugins_are_discovered_by_name() -> None:
    assert names() == SHIPPED


def test_nothing_is_discovered_if_so_asked() -> None:
    assert names(discover=False) == ()


def test_only_the_named_are_discovered() -> None:
    assert names(discover=["retry", "headers"]) == ("headers", "retry")


def test_an_instance_stands_in_for_the_discovered_plugin_of_its_name() -> None:
    from usersmanager_retry import Retry

    assert names(plugins=[Retry(attempts=5)]) == ("retry", "headers", "logging")


def test_a_name_in_plugins_moves_a_discovered_plugin_outwards() -> None:
    assert names(plugins=["retry"]) == ("retry", "headers", "logging")


def test_explicit_plugins_keep_their_order_whatever_their_hooks_wish() -> None:
    assert order(plugins=[Tag("a"), Eager("b"), Tag("c")], discover=False) == ["a", "b", "c"]


def test_discovered_plugins_go_by_name_inside_the_explicit_unless_they_wish_otherwise(
    install: Install,
) -> None:
    install("m", options="(trylast=True)")
    install("z", options="(tryfirst=True)")
    install("b")
    install("a")
    assert order(plugins=[Tag("x"), Tag("y")], discover=["a", "b", "m", "z"]) == [
        "z", "x", "y", "a", "b", "m",
    ]  # fmt: skip


@given(st.lists(st.sampled_from("abcdef"), unique=True))
def test_the_order_of_explicit_plugins_is_the_order_of_the_list(tags: list[str]) -> None:
    assert order(plugins=[Tag(tag) for tag in tags], discover=False) == tags


@given(st.permutations(["retry", "headers", "logging"]))
def test_the_order_of_discovered_plugins_does_not_depend_on_how_they_are_asked_for(
    asked: list[str],
) -> None:
    assert names(discover=asked) == SHIPPED


def test_each_manager_makes_its_own_instance(install: Install) -> None:
    module = install(
        "counting",
        "from usersmanager import hookimpl\nmade = []\nclass Plugin:\n"
        "    def __init__(self): made.append(self)\n"
        "    @hookimpl\n    def usersmanager_wrap_call(self): return None\n",
    )
    names()
    names()
    assert len(sys.modules[module].made) == 2


@pytest.mark.parametrize("target", ["", ":plugin"])
def test_an_entry_point_may_name_a_module_or_an_object(install: Install, target: str) -> None:
    source = "from usersmanager import hookimpl\nimport sys\n"
    source += "@hookimpl\ndef usersmanager_wrap_call(): return lambda r, p: p(r)\n"
    source += "plugin = sys.modules[__name__]\n"
    install("modular", source, target=target)
    assert "modular" in names()


def test_a_discovered_plugin_that_fails_to_import_warns_and_the_rest_works(
    install: Install,
) -> None:
    install("broken", "raise RuntimeError('no numpy')", distribution="dist-broken")
    with pytest.warns(PluginWarning, match=r"'broken' of dist-broken 1\.2.*RuntimeError: no numpy"):
        assert names() == SHIPPED


def test_a_discovered_plugin_that_cannot_be_made_warns(install: Install) -> None:
    install("needy", "class Plugin:\n    def __init__(self, key): ...\n")
    with pytest.warns(PluginWarning, match="needy.*TypeError"):
        assert names() == SHIPPED


@pytest.mark.parametrize("asked", [{"plugins": ["broken"]}, {"discover": ["broken"]}])
def test_a_plugin_asked_for_by_name_that_fails_raises(install: Install, asked: Any) -> None:
    install("broken", "raise RuntimeError('no numpy')")
    with pytest.raises(PluginError, match="no numpy"):
        names(**asked)


def test_two_distributions_with_one_name_raise_and_are_named(install: Install) -> None:
    install("twice", distribution="dist-one")
    install("twice", distribution="dist-two")
    with pytest.raises(PluginError, match=r"dist-one 1\.2 and dist-two 1\.2"):
        names()


def test_two_distributions_with_one_transport_name_raise(install: Install) -> None:
    for distribution in ("dist-one", "dist-two"):
        install("carrier", group="usersmanager.transports", distribution=distribution)
    with pytest.raises(PluginError, match="dist-one"):
        names(transport="carrier")
    assert names() == SHIPPED


@pytest.mark.parametrize("asked", [{}, {"plugins": ["broken"]}, {"discover": ["broken", *SHIPPED]}])
def test_a_blocked_plugin_is_never_imported(
    install: Install, monkeypatch: pytest.MonkeyPatch, asked: Any
) -> None:
    module = install("broken", "raise RuntimeError")
    monkeypatch.setenv("USERSMANAGER_DISABLE", "broken, other")
    assert names(**asked) == SHIPPED
    assert module not in sys.modules


def test_blocking_a_name_settles_a_conflict(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("twice", distribution="dist-one")
    install("twice", distribution="dist-two")
    monkeypatch.setenv("USERSMANAGER_DISABLE", "twice")
    assert names() == SHIPPED


def test_an_instance_is_blocked_by_its_name_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from usersmanager_retry import Retry

    monkeypatch.setenv("USERSMANAGER_DISABLE", "retry")
    assert names(plugins=[Retry()]) == ("headers", "logging")


def test_a_blocked_transport_that_is_asked_for_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERSMANAGER_DISABLE", "urllib3")
    with pytest.raises(PluginError, match="blocked by USERSMANAGER_DISABLE"):
        names(transport=None)


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


class BringsATransport:
    @hookimpl
    def usersmanager_transport(self) -> Any: ...


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"plugins": [Misspelled()]}, "did you mean 'usersmanager_wrap_call'?"),
        ({"plugins": [Unmarked()]}, "not marked with @hookimpl"),
        ({"plugins": [Hookless()]}, "no method marked with @hookimpl"),
        ({"plugins": [Wrapper()]}, "hook wrapper"),
        ({"plugins": [TakesArguments()]}, "a hook takes no arguments"),
        ({"plugins": [ReturnsNoFunction()]}, "must return a function"),
        ({"plugins": [BringsATransport()]}, "pass it as transport="),
        ({"plugins": [Tag]}, "pass an instance, Tag(...)"),
        ({"plugins": [lambda request, proceed: None]}, "no method marked"),
        ({"plugins": [one := Tag("x"), one]}, "given twice"),
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
def test_what_would_not_work_is_refused_at_construction(settings: Any, words: str) -> None:
    with pytest.raises(PluginError) as caught:
        names(**settings)
    assert words in str(caught.value)


def test_a_hook_may_have_a_name_of_its_own_and_a_private_one() -> None:
    class Audit:
        asked = 0

        @hookimpl(specname="usersmanager_wrap_call")
        def _audit(self) -> None:
            self.asked += 1

    plugin = Audit()
    assert names(plugins=[plugin], discover=False) == ("Audit",)
    assert plugin.asked == 1


def test_a_hook_may_be_set_on_the_instance() -> None:
    class Empty: ...

    plugin = Empty()
    vars(plugin)["usersmanager_wrap_call"] = hookimpl(lambda: None)
    assert names(plugins=[plugin], discover=False) == ("Empty",)


def test_a_misspelled_hook_of_a_discovered_plugin_raises(install: Install) -> None:
    install("wrong", hook="usersmanager_wrap_cal")
    with pytest.raises(PluginError, match="'wrong': no such hook: 'usersmanager_wrap_cal'"):
        names()


class AsyncOnly:
    async def asend(self, request: Any) -> Any: ...
    async def aclose(self) -> None: ...


class BlockingOnly:
    def send(self, request: Any) -> Any: ...
    def close(self) -> None: ...


class WronglyNamed:
    async def send(self, request: Any) -> Any: ...
    async def close(self) -> None: ...


@pytest.mark.parametrize(
    ("kind", "transport", "words"),
    [
        (UsersManager, AsyncOnly(), "use it with AsyncUsersManager"),
        (AsyncUsersManager, BlockingOnly(), "use it with UsersManager"),
        (AsyncUsersManager, "urllib3", "leave transport out for 'aiohttp'"),
        (UsersManager, WronglyNamed(), "name its coroutine function asend"),
        (AsyncUsersManager, WronglyNamed(), "name its coroutine function asend"),
    ],
)
def test_the_wrong_colour_is_refused_with_what_to_use(
    kind: Any, transport: Any, words: str
) -> None:
    with pytest.raises(PluginError) as caught:
        kind("https://tenant.example", transport=transport)
    assert words in str(caught.value)


def test_one_object_may_serve_both_colours(colour: Any) -> None:
    fake = FakeTransport().profile("u")
    assert (
        colour.call("get_info", "t", base_url="https://tenant.example", transport=fake).sub == "u"
    )
    assert fake.closed


def test_the_inventory_lists_what_is_active_blocked_and_failed(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("broken", "raise RuntimeError('no numpy')")
    install("off")
    monkeypatch.setenv("USERSMANAGER_DISABLE", "off")
    reports = {report.name: report for report in installed_plugins()}
    assert reports["retry"].status == "active"
    assert reports["retry"].colours == ("blocking", "asyncio")
    assert reports["retry"].hooks == ("usersmanager_wrap_call",)
    assert reports["urllib3"].colours == ("blocking",)
    assert reports["aiohttp"].colours == ("asyncio",)
    assert (reports["off"].status, reports["off"].hooks) == ("blocked", ())
    assert reports["broken"].status == "failed"
    assert "no numpy" in reports["broken"].reason
    assert reports["broken"].version == "1.2"


def test_the_inventory_lists_both_sides_of_a_conflict(install: Install) -> None:
    install("twice", distribution="dist-one")
    install("twice", distribution="dist-two")
    failed = [report for report in installed_plugins() if report.name == "twice"]
    assert [report.distribution for report in failed] == ["dist-one", "dist-two"]
    assert {report.status for report in failed} == {"failed"}


def test_a_transport_is_found_by_name(install: Install) -> None:
    source = (
        "from usersmanager import hookimpl\nfrom usersmanager.testing import FakeTransport\n"
        "@hookimpl\ndef usersmanager_transport(): return FakeTransport().profile('carried')\n"
    )
    install("carrier", source, group="usersmanager.transports", target="")
    with UsersManager("https://tenant.example", transport="carrier") as users:
        assert users.get_info("t").sub == "carried"


def test_a_warning_points_at_the_line_that_makes_the_manager(install: Install) -> None:
    install("broken", "raise RuntimeError")
    with pytest.warns(PluginWarning) as blocking:
        users = UsersManager("https://tenant.example", transport=FakeTransport())
    with pytest.warns(PluginWarning) as asyncio:
        AsyncUsersManager("https://tenant.example", transport=FakeTransport())
    users.close()
    assert [one.filename for one in (*blocking, *asyncio)] == [__file__, __file__]
