"""`usersmanager sandbox`."""

from __future__ import annotations

import errno
import os
import signal
import socket

import pytest

from usersmanager import RateLimitedError, UsersManager
from usersmanager.cli.app import run
from usersmanager.testing import Sandbox


def started(spawn, *arguments):
    """A running sandbox, and the values its guide tells."""
    process = spawn("sandbox", *arguments)
    guide = {}
    for line in process.stdout:
        name, equals, value = line.removeprefix("export ").rstrip("\n").partition("=")
        if equals:
            guide[name] = value
        if line.startswith("usersmanager impersonate"):
            return process, guide, line.split()
    raise AssertionError(process.stderr.read())


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_its_guide_works_as_printed_and_ctrl_c_ends_it_well(spawn, command):
    process, guide, impersonate = started(spawn)
    assert guide.keys() == {
        "USERSMANAGER_BASE_URL",
        "USERSMANAGER_TOKEN",
        "USERSMANAGER_API_TOKEN",
    }
    assert "name: Ada Lovelace\n" in command("info", **guide).stdout
    link = command(*(word.strip("'") for word in impersonate[1:]), **guide).stdout
    assert link.startswith(guide["USERSMANAGER_BASE_URL"])
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout.strip(), stderr) == (0, "stopped", "")


def test_it_has_auth0s_rate_limit_if_asked(spawn):
    _, guide, _ = started(spawn, "--rate-limit")
    token = guide["USERSMANAGER_TOKEN"]
    with UsersManager(guide["USERSMANAGER_BASE_URL"], discover=False) as users:
        for _ in range(10):
            users.get_info(token)
        with pytest.raises(RateLimitedError):
            users.get_info(token)


def test_without_it_there_is_no_limit(spawn):
    _, guide, _ = started(spawn)
    with UsersManager(guide["USERSMANAGER_BASE_URL"], discover=False) as users:
        for _ in range(20):
            users.get_info(guide["USERSMANAGER_TOKEN"])


def test_a_port_in_use_is_one_line(command):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = command("sandbox", "--port", str(port))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"usersmanager: error: port {port} is in use: give another one,"
        " or leave --port out for any free one\n"
    )


def test_any_other_reason_not_to_start_is_one_line_too(monkeypatch, capsys):
    def refuse(sandbox):
        raise PermissionError(errno.EACCES, "permission denied")

    monkeypatch.setattr(Sandbox, "start", refuse)
    assert run(["sandbox", "--port", "80"]) == 2
    assert capsys.readouterr().err == (
        "usersmanager: error: the sandbox can't start: permission denied\n"
    )
