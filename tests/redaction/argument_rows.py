"""Valid arguments for each public callable, and what to do with its result."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import redis
import urllib3
from joserfc.jwk import generate_key
from redis.backoff import NoBackoff
from redis.retry import Retry
from tests.redaction.secrets import Secrets
from tests.support import TENANT, make_request

from usersmanager import (
    AsyncUsersManager,
    DisconnectedError,
    MissingTokenError,
    Request,
    Response,
    UsersManager,
    UsersManagerError,
)
from usersmanager.oauth import ExchangedToken, PublicClient, exchange_token
from usersmanager.operations import Bearer, Operation, read_json
from usersmanager.plugins import Flow, SingleFlight, Step, Token, run_flow
from usersmanager.testing import FakeTransport
from usersmanager.transports import Deadline
from usersmanager_cache import Cache

__all__ = ["ROWS", "Row"]

Arguments = Callable[[Secrets], Mapping[str, Any]]


def _finish(result: object) -> None:
    """Run a flow to its end, and discard a step, which would warn that it is never used."""
    if isinstance(result, Step):
        result.discard()
    if inspect.isgenerator(result):
        run_flow(cast(Flow[object], result))


class Row(NamedTuple):
    """How to call a function, or a method of an object.

    Attributes:
        valid: returns the valid arguments that are required, or that hold a secret.
        on: makes the object whose method is called; None for a function or a class.
        then: uses the result, as the error may appear only then.
        in_loop: whether it is called in a running event loop.
    """

    valid: Arguments = lambda _: {}
    on: Callable[[Secrets], Any] | None = None
    then: Callable[[Any], object] = _finish
    in_loop: bool = False


def _failing() -> FakeTransport:
    """Return a transport that fails, even if a call is retried twice."""
    return FakeTransport(*[DisconnectedError("the connection ended") for _ in range(3)])


def _perform(operation: Operation[Any]) -> None:
    endpoints = {"introspection_endpoint": f"{TENANT}/introspect"}
    with UsersManager(TENANT, transport=_failing(), discover=False, endpoints=endpoints) as users:
        users.call(operation)


def _plug_in(plugin: object) -> None:
    with UsersManager(TENANT, transport=_failing(), discover=False, plugins=[plugin]) as users:
        users.get_info("good-token")


def _authorize(credential: Any) -> None:
    credential.authorize(_post())


def _post(_: object = None) -> Request:
    return make_request(method="POST", body=b"a=1", headers={})


def _sent() -> Request:
    """Return a request that a manager has made."""
    transport = _failing()
    with (
        UsersManager(TENANT, transport=transport, discover=False) as users,
        contextlib.suppress(DisconnectedError),
    ):
        users.get_info("good-token")
    return transport.requests[0]


def _proceed(_: Request) -> Flow[Response]:
    yield from _flow()
    raise DisconnectedError("the connection ended")


def _flow() -> Flow[None]:
    yield from ()


def _close(manager: Any) -> None:
    manager.close()


def _users(_: Secrets) -> UsersManager:
    return UsersManager(TENANT, transport=_failing(), discover=False)


def _async_users(_: Secrets) -> AsyncUsersManager:
    return AsyncUsersManager(TENANT, transport=_failing(), discover=False)


def _raise(error: UsersManagerError | None, result: object) -> None:
    """Raise the error of a call: a callback."""
    if error is not None:
        raise error


_OPERATION: dict[str, Any] = {"name": "op", "method": "POST", "read": read_json, "path": "/x"}
_EXCHANGED = {
    "access_token": "issued",
    "issued_token_type": "urn:auth0:params:oauth:token-type:session_transfer_token",
}
_MANAGER = {"base_url": TENANT, "discover": False}
_STORE = SimpleNamespace(get=int, set=int, delete=int)
_CLIENT = PublicClient("app")


@functools.cache
def _pem() -> bytes:
    return generate_key("EC", "P-256").as_pem(private=True)


def _manager(secrets: Secrets) -> dict[str, Any]:
    return {**_MANAGER, "transport": FakeTransport(), "headers": {"X-Key": secrets.token}}


def _from_issuer(secrets: Secrets) -> dict[str, Any]:
    return {
        "issuer": TENANT,
        "discover": False,
        "transport": _failing(),
        "headers": {"X-Key": secrets.token},
    }


def _with_callback(row: Row) -> Row:
    return row._replace(valid=lambda secrets: {"callback": _raise, **row.valid(secrets)})


_CALLS: dict[str, Arguments] = {
    "get_info": lambda secrets: {"access_token": secrets.token},
    "impersonate": lambda secrets: {"user_id": "auth0|1", "settings": secrets.settings},
    "call": lambda secrets: {
        "operation": exchange_token(secrets.token, client=PublicClient("app"))
    },
}

ROWS: dict[str, Row] = {
    "usersmanager.UsersManager": Row(_manager, then=_close),
    "usersmanager.UsersManager.from_issuer": Row(_from_issuer, then=_close),
    "usersmanager.AsyncUsersManager": Row(_manager, in_loop=True),
    "usersmanager.AsyncUsersManager.from_issuer": Row(_from_issuer, in_loop=True),
}
for name, valid in _CALLS.items():
    for row, kind in (
        (Row(valid, _users), "UsersManager"),
        (Row(valid, _async_users, in_loop=True), "AsyncUsersManager"),
    ):
        ROWS[f"usersmanager.{kind}.{name}"] = row
        ROWS[f"usersmanager.{kind}.{name}, with a callback"] = _with_callback(row)

_REQUEST = {
    "operation": "op",
    "method": "POST",
    "origin": TENANT,
    "target": "/x",
    "body": None,
    "deadline": Deadline.after(1e9),
    "idempotent": True,
}
_TRANSPORT = Row(lambda secrets: {"proxy": f"http://u:{secrets.token}@p.example"})

ROWS |= {
    "usersmanager.Actor": Row(lambda _: {"claims": {}}),
    "usersmanager.Actor.of": Row(lambda _: {"claims": {}}),
    "usersmanager.Headers": Row(),
    "usersmanager.Request": Row(
        lambda secrets: {
            **_REQUEST,
            "headers": {"X-Key": secrets.token},
            "token": Token(secrets.token),
        }
    ),
    "usersmanager.Request.with_attempt": Row(on=_post),
    "usersmanager.Request.with_form": Row(on=_post),
    "usersmanager.Request.with_headers": Row(on=_post),
    "usersmanager.Request.with_token": Row(lambda secrets: {"token": secrets.token}, _post),
    "usersmanager.Response": Row(
        lambda secrets: {
            "status": 200,
            "headers": {"X-Echo": secrets.token},
            "body": secrets.token.encode(),
        }
    ),
    "usersmanager.operations.Bearer": Row(then=_authorize),
    "usersmanager.operations.Operation": Row(lambda _: _OPERATION, then=_perform),
    "usersmanager.operations.Operation, with a form": Row(
        lambda secrets: {
            **_OPERATION,
            "headers": {"X-Key": secrets.token},
            "form": {"secret": secrets.token},
            "credential": Bearer(secrets.token),
        },
        then=_perform,
    ),
    "usersmanager.operations.Operation, with JSON": Row(
        lambda secrets: {**_OPERATION, "json": {"secret": secrets.token}}, then=_perform
    ),
    "usersmanager.operations.Secret": Row(),
    "usersmanager.operations.read_json": Row(),
    "usersmanager.oauth.ClientSecretBasic": Row(
        lambda secrets: {"client_id": "app", "client_secret": secrets.token}, then=_authorize
    ),
    "usersmanager.oauth.ClientSecretPost": Row(
        lambda secrets: {"client_id": "app", "client_secret": secrets.token}, then=_authorize
    ),
    "usersmanager.oauth.ExchangedToken": Row(),
    "usersmanager.oauth.Introspection": Row(),
    "usersmanager.oauth.PrivateKeyJwt": Row(
        lambda _: {"client_id": "app", "key": _pem(), "algorithm": "ES256", "audience": TENANT},
        then=_authorize,
    ),
    "usersmanager.oauth.PublicClient": Row(then=_authorize),
    "usersmanager.oauth.exchange_token": Row(
        lambda secrets: {
            "subject_token": secrets.token,
            "actor_token": secrets.token,
            "actor_token_type": "urn:x",
            "extra": {"secret": secrets.token},
            "headers": {"X-Key": secrets.token},
            "client": _CLIENT,
        },
        then=_perform,
    ),
    "usersmanager.oauth.introspect_token": Row(
        lambda secrets: {"token": secrets.token, "client": _CLIENT}, then=_perform
    ),
    "usersmanager.oauth.revoke_token": Row(
        lambda secrets: {"token": secrets.token, "client": _CLIENT}, then=_perform
    ),
    "usersmanager.oauth.session_link": Row(
        lambda secrets: {
            "login_uri": "https://app.example/login",
            "exchanged": ExchangedToken({**_EXCHANGED, "access_token": secrets.token}),
        }
    ),
    "usersmanager.plugins.SingleFlight.forget": Row(on=lambda _: SingleFlight()),
    "usersmanager.plugins.SingleFlight.run": Row(
        lambda secrets: {"key": secrets.token, "flow_function": _flow},
        lambda _: SingleFlight(),
    ),
    "usersmanager.plugins.StaticHeaders": Row(),
    "usersmanager.plugins.Token": Row(),
    "usersmanager.plugins.Token.parse": Row(on=lambda _: Token),
    "usersmanager.plugins.arun_flow": Row(lambda _: {"flow": _flow()}, in_loop=True),
    "usersmanager.plugins.call": Row(
        lambda secrets: {
            "operation": exchange_token(secrets.token, client=_CLIENT),
            "request": _sent(),
            "proceed": _proceed,
        }
    ),
    "usersmanager.plugins.read": Row(
        lambda secrets: {
            "request": make_request(token=Token(secrets.token)),
            "response": Response(200, {}, secrets.token.encode()),
        }
    ),
    "usersmanager.plugins.run": Row(lambda _: {"sync": int, "async_": int}),
    "usersmanager.plugins.run_flow": Row(lambda _: {"flow": _flow()}),
    "usersmanager.plugins.sleep": Row(),
    "usersmanager.plugins.validate_count": Row(lambda _: {"name": "x", "value": 1}),
    "usersmanager.plugins.validate_seconds": Row(lambda _: {"name": "x", "value": 1}),
    "usersmanager.web.bearer_token": Row(
        lambda secrets: {"authorization": f"Bearer {secrets.token}"}
    ),
    "usersmanager.web.error_response": Row(lambda _: {"error": MissingTokenError("none")}),
    "usersmanager.testing.FakeTransport": Row(),
    "usersmanager.testing.FakeTransport.add": Row(on=lambda _: FakeTransport()),
    "usersmanager.testing.FakeTransport.link": Row(on=lambda _: FakeTransport()),
    "usersmanager.testing.FakeTransport.profile": Row(
        lambda _: {"sub": "x"}, lambda _: FakeTransport()
    ),
    "usersmanager.testing.FakeTransport.status": Row(
        lambda _: {"status": 400}, lambda _: FakeTransport()
    ),
    "usersmanager.testing.Sandbox": Row(),
    "usersmanager_cache.Cache": Row(then=_plug_in),
    "usersmanager_cache.Cache, with a store": Row(
        lambda secrets: {"store": _STORE, "secret": secrets.token.encode()}
    ),
    "usersmanager_cache.Cache.forget": Row(on=lambda _: Cache()),
    "usersmanager_cache.Cache.aforget": Row(on=lambda _: Cache(), in_loop=True),
    "usersmanager_cache.RedisStore": Row(
        lambda secrets: {
            "client": redis.Redis(
                password=secrets.token, socket_timeout=0.25, retry=Retry(NoBackoff(), 0)
            )
        }
    ),
    "usersmanager_cache.RedisStore.from_url": Row(
        lambda secrets: {"url": f"redis://:{secrets.token}@127.0.0.1:1/0"}
    ),
    "usersmanager_headers.Headers": Row(then=_plug_in),
    "usersmanager_jwt.JwtUserInfo": Row(lambda _: {"client_id": "app"}),
    "usersmanager_opentelemetry.OpenTelemetry": Row(then=_plug_in),
    "usersmanager_retry.Budget": Row(),
    "usersmanager_retry.Retry": Row(then=_plug_in),
    "usersmanager_retry.full_jitter": Row(),
    "usersmanager_urllib3.PoolManagerTransport": Row(
        lambda _: {"pool_manager": urllib3.PoolManager()}
    ),
    "usersmanager_urllib3.Urllib3Transport": _TRANSPORT,
    "usersmanager_aiohttp.AiohttpTransport": _TRANSPORT,
    "usersmanager_aiohttp.ClientSessionTransport": Row(lambda _: {"session": SimpleNamespace()}),
    "usersmanager_native.NativeTransport": _TRANSPORT,
}
