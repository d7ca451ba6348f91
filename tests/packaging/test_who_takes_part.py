"""Installed distributions that are broken, optional, or installed twice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

THIRD_PARTY = Path(__file__).parent / "thirdparty"

PROGRAM = """
import asyncio, json, logging, warnings
from usersmanager import AsyncUsersManager, PluginError, UsersManager
from usersmanager.testing import FakeTransport

class Records(logging.Handler):
    messages = []
    def emit(self, record):
        self.messages.append(f"{record.levelname} {record.getMessage()}")

logging.getLogger("usersmanager.plugins").addHandler(Records())
logging.getLogger("usersmanager.plugins").setLevel(logging.INFO)
arguments = json.loads(ARGUMENTS)
subjects, stamps = [], []
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for kind in (UsersManager, AsyncUsersManager):
        fake = FakeTransport().profile("sent")
        users = kind("https://tenant.example", transport=fake, **arguments)
        if kind is UsersManager:
            with users:
                subjects.append(users.get_info("token").sub)
        else:
            async def main():
                async with users:
                    subjects.append((await users.get_info("token")).sub)
            asyncio.run(main())
        stamps += [request.headers.get("X-Stamp") for request in fake.requests]
print(json.dumps({
    "subjects": subjects,
    "stamps": stamps,
    "warnings": [str(warning.message) for warning in caught],
    "log": Records.messages,
}))
"""


@pytest.fixture(scope="module")
def installed(environment: Any) -> Any:
    """Install all distributions of this module."""
    folders = ("exiting", "optional", "plugin", "unrelated")
    environment.install(*(THIRD_PARTY / folder for folder in folders))
    return environment


def run(installed: Any, arguments: Any = None, **variables: str) -> dict[str, Any]:
    program = f"ARGUMENTS = {json.dumps(json.dumps(arguments or {}))}\n{PROGRAM}"
    result: dict[str, Any] = json.loads(installed.run("-c", program, **variables))
    return result


def listed(installed: Any, **variables: str) -> dict[str, Any]:
    reports = json.loads(installed.run("-m", "usersmanager", "plugins", "--json", **variables))
    assert len({report["name"] for report in reports}) == len(reports)
    return {report["name"]: report for report in reports}


def test_a_plugin_that_exits_at_import_costs_itself_alone(installed: Any) -> None:
    result = run(installed)
    assert result["subjects"] == ["sent", "sent"]
    assert result["stamps"] == ["stamped", "stamped"]
    (warning,) = set(result["warnings"])
    assert "plugin 'exiting' of usersmanager-exiting 1.0: SystemExit: usage: exiting" in warning
    report = listed(installed)["exiting"]
    assert report["status"] == "failed"
    assert "SystemExit" in report["reason"]


def test_an_optional_plugin_is_off_until_it_is_named(installed: Any) -> None:
    report = listed(installed)["canned"]
    assert (report["status"], report["requires"]) == ("off", "usersmanager<2,>=0.1")
    assert "plugins=['canned']" in report["reason"]
    arguments = {"plugins": ["Canned"], "discover": ["stamp"]}
    assert run(installed, arguments)["subjects"] == ["canned", "canned"]


def test_the_command_line_turns_an_optional_plugin_on(installed: Any) -> None:
    arguments = ("info", "--plugin", "canned", "--base-url", "https://tenant.example")
    output = installed.run(
        *("-m", "usersmanager", *arguments), USERSMANAGER_TOKEN="t", USERSMANAGER_DISABLE="exiting"
    )
    assert output == "sub: canned\n"


def test_the_first_manager_logs_who_takes_part(installed: Any) -> None:
    assert run(installed, {"plugins": ["canned"]})["log"] == [
        "INFO active plugins of other distributions:"
        " canned (usersmanager-canned 2.0), stamp (usersmanager-stamp 3.2.1)"
    ]
    assert run(installed, USERSMANAGER_PLUGINS="logging,retry")["log"] == []


def test_variables_select_plugins(installed: Any) -> None:
    result = run(installed, USERSMANAGER_PLUGINS="Stamp", USERSMANAGER_DISABLE="exiting")
    assert (result["stamps"], result["warnings"]) == (["stamped", "stamped"], [])
    result = run(installed, {"plugins": ["stamp"]}, USERSMANAGER_DISABLE="stamp,exiting")
    assert result["stamps"] == [None, None]
    assert "'stamp'" in result["warnings"][0]


@contextmanager
def changed(file: Path, content: bytes | None) -> Iterator[None]:
    before = file.read_bytes()
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    try:
        yield
    finally:
        file.write_bytes(before)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("METADATA", None),
        ("METADATA", b"Name: caf\xe9\n"),
        ("entry_points.txt", b"[console_scripts]\ncaf\xe9 = cafe:main\n"),
        ("entry_points.txt", b"[console_scripts]\na line without a value\n"),
    ],
)
def test_the_broken_metadata_of_an_unrelated_distribution_harms_nothing(
    installed: Any, file: str, content: bytes | None
) -> None:
    with changed(installed.packages / "acme_unrelated-1.0.dist-info" / file, content):
        result = run(installed, USERSMANAGER_DISABLE="exiting")
        statuses = {report["status"] for report in listed(installed).values()}
    assert (result["stamps"], result["warnings"]) == (["stamped", "stamped"], [])
    assert statuses == {"active", "failed", "off"}


def test_the_broken_entry_point_of_a_plugin_costs_itself_alone(installed: Any) -> None:
    file = installed.packages / "usersmanager_stamp-3.2.1.dist-info" / "entry_points.txt"
    with changed(file, b"[usersmanager.plugins]\nstamp\n"):
        result = run(installed, USERSMANAGER_DISABLE="exiting")
    assert result["subjects"] == ["sent", "sent"]
    (warning,) = set(result["warnings"])
    assert "plugin 'stamp' of usersmanager-stamp 3.2.1" in warning


def test_a_distribution_on_two_paths_counts_once_and_the_first_is_used(
    installed: Any, tmp_path: Path
) -> None:
    installed.install(THIRD_PARTY / "plugin", target=tmp_path)
    (info,) = tmp_path.glob("*.dist-info")
    shutil.copytree(info, tmp_path / "usersmanager_stamp.egg-info")
    metadata = info / "METADATA"
    metadata.write_text(metadata.read_text().replace("Version: 3.2.1", "Version: 9.9"))
    variables = {"PYTHONPATH": f"{tmp_path}:{tmp_path}", "USERSMANAGER_DISABLE": "exiting"}
    result = run(installed, **variables)
    assert (result["stamps"], result["warnings"]) == (["stamped", "stamped"], [])
    assert listed(installed, **variables)["stamp"]["version"] == "9.9"
    assert listed(installed)["stamp"]["version"] == "3.2.1"
