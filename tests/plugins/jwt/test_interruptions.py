"""An exception at any line of the plugin ends its call alone, and shows nothing of a profile."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from tests.isolation.interrupting import attempt, interrupt_at_each, shown_by
from tests.isolation.moments import LineRecorder, Moment, Recorder, ReturnRecorder
from tests.plugins.jwt.provider import Provider
from tests.plugins.jwt.tokens import EC, ISSUER, OTHER_EC, claims, encrypt, jwk, sign

import usersmanager_jwt
from usersmanager import UsersManager
from usersmanager_jwt import JwtUserInfo

FOLDER = os.path.dirname(usersmanager_jwt.__file__)
CLAIM = "a-claim-that-nobody-may-see"
KEYS = {"keys": [jwk(EC, private=True)]}


def profile(subject: str) -> bytes:
    return encrypt(sign(payload=claims(sub=subject, secret=CLAIM)), EC, alg="ECDH-ES")


def refused(subject: str) -> bytes:
    return sign(OTHER_EC, claims(sub=subject, secret=CLAIM))


def rotated(subject: str) -> bytes:
    return sign(payload=claims(sub=subject, secret=CLAIM), kid="3")


PROFILES: dict[str, Callable[[str], bytes]] = {
    "first": profile,
    "refused": refused,
    "rotated": rotated,
}


def play(name: str, recorder: Recorder) -> list[str]:
    """Return what is wrong after a call in which `recorder` raises."""
    provider = Provider()
    provider.profile = PROFILES[name]
    plugin = JwtUserInfo("my-app", decryption_keys=KEYS)
    with UsersManager.from_issuer(
        ISSUER, transport=provider, discover=False, plugins=[plugin]
    ) as users:
        with recorder:
            ended = attempt(lambda: users.get_info("ada"))
        problems = check(users, provider, recorder, ended.error)
        recorder.error.with_traceback(None)
        return problems


def check(
    users: UsersManager, provider: Provider, recorder: Recorder, error: BaseException | None
) -> list[str]:
    problems = []
    if recorder.raised and error is not recorder.error:
        problems.append(f"it ended with {error!r}")
    if error is recorder.error:
        problems += shown_by(error, CLAIM)
    provider.profile = profile
    ended = attempt(lambda: users.get_info("grace", timeout=5))
    if ended.result is None or ended.result.sub != "grace":
        problems.append(f"the next call ended with {ended}")
    return problems


@pytest.mark.slow
@pytest.mark.parametrize("recorder", [LineRecorder, ReturnRecorder])
@pytest.mark.parametrize("name", PROFILES)
def test_an_interruption_at_any_moment_shows_nothing_and_harms_no_other_call(
    name: str, recorder: type[Recorder]
) -> None:
    recording = recorder()
    assert play(name, recorder()) == []
    assert play(name, recording) == []
    moments = [moment for moment in recording.moments if is_ours(moment, recorder)]
    assert len(moments) > 20
    interrupt_at_each(moments, recorder, lambda recorder: play(name, recorder))


def is_ours(moment: Moment, recorder: Any) -> bool:
    return moment.file.startswith(FOLDER) and recorder.is_possible(moment)
