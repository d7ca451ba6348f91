"""The benchmark over TLS: who is asked answers, and nobody trusts what is not trusted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmarks.certificates import Certificates, certificates
from benchmarks.figures import Spread
from benchmarks.peers import OURS, OURS_BARE, OURS_FAST, asynchronous, blocking
from benchmarks.rounds import Samples
from benchmarks.scenes import Scene, Setting
from benchmarks.scenes.sampling import Sampled
from benchmarks.scenes.tls import SCENES
from benchmarks.server import Server, serving

ROOT = Path(__file__).parents[2]

# Each contestant that is installed, and "a profile" or its error.
ASK = """
import asyncio, json, sys
from contextlib import ExitStack
from benchmarks.peers import Target, asynchronous, blocking
from benchmarks.scenes.opening import open_async, open_blocking

def outcome(open_peers, *rest):
    try:
        with ExitStack() as stack:
            calls, _ = open_peers(stack, *rest)
            return "a profile" if calls else "not installed"
    except Exception as error:
        return repr(error)

target = Target(sys.argv[1], int(sys.argv[2]), scheme="https")
outcomes = {one.name: outcome(open_blocking, [one], target) for one in blocking.PEERS}
with asyncio.Runner() as runner:
    for one in asynchronous.PEERS:
        outcomes["asyncio, " + one.name] = outcome(open_async, runner, [one], target)
print(json.dumps({name: one for name, one in outcomes.items() if one != "not installed"}))
"""
INSTALLED = {blocking.BASE, OURS, OURS_BARE, OURS_FAST, f"asyncio, {asynchronous.BASE}"}


def asked(server: Server, environment: dict[str, str]) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", ASK, server.host, str(server.tls_port)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        check=True,
    )
    outcomes: dict[str, str] = json.loads(done.stdout)
    assert outcomes.keys() >= INSTALLED
    return outcomes


def test_every_contestant_gets_the_profile_over_tls() -> None:
    with certificates() as files, serving(files.server) as server:
        assert set(asked(server, files.environment()).values()) == {"a profile"}


def test_no_contestant_gets_anything_if_it_does_not_trust_the_certificate() -> None:
    with certificates() as files, serving(files.server) as server:
        outcomes = asked(server, {})
        assert "a profile" not in outcomes.values()
        assert "CERTIFICATE_VERIFY_FAILED" in outcomes[blocking.LIMIT]
        assert server.stats().requests == 0


def test_no_contestant_gets_anything_if_the_certificate_is_another_hosts() -> None:
    with certificates("another.example") as files, serving(files.server) as server:
        outcomes = asked(server, files.environment())
        assert "a profile" not in outcomes.values()
        assert server.stats().requests == 0


def test_certificates_are_removed() -> None:
    with certificates() as files:
        assert files.server.exists()
    assert not files.server.parent.exists()


def test_every_library_is_told_of_the_authority() -> None:
    files = Certificates(Path("authority.pem"), Path("server.pem"))
    assert files.environment() == {
        "SSL_CERT_FILE": "authority.pem",
        "REQUESTS_CA_BUNDLE": "authority.pem",
    }


def test_samples_survive_json() -> None:
    sampled = Sampled({"a peer": Samples([1.0], [2.0], [3.0])}, ["a note"])
    assert Sampled.from_json(json.loads(json.dumps(sampled))) == sampled


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_scene_over_tls_has_a_row_for_the_base_and_for_ours(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    unused: Any = None
    table = scene.run(Setting(unused, quick=True))
    base = asynchronous.BASE if "asyncio" in scene.name else blocking.BASE
    assert table.figure(base, "ratio") == Spread(1, 1, 1)
    assert isinstance(table.figure(OURS, "ratio"), Spread)


def test_a_scene_over_tls_is_left_out_without_trustme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    unused: Any = None
    table = SCENES[0].run(Setting(unused, quick=True))
    assert (table.rows, table.notes) == ((), ("left out: trustme is not installed",))
