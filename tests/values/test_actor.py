"""Actor: who acts for a user."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from usersmanager import Actor, UserInfo

AGENT = {"sub": "auth0|agent", "iss": "https://tenant.example/", "client_id": "support-app"}


def test_the_actor_of_a_profile_has_typed_claims_and_keeps_unknown_ones() -> None:
    actor = UserInfo(sub="auth0|ada", act={**AGENT, "role": "support"}).actor
    assert actor is not None
    assert (actor.sub, actor.issuer, actor.client_id) == tuple(AGENT.values())
    assert actor["role"] == "support"
    assert actor == {**AGENT, "role": "support"}


def test_actors_are_nested_the_current_one_outermost() -> None:
    actor = UserInfo(sub="u", act={"sub": "b", "act": {"sub": "a"}}).actor
    assert actor is not None
    assert actor.actor is not None
    assert (actor.sub, actor.actor.sub, actor.actor.actor) == ("b", "a", None)


@pytest.mark.parametrize("claim", [None, "auth0|agent", ["auth0|agent"], 7, True])
def test_a_claim_of_another_type_is_no_actor(claim: object) -> None:
    assert UserInfo(sub="u", act=claim).actor is None


def test_a_profile_without_the_claim_has_no_actor() -> None:
    assert UserInfo(sub="u").actor is None


@pytest.mark.parametrize("value", [None, 7, ["x"], {"x": 1}])
def test_a_member_of_another_type_is_none(value: object) -> None:
    actor = Actor({"sub": value, "iss": value, "client_id": value, "act": "x"})
    assert (actor.sub, actor.issuer, actor.client_id, actor.actor) == (None,) * 4


def test_an_empty_actor_is_true_since_somebody_acts() -> None:
    actor = UserInfo(sub="u", act={}).actor
    assert actor is not None
    assert actor


def test_its_repr_has_the_subject_and_no_other_value() -> None:
    actor = Actor({"sub": "a", "email": "agent@example.com"})
    assert repr(actor) == "<Actor sub='a' claims=['email']>"


def test_a_chain_of_actors_may_be_deep() -> None:
    claims: dict[str, Any] = {"sub": "first"}
    for _ in range(5000):
        claims = {"act": claims}
    actor: Actor | None = Actor(claims)
    while actor is not None and actor.sub is None:
        actor = actor.actor
    assert actor is not None
    assert "first" in repr(actor)


def test_it_can_be_copied_and_pickled() -> None:
    actor = Actor(AGENT)
    assert copy.deepcopy(actor) == pickle.loads(pickle.dumps(actor)) == actor
