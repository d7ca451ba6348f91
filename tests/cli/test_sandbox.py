"""`usersmanager sandbox`."""

from __future__ import annotations

import errno
import re
import socket
from types import SimpleNamespace

import pytest

from usersmanager import RateLimitedError, UsersManager
from usersmanager.cli.app import run
from usersmanager.testing import Sandbox


@pytest.fixture
def while_running(capsys, monkeypatch):
    """Runs a function with the exported variables of the guide, then interrupts the sandbox."""

    def while_running(action, *arguments):
        def sleep(seconds):
            action(dict(re.findall("^export (.*)=(.*)$", capsys.readouterr().out, re.M)))
            raise KeyboardInterrupt

        monkeypatch.setattr("usersmanager.cli.sandbox.time", SimpleNamespace(sleep=sleep))
        assert run(["sandbox", *arguments]) == 0

    return while_running


def get_profiles(variables, times):
    with UsersManager(variables["USERSMANAGER_BASE_URL"], discover=False) as users:
        for _ in range(times):
            users.get_info(variables["USERSMANAGER_TOKEN"])


def test_it_limits_requests_like_auth0_on_request(while_running):
    def action(variables):
        get_profiles(variables, 10)
        with pytest.raises(RateLimitedError):
            get_profiles(variables, 1)

    while_running(action, "--rate-limit")


def test_it_has_no_rate_limit_by_default(while_running):
    while_running(lambda variables: get_profiles(variables, 20))


def test_a_port_in_use_is_an_error(command):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        result = command("sandbox", "--port", str(port))
    assert (result.returncode, result.stdout) == (2, "")
    assert f"port {port} is in use" in result.stderr
    assert result.stderr.count("\n") == 1


def test_any_other_reason_why_it_cannot_start_is_an_error(command, monkeypatch):
    def start(sandbox):
        raise PermissionError(errno.EACCES, "permission denied")

    monkeypatch.setattr(Sandbox, "start", start)
    result = command("sandbox", "--port", "80")
    assert (result.returncode, result.stdout) == (2, "")
    assert "permission denied" in result.stderr
    assert result.stderr.count("\n") == 1
