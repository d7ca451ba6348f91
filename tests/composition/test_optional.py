"""Optional plugins: installed, and used only if a program asks for them."""

from __future__ import annotations

import sys

import pytest
from tests.composition.support import (
    NEVER_IMPORTED,
    SHIPPED,
    Install,
    names,
    only_warning,
    order,
    report_on,
)

from usersmanager import PluginError

GROUP = "usersmanager.optional_plugins"
NEVER_MADE = """
class Plugin:
    def __init__(self, leeway=60, *more, **others): raise KeyboardInterrupt("made")
"""


def test_an_optional_plugin_is_neither_discovered_nor_imported(install: Install) -> None:
    module = install("caching", NEVER_IMPORTED, group=GROUP)
    assert names() == SHIPPED
    assert module not in sys.modules


def test_an_optional_plugin_is_used_if_it_is_named(install: Install) -> None:
    install("caching", group=GROUP)
    assert names(plugins=["caching"]) == ("caching", *SHIPPED)
    assert order(plugins=["Caching"]) == ["caching"]


def test_an_optional_plugin_is_used_if_an_instance_is_passed(install: Install) -> None:
    module = install("caching", group=GROUP)
    names(plugins=["caching"])  # It imports the module.
    assert names(plugins=[sys.modules[module].Plugin()]) == ("caching", *SHIPPED)


def test_an_optional_plugin_can_not_be_discovered_by_name(install: Install) -> None:
    install("caching", NEVER_MADE, group=GROUP, distribution="dist-caching")
    with pytest.raises(PluginError) as caught:
        names(discover=["caching"])
    assert "plugin 'caching' of dist-caching 1.2 is optional" in str(caught.value)
    assert "plugins=['caching']" in str(caught.value)


def test_an_optional_plugin_is_reported_as_off_with_how_to_use_it(install: Install) -> None:
    install("caching", NEVER_MADE, group=GROUP)
    report = report_on("caching")
    assert (report.kind, report.status) == ("plugin", "off")
    assert (report.hooks, report.modes) == ((), ())
    assert (report.around_call, report.around_attempt) == (None, None)
    assert "plugins=['caching']" in report.reason


@pytest.mark.parametrize(
    ("source", "status", "reason"),
    [
        ("import a_module_that_is_not_installed", "missing dependency", "No module named"),
        ("raise SystemExit", "failed", "SystemExit"),
        ("", "failed", "has no attribute 'Plugin'"),
    ],
)
def test_an_optional_plugin_that_can_not_be_imported_is_not_off(
    install: Install, source: str, status: str, reason: str
) -> None:
    install("caching", source, group=GROUP)
    report = report_on("caching")
    assert report.status == status
    assert reason in report.reason
    assert "plugins=" not in report.reason
    with pytest.raises(PluginError, match=f"^failed to load plugin 'caching' .*{reason}"):
        names(discover=["caching"])


@pytest.mark.parametrize(
    ("parameters", "target", "instance"),
    [
        ("client_id, leeway=60", ":Plugin", "Plugin(client_id=...)"),
        ("a, b, *, c, **others", ":Plugin", "Plugin(a=..., b=..., c=...)"),
        ("key, /", ":Outer.Inner", "Outer.Inner(...)"),
    ],
)
def test_an_optional_plugin_that_needs_arguments_is_explained_as_an_instance(
    install: Install, parameters: str, target: str, instance: str
) -> None:
    source = f"class Plugin:\n    def __init__(self, {parameters}): ..."
    module = install("mine", f"{source}\nclass Outer: Inner = Plugin", group=GROUP, target=target)
    name = instance.partition("(")[0].partition(".")[0]
    advice = f"it needs arguments: write `from {module} import {name}` and `plugins=[{instance}]`"
    assert (report_on("mine").status, report_on("mine").reason) == ("off", advice)
    for arguments in ({"plugins": ["mine"]}, {"discover": ["mine"]}):
        with pytest.raises(PluginError) as caught:
            names(**arguments)
        assert str(caught.value).endswith(f": {advice}")


def test_an_optional_plugin_that_is_disabled_is_reported_as_disabled(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = install("caching", NEVER_MADE, group=GROUP)
    monkeypatch.setenv("USERSMANAGER_DISABLE", "caching")
    assert report_on("caching").status == "disabled"
    assert module not in sys.modules
    assert "disabled" in only_warning(lambda: names(plugins=["caching"]))
    assert "disabled" in only_warning(lambda: names(discover=["caching"]))


def test_an_optional_plugin_that_fails_is_an_error_where_it_is_named(install: Install) -> None:
    install("caching", "raise SystemExit", group=GROUP, distribution="dist-caching")
    with pytest.raises(PluginError, match=r"plugin 'caching' of dist-caching 1\.2: SystemExit"):
        names(plugins=["caching"])


def test_a_distribution_may_have_optional_plugins_beside_others(install: Install) -> None:
    module = install("always", distribution="unused-name")
    install.write_info(
        "dist-both",
        "Metadata-Version: 2.1\nName: dist-both\nVersion: 1\n",
        f"[usersmanager.plugins]\nalways-on = {module}:Plugin\n"
        f"[{GROUP}]\nmaybe = {module}:Plugin\n",
    )
    assert names() == ("always", "always-on", *SHIPPED)
    assert report_on("maybe").status == "off"


def test_a_name_that_is_optional_in_one_distribution_and_not_in_another_is_ambiguous(
    install: Install,
) -> None:
    install("caching", NEVER_IMPORTED, group=GROUP, distribution="dist-one")
    install("caching", NEVER_IMPORTED, distribution="dist-two")
    message = only_warning(lambda: names())
    assert "'caching' is provided by dist-one 1.2 and dist-two 1.2" in message
    with pytest.raises(PluginError, match="is provided by"):
        names(plugins=["caching"])


def test_an_optional_plugin_under_a_shipped_name_is_never_used(install: Install) -> None:
    install("retry", NEVER_IMPORTED, group=GROUP, distribution="acme-retry")
    assert "using usersmanager" in only_warning(lambda: names(plugins=["retry"]))
