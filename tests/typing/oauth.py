"""`usersmanager.oauth` as type checkers see it. Checked by mypy --strict and pyright, never run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_type

from usersmanager import Actor, AsyncUsersManager, UserInfo, UsersManager, UsersManagerError
from usersmanager.oauth import (
    ClientSecretBasic,
    ClientSecretPost,
    ExchangedToken,
    Introspection,
    PrivateKeyJwt,
    PublicClient,
    exchange_token,
    introspect_token,
    revoke_token,
    session_link,
)
from usersmanager.operations import Bearer, Credential, Operation, Secret


def clients(secret: str, pem: bytes) -> list[Credential]:
    return [
        ClientSecretBasic("app", secret),
        ClientSecretPost("app", Secret(secret)),
        PrivateKeyJwt("app", pem, algorithm="ES256", audience="https://issuer.example"),
        PrivateKeyJwt("app", {"kty": "EC"}),
        PublicClient("app"),
        Bearer("token"),
    ]


def exchange(users: UsersManager, token: str, client: Credential) -> str:
    operation = exchange_token(
        token,
        "urn:acme:user",
        actor_token=Secret(token),
        actor_token_type="urn:ietf:params:oauth:token-type:id_token",
        audience=["a", "b"],
        resource="https://api.example",
        scope=("read", "write"),
        extra={"organization": "org_1", "x": [Secret("1"), "2"]},
        headers={"auth0-forwarded-for": "203.0.113.7"},
        client=client,
    )
    assert_type(operation, Operation[ExchangedToken])
    exchanged = users.call(operation)
    assert_type(exchanged, ExchangedToken)
    assert_type(users.call(operation, with_token), None)
    assert_type(exchanged.token, str)
    assert_type(exchanged.access_token, str)
    assert_type(exchanged.issued_token_type, str)
    assert_type(exchanged.token_type, str | None)
    assert_type(exchanged.expires_in, float | None)
    assert_type(exchanged.scope, str | None)
    assert_type(exchanged.refresh_token, str | None)
    assert_type(exchanged.actor, Actor | None)
    return session_link("https://app.example/login", exchanged, organization="org_1")


def with_token(error: UsersManagerError | None, exchanged: ExchangedToken | None) -> None: ...


def introspect(users: UsersManager, token: str, client: Credential) -> str | None:
    info = users.call(introspect_token(token, "access_token", client=client))
    assert_type(info, Introspection)
    assert_type(info.active, bool)
    assert_type(info.exp, float | None)
    assert_type(info["scope"], Any)
    members: Mapping[str, Any] = info
    return info.sub if info and members else None


def revoke(users: UsersManager, token: str, client: Credential) -> None:
    assert_type(revoke_token(token, client=client), Operation[None])
    users.call(revoke_token(token, "refresh_token", client=client), timeout=3)


def actors(profile: UserInfo) -> str | None:
    actor = profile.actor
    if actor is None:
        return None
    assert_type(actor.actor, Actor | None)
    assert_type(actor.issuer, str | None)
    assert_type(actor.client_id, str | None)
    return actor.sub


async def in_asyncio(issuer: str, token: str, client: Credential) -> None:
    async with AsyncUsersManager.from_issuer(issuer) as users:
        assert_type(await users.call(exchange_token(token, client=client)), ExchangedToken)
        assert_type(await users.call(introspect_token(token, client=client)), Introspection)


def mistakes(token: str, client: Credential) -> None:
    # The wrong values are ignored: a checker must report them.
    exchange_token(token)  # type: ignore[call-arg]
    exchange_token(token, client="app")  # type: ignore[arg-type]
    exchange_token(token, audience=7, client=client)  # type: ignore[arg-type]
    revoke_token(None, client=client)  # type: ignore[arg-type]
    session_link("https://app.example", token)  # type: ignore[arg-type]
