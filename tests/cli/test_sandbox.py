"""`usersmanager sandbox`."""

from __future__ import annotations

import os
import signal
import socket

import pytest

from usersmanager import RateLimitedError, UsersManager


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
        done = command("sandbox", "--port", str(taken.getsockname()[1]))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usersmanager: error: the sandbox can't start: ")
    assert done.stderr.count("\n") == 1
