"""`usersmanager sandbox`."""

from __future__ import annotations

import errno
import json
import os
import re
import socket
import time
from types import SimpleNamespace

import pytest

from usersmanager import RateLimitedError, UsersManager
from usersmanager.cli.app import run
from usersmanager.testing import Sandbox


@pytest.fixture
def while_running(capsys, monkeypatch):
    """Runs a function with the guide and its exported variables, then interrupts the sandbox."""

    def while_running(action, *arguments):
        def sleep(seconds):
            guide = capsys.readouterr().out
            action(guide, dict(re.findall("^export (.*)=(.*)$", guide, re.M)))
            raise KeyboardInterrupt

        monkeypatch.setattr("usersmanager.cli.sandbox.time", SimpleNamespace(sleep=sleep))
        assert run(["sandbox", *arguments]) == 0

    return while_running


def get_profiles(variables, times):
    with UsersManager(variables["USERSMANAGER_BASE_URL"], discover=False) as users:
        for _ in range(times):
            users.get_info(variables["USERSMANAGER_TOKEN"])


def test_it_limits_requests_like_auth0_on_request(while_running):
    def action(guide, variables):
        get_profiles(variables, 10)
        with pytest.raises(RateLimitedError):
            get_profiles(variables, 1)

    while_running(action, "--rate-limit")


def test_it_has_no_rate_limit_by_default(while_running):
    while_running(lambda guide, variables: get_profiles(variables, 20))


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


PROFILE = (
    '{"sub": "auth0|o\'hara", "email": "o@example.com", "email_verified": false, "user_id": 7}'
)


def test_a_user_may_be_an_id_or_a_json_object(while_running):
    def action(guide, variables):
        with UsersManager(variables["USERSMANAGER_BASE_URL"], discover=False) as users:
            profiles.append(dict(users.get_info(variables["USERSMANAGER_TOKEN"])))

    profiles = []
    while_running(action, "--user", PROFILE, "--user", "auth0|alice")
    while_running(action, "--user", "a, b=c", "--user", PROFILE)
    assert profiles == [json.loads(PROFILE), {"sub": "a, b=c"}]


def test_every_user_has_a_token_in_the_guide(while_running):
    def action(guide, variables):
        url = re.search("^base URL +(.*)$", guide, re.M)[1]
        tokens = re.findall(r"^user token  (\S+) +(\S+)$", guide, re.M)
        with UsersManager(url, discover=False) as users:
            subjects = {user_id: users.get_info(token).sub for user_id, token in tokens}
        assert {"usersmanager", "impersonate", "'auth0|alice'"} < set(guide.split())
        assert list(subjects) == ["auth0|alice", "auth0|ada", "auth0|grace"]
        assert list(subjects) == list(subjects.values())

    while_running(action, "--user", "auth0|alice")


def test_a_demo_user_may_be_replaced(while_running):
    def action(guide, variables):
        with UsersManager(variables["USERSMANAGER_BASE_URL"], discover=False) as users:
            assert dict(users.get_info(variables["USERSMANAGER_TOKEN"])) == {"sub": "auth0|ada"}

    while_running(action, "--user", "auth0|ada")


@pytest.mark.parametrize(
    ("users", "problem"),
    [
        ([""], '--user must be a user ID, or a JSON object whose "sub" is a user ID'),
        ([" "], "--user must be a user ID"),
        (['{"name": "s3cr3t"}'], '--user must be a user ID, or a JSON object whose "sub"'),
        (['{"sub": "", "name": "s3cr3t"}'], "--user must be a user ID"),
        (['{"sub": 7, "name": "s3cr3t"}'], "--user must be a user ID"),
        (['{"sub": "s3cr3t", }'], "--user: invalid JSON: "),
        (["{sub: s3cr3t}"], "double quotes at character 2"),
        (['{"sub": "s3cr3t"'], "delimiter at character 17"),
        (['{"sub": "s3cr3t", "sub": "s3cr3t"}'], "invalid JSON: it repeats a key in an object"),
        (
            ['{"sub": "s3cr3t", "age": NaN}'],
            "it contains NaN or Infinity, which JSON does not allow",
        ),
        (['{"sub": ' + "[" * 100_000], "it is nested too deeply"),
        (["s3cr3t", '{"sub": "s3cr3t"}'], "--user adds the same user twice"),
    ],
)
def test_an_invalid_user_exits_2_and_is_not_quoted(command, users, problem):
    result = command("sandbox", *(word for user in users for word in ("--user", user)))
    assert (result.returncode, result.stdout) == (2, "")
    assert problem in result.stderr
    assert "s3cr3t" not in result.stderr
    assert result.stderr.count("\n") == 1


def test_env_prints_assignments_and_ends_its_output_while_the_server_runs(
    command, tmp_path, monkeypatch
):
    outputs = []

    def sleep(seconds):
        outputs.append(path.read_text())
        raise KeyboardInterrupt

    monkeypatch.setattr("usersmanager.cli.sandbox.time", SimpleNamespace(sleep=sleep))
    path = tmp_path / "stdout"
    with path.open("w") as stdout:
        assert command("sandbox", "--env", stdout=stdout).returncode == 0
        assert os.path.samestat(os.fstat(stdout.fileno()), os.stat(os.devnull))
    (output,) = outputs
    assert path.read_text() == output
    lines = [line.partition("=")[0] for line in output.splitlines()]
    assert lines == [
        "export USERSMANAGER_BASE_URL",
        "export USERSMANAGER_TOKEN",
        "export USERSMANAGER_API_TOKEN",
        "export USERSMANAGER_SANDBOX_PID",
    ]


BACKGROUND = r"""
set -eu
eval "$(usersmanager sandbox --env --user 'auth0|o'\''hara' &)"
usersmanager info
echo "$USERSMANAGER_BASE_URL"
kill "$USERSMANAGER_SANDBOX_PID"
"""


@pytest.mark.parametrize("name", ["sh", "bash"])
def test_a_shell_can_start_it_in_the_background_and_stop_it(shell, name):
    result = shell(name, BACKGROUND)
    assert (result.returncode, result.stderr) == (0, "")
    profile, base_url = result.stdout.splitlines()
    assert profile == "sub: auth0|o'hara"
    port = int(base_url.rpartition(":")[2])
    wait_until_refused(port)


def wait_until_refused(port):
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.01)
    pytest.fail("the server was not stopped")
