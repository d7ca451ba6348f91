"""Which plugins and transports a manager gets, in which order, and what is refused."""

from __future__ import annotations

import itertools
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usersmanager import AsyncUsersManager, NotFoundError, PluginError, PluginWarning, UsersManager
from usersmanager._composition.compose import compose
from usersmanager._composition.modes import SYNC
from usersmanager.plugins import hookimpl, installed_plugins
from usersmanager.testing import FakeTransport

SHIPPED = ("headers", "logging", "retry")
PLUGIN = """
from usersmanager.plugins import hookimpl
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
    made = compose(
        SYNC, **{"transport": FakeTransport(), "plugins": (), "discover": True} | settings
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
        "from usersmanager.plugins import hookimpl\nmade = []\nclass Plugin:\n"
        "    def __init__(self): made.append(self)\n"
        "    @hookimpl\n    def usersmanager_wrap_call(self): return None\n",
    )
    names()
    names()
    assert len(sys.modules[module].made) == 2


@pytest.mark.parametrize("target", ["", ":plugin"])
def test_an_entry_point_may_name_a_module_or_an_object(install: Install, target: str) -> None:
    source = "from usersmanager.plugins import hookimpl\nimport sys\n"
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


# Names that several distributions provide.

TRANSPORTS = "usersmanager.transports"
NEVER_IMPORTED = "raise SystemExit('imported')"
OF_TWO = r"^the plugin name 'twice' is provided by dist-one 1\.2 and dist-two 1\.2 \(uninstall one"


def install_twice(install: Install, **settings: Any) -> list[str]:
    """Installs a name from two distributions, neither of which may be imported."""
    return [
        install("twice", NEVER_IMPORTED, distribution=distribution, **settings)
        for distribution in ("dist-one", "dist-two")
    ]


def only_warning(make: Callable[[], object]) -> str:
    """The one PluginWarning of what is made."""
    with pytest.warns(PluginWarning) as warned:
        make()
    assert len(warned) == 1, [str(one.message) for one in warned]
    return str(warned[0].message)


def test_a_name_of_two_distributions_is_not_discovered_and_warns_once(install: Install) -> None:
    install_twice(install)
    made: list[tuple[str, ...]] = []
    message = only_warning(lambda: made.append(names()))
    assert re.match(OF_TWO, message)
    assert "USERSMANAGER_DISABLE=twice" in message
    assert made == [SHIPPED]


@pytest.mark.parametrize("asked", [{"plugins": ["twice"]}, {"discover": ["twice"]}])
def test_asking_for_a_name_of_two_distributions_raises(install: Install, asked: Any) -> None:
    install_twice(install)
    with pytest.raises(PluginError, match=OF_TWO):
        names(**asked)


def test_asking_for_a_transport_of_two_distributions_raises(install: Install) -> None:
    install_twice(install, group=TRANSPORTS)
    assert names() == SHIPPED
    with pytest.raises(PluginError, match=OF_TWO.replace("plugin", "transport")):
        names(transport="twice")


@pytest.mark.parametrize(
    "asked", [{}, {"plugins": ["retry"]}, {"discover": SHIPPED}, {"plugins": ["retry", "retry"]}]
)
def test_a_shipped_plugin_is_used_even_if_another_distribution_claims_its_name(
    install: Install, asked: Any
) -> None:
    install("retry", NEVER_IMPORTED, distribution="acme-retry")
    made: list[tuple[str, ...]] = []
    message = only_warning(lambda: made.append(names(**asked)))
    assert re.fullmatch(
        r"the plugin name 'retry' is provided by acme-retry 1\.2 and usersmanager \S+:"
        " using usersmanager",
        message,
    )
    assert set(made[0]) >= set(SHIPPED)


def test_several_that_claim_a_shipped_name_are_all_named(install: Install) -> None:
    install("retry", NEVER_IMPORTED, distribution="acme-retry")
    install("retry", NEVER_IMPORTED, distribution="zeta-retry")
    message = only_warning(names)
    assert re.search(r"acme-retry 1\.2 and usersmanager \S+ and zeta-retry 1\.2: using", message)


@pytest.mark.parametrize(
    ("kind", "name"), [(UsersManager, "urllib3"), (AsyncUsersManager, "aiohttp")]
)
@pytest.mark.parametrize("by_name", [False, True])
def test_a_shipped_transport_is_used_even_if_another_distribution_claims_its_name(
    install: Install, kind: Any, name: str, by_name: bool
) -> None:
    install(name, NEVER_IMPORTED, group=TRANSPORTS, distribution="acme-transport")
    made: list[Any] = []
    message = only_warning(
        lambda: made.append(kind("https://tenant.example", transport=name if by_name else None))
    )
    assert f"the transport name {name!r} is provided by acme-transport 1.2 and" in message
    assert type(made[0]._composition.transport).__module__.startswith(f"usersmanager_{name}")
    if kind is UsersManager:
        made[0].close()


def test_a_name_that_is_not_looked_up_is_not_warned_about(install: Install) -> None:
    from usersmanager_retry import Retry

    install("retry", NEVER_IMPORTED, distribution="acme-retry")
    install("urllib3", NEVER_IMPORTED, group=TRANSPORTS, distribution="acme-transport")
    assert names(plugins=[Retry()]) == ("retry", "headers", "logging")
    assert names(discover=False) == ()


def test_the_warning_is_repeated_for_each_manager(install: Install) -> None:
    install("retry", NEVER_IMPORTED, distribution="acme-retry")
    assert only_warning(names) == only_warning(names)


@pytest.mark.parametrize("folder", ["dist_one-1.1.dist-info", "~ist_one-1.1.dist-info"])
def test_one_distribution_seen_twice_is_one(install: Install, tmp_path: Path, folder: str) -> None:
    install("twice", distribution="dist-one")
    shutil.copytree(tmp_path / "dist_one-1.2.dist-info", tmp_path / folder)
    metadata = tmp_path / folder / "METADATA"
    metadata.write_text(metadata.read_text().replace("dist-one", "Dist.One"))
    assert order(discover=["twice"]) == ["twice"]
    assert [one.status for one in installed_plugins() if one.name == "twice"] == ["active"]


def test_a_name_that_one_distribution_lists_twice_is_one(install: Install, tmp_path: Path) -> None:
    install("twice", distribution="dist-one")
    entry_points = tmp_path / "dist_one-1.2.dist-info" / "entry_points.txt"
    text = entry_points.read_text()
    entry_points.write_text(text + text.splitlines()[1] + "\n")
    assert order(discover=["twice"]) == ["twice"]


def test_a_distribution_without_metadata_is_unknown_and_does_no_harm(
    install: Install, tmp_path: Path
) -> None:
    install("plain", distribution="dist-one")
    (tmp_path / "dist_one-1.2.dist-info" / "METADATA").unlink()
    assert "plain" in names()
    plain = next(report for report in installed_plugins() if report.name == "plain")
    assert (plain.distribution, plain.version, plain.status) == ("unknown", "", "active")


def test_a_malformed_entry_point_of_another_distribution_only_warns(install: Install) -> None:
    install("malformed", target=" is not a module!")
    message = only_warning(lambda: names(plugins=[Tag("x")]))
    assert "plugin 'malformed' of dist-" in message


def test_one_name_may_be_that_of_a_plugin_and_of_a_transport(install: Install) -> None:
    install("urllib3", distribution="dist-one")
    assert names() == (*SHIPPED, "urllib3")


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
    install_twice(install)
    monkeypatch.setenv("USERSMANAGER_DISABLE", "twice")
    assert names() == SHIPPED


def test_an_instance_is_blocked_by_its_name_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from usersmanager_retry import Retry

    monkeypatch.setenv("USERSMANAGER_DISABLE", "retry")
    assert names(plugins=[Retry()]) == ("headers", "logging")


def test_a_blocked_transport_that_is_asked_for_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERSMANAGER_DISABLE", "urllib3")
    with pytest.raises(PluginError, match="disabled by USERSMANAGER_DISABLE"):
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
        ({"plugins": [Hookless()]}, "does not implement any hook"),
        ({"plugins": [Wrapper()]}, "hook wrapper"),
        ({"plugins": [TakesArguments()]}, "a hook takes no arguments"),
        ({"plugins": [ReturnsNoFunction()]}, "must return a function"),
        ({"plugins": [BringsATransport()]}, "pass it as transport="),
        ({"plugins": [Tag]}, "pass an instance, Tag(...)"),
        ({"plugins": [lambda request, proceed: None]}, "does not implement any hook"),
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
def test_the_wrong_mode_is_refused_with_what_to_use(kind: Any, transport: Any, words: str) -> None:
    with pytest.raises(PluginError) as caught:
        kind("https://tenant.example", transport=transport)
    assert words in str(caught.value)


def test_one_object_may_serve_both_modes(mode: Any) -> None:
    fake = FakeTransport().profile("u")
    assert mode.call("get_info", "t", base_url="https://tenant.example", transport=fake).sub == "u"
    assert fake.closed


def test_the_inventory_lists_what_is_active_blocked_and_failed(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("broken", "raise RuntimeError('no numpy')")
    install("off")
    monkeypatch.setenv("USERSMANAGER_DISABLE", "off")
    reports = {report.name: report for report in installed_plugins()}
    assert reports["retry"].status == "active"
    assert reports["retry"].modes == ("sync", "async")
    assert reports["retry"].hooks == ("usersmanager_wrap_call",)
    assert reports["urllib3"].modes == ("sync",)
    assert reports["aiohttp"].modes == ("async",)
    assert (reports["off"].status, reports["off"].hooks) == ("disabled", ())
    assert reports["broken"].status == "failed"
    assert "no numpy" in reports["broken"].reason
    assert reports["broken"].version == "1.2"


def test_the_inventory_lists_both_sides_of_a_conflict(install: Install) -> None:
    install_twice(install)
    failed = [report for report in installed_plugins() if report.name == "twice"]
    assert [report.distribution for report in failed] == ["dist-one", "dist-two"]
    assert {report.status for report in failed} == {"failed"}
    assert all(re.match(OF_TWO, report.reason) for report in failed)


def test_the_inventory_says_what_is_shadowed_and_does_not_import_it(install: Install) -> None:
    install("retry", NEVER_IMPORTED, distribution="acme-retry")
    shadowed, shipped = (report for report in installed_plugins() if report.name == "retry")
    assert (shadowed.distribution, shadowed.status) == ("acme-retry", "shadowed")
    assert re.fullmatch(r"the plugin 'retry' of usersmanager \S+ is used instead", shadowed.reason)
    assert (shadowed.hooks, shadowed.modes) == ((), ())
    assert (shipped.distribution, shipped.status) == ("usersmanager", "active")


def test_a_transport_is_found_by_name(install: Install) -> None:
    source = (
        "from usersmanager.plugins import hookimpl\n"
        "from usersmanager.testing import FakeTransport\n"
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


def test_a_warning_about_a_name_points_at_the_line_that_makes_the_manager(install: Install) -> None:
    install("retry", NEVER_IMPORTED, distribution="acme-retry")
    with pytest.warns(PluginWarning) as warned, pytest.raises(NotFoundError):
        UsersManager.from_issuer("https://tenant.example", transport=FakeTransport().status(404))
    assert [one.filename for one in warned] == [__file__]
