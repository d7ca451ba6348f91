"""The Celery worker: each process has a manager, and no message contains a token."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from examples.recipes.tests.loading import RECIPES, load
from examples.recipes.tests.processes import Process, wait_until

from usersmanager.testing import Sandbox

USERS = [f"auth0|{number}" for number in range(20)]
WORKER = "-m celery -A file_broker worker --pool prefork --concurrency 2 --loglevel INFO"
READY = r"celery@\S+ ready\."


@pytest.fixture
def store(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the store of the recipe, with the tokens of the users."""
    tokens = {user: sandbox.add_user(user).issue_token(user) for user in USERS}
    (tmp_path / "tokens.json").write_text(json.dumps(tokens))
    (tmp_path / "messages").mkdir()
    monkeypatch.setenv("STORE", str(tmp_path))
    monkeypatch.setenv("BROKER_URL", "filesystem://")
    monkeypatch.setenv("BROKER_FOLDER", str(tmp_path / "messages"))
    return tmp_path


@pytest.fixture
def refresh_profile(store: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the task as a web application imports it."""
    monkeypatch.syspath_prepend(RECIPES / "celery")
    for name in ("tasks", "store", "file_broker"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    load("celery", "file_broker.py")
    return sys.modules["tasks"].refresh_profile


@pytest.fixture
def worker(store: Path) -> Iterator[Process]:
    with Process("celery", *WORKER.split()) as process:
        process.wait_for(READY)
        yield process


def test_every_message_names_a_user_and_contains_no_token(
    refresh_profile: Any, store: Path
) -> None:
    for user in USERS:
        refresh_profile.delay(user)
    messages = [path.read_text() for path in (store / "messages").iterdir() if path.is_file()]
    assert len(messages) >= len(USERS)
    tokens = json.loads((store / "tokens.json").read_text()).values()
    assert not any(token in message for token in tokens for message in messages)


def test_two_processes_refresh_the_profiles_of_many_users(
    refresh_profile: Any, store: Path, worker: Process, sandbox: Sandbox
) -> None:
    for user in USERS:
        refresh_profile.delay(user)
    for user in USERS:
        path = store / f"{user}.json"
        assert wait_until(lambda path=path: path.exists() and path.read_text(), worker.output)
        assert json.loads(path.read_text()) == {"sub": user}

    sandbox.fail_next(503, retry_after=30)
    refresh_profile.delay(USERS[0])
    assert worker.wait_for(r"Retry in .*") == "Retry in 30.0s"
    worker.assert_terminates_quietly()
