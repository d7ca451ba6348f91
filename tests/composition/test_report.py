"""The report on installed plugins and transports."""

from __future__ import annotations

import pytest
from tests.composition.support import NEVER_IMPORTED, Install, install_twice

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


def test_a_plugin_with_a_missing_dependency_has_its_own_status(install: Install) -> None:
    install("needy", "import a_module_that_is_not_installed")
    (report,) = (report for report in installed_plugins() if report.name == "needy")
    assert report.status == "missing dependency"
    assert "a_module_that_is_not_installed" in report.reason


def test_both_plugins_of_a_conflict_are_reported_as_failed(install: Install) -> None:
    install_twice(install)
    failed = [report for report in installed_plugins() if report.name == "twice"]
    assert [report.distribution for report in failed] == ["dist-one", "dist-two"]
    assert {report.status for report in failed} == {"failed"}
    assert all("dist-one 1.2 and dist-two 1.2" in report.reason for report in failed)


def test_a_shadowed_plugin_is_reported_and_not_imported(install: Install) -> None:
    install("retry", NEVER_IMPORTED, distribution="acme-retry")
    shadowed, shipped = (report for report in installed_plugins() if report.name == "retry")
    assert (shadowed.distribution, shadowed.status) == ("acme-retry", "shadowed")
    assert "of usersmanager" in shadowed.reason
    assert (shadowed.hooks, shadowed.modes) == ((), ())
    assert (shipped.distribution, shipped.status) == ("usersmanager", "active")
