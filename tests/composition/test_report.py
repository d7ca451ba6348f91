"""The report on installed plugins and transports."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest
from tests.composition.support import NEVER_IMPORTED, PLUGIN, Install, install_twice, report_on
from tests.support import TENANT

from usersmanager import PluginWarning, UsersManager
from usersmanager._composition.report import reported_order
from usersmanager.plugins import installed_plugins


def test_a_report_has_the_status_modes_and_hooks_of_a_plugin(
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


def test_both_plugins_of_a_conflict_are_reported_as_failed(install: Install) -> None:
    install_twice(install)
    failed = [report for report in installed_plugins() if report.name == "twice"]
    assert [report.distribution for report in failed] == ["dist-one", "dist-two"]
    assert {report.status for report in failed} == {"failed"}
    assert all("dist-one 1.2 and dist-two 1.2" in report.reason for report in failed)


def test_a_plugin_under_a_shipped_name_is_reported_as_failed_and_not_imported(
    install: Install,
) -> None:
    install("retry", NEVER_IMPORTED, distribution="acme-retry")
    other, shipped = (report for report in installed_plugins() if report.name == "retry")
    assert (other.distribution, other.status) == ("acme-retry", "failed")
    assert "of usersmanager" in other.reason
    assert (other.hooks, other.modes) == ((), ())
    assert (other.around_call, other.around_attempt) == (None, None)
    assert (shipped.distribution, shipped.status) == ("usersmanager", "active")


def test_the_reports_have_the_order_of_a_manager_without_arguments(install: Install) -> None:
    install("inner", options="(trylast=True)")
    install("outer", options="(tryfirst=True)")
    install("broken", "raise RuntimeError")
    install("caching", group="usersmanager.optional_plugins")
    order = reported_order(installed_plugins())
    assert order.call == ("logging", "opentelemetry", "outer", "inner", "retry")
    assert order.attempt == ("headers", "logging", "opentelemetry")
    with pytest.warns(PluginWarning, match="broken"):
        users = UsersManager(TENANT)
    users.close()
    assert str(order) in repr(users)
    assert report_on("outer").around_call == 3
    assert report_on("outer").around_attempt is None
    assert report_on("logging").around_attempt == 2


def test_of_two_discovered_plugins_that_retry_the_first_by_name_is_used(install: Install) -> None:
    source = PLUGIN.format(name="again", options="", hook="usersmanager_wrap_call")
    install("again", f"{source}    retries = True\n")
    assert report_on("again").status == "active"
    assert report_on("retry").status == "failed"
    assert "'again' and 'retry' both retry" in report_on("retry").reason


def test_a_report_issues_no_warning(install: Install) -> None:
    install("broken", "raise RuntimeError")
    install("retry", NEVER_IMPORTED, distribution="acme-retry")
    install_twice(install)
    assert installed_plugins()  # A warning is an error.


TRANSPORT = """
from usersmanager.transports import hookimpl
events = []
class Transport:
    def send(self, request): ...
    def close(self): events.append("close")
    async def asend(self, request): ...
    async def aclose(self): events.append("aclose")
@hookimpl
def usersmanager_transport(): return Transport()
@hookimpl
def usersmanager_async_transport(): return Transport()
"""


def test_the_transports_that_a_report_makes_are_closed(install: Install) -> None:
    module = install.transport("curl", TRANSPORT)
    assert report_on("curl").status == "active"
    assert sys.modules[module].events == ["close", "aclose"]


def test_a_transport_whose_close_fails_is_still_active(install: Install) -> None:
    source = TRANSPORT.replace("events.append", "asyncio.get_running_loop() or ")
    install.transport("curl", f"import asyncio\n{source}")
    assert report_on("curl").status == "active"


def test_a_transport_without_its_library_has_a_missing_dependency(install: Install) -> None:
    source = TRANSPORT.replace("return Transport()", "import a_module_that_is_not_installed")
    install.transport("curl", source)
    report = report_on("curl")
    assert (report.status, report.modes) == ("missing dependency", ())


def test_every_shipped_optional_plugin_can_be_used_as_its_report_says() -> None:
    reports = [report for report in installed_plugins() if report.status == "off"]
    assert {report.name for report in reports} == {"cache", "jwt"}
    for report in reports:
        written: dict[str, Any] = {}
        for code in re.findall(r"`(from .*?)`", report.reason):
            exec(code, written)
        (argument,) = re.findall(r"\bplugins=(\[.*?\])", report.reason)
        plugins = eval(argument.replace("...", "'my-app'"), written)
        with UsersManager(TENANT, plugins=plugins) as users:
            assert report.name in repr(users)
