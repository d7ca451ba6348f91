"""No argument of a public function shows a secret, whatever a caller passes by mistake.

Each parameter of each public function, constructor and method gets a secret in several shapes,
while the other arguments are valid, and hold another secret where one belongs. The functions and
their parameters are found by introspection: a new one needs a row in ``argument_rows.py``, unless
it belongs to one of the kinds in `UNTESTED`.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from tests.redaction import introspection
from tests.redaction.argument_rows import ROWS, Row
from tests.redaction.assertions import places_of
from tests.redaction.capture import CapturingClient
from tests.redaction.introspection import Exposure
from tests.redaction.misplaced_secrets import MISPLACED, OWN, SHAPES
from tests.redaction.public_callables import Target, public_callables
from tests.redaction.secrets import Secrets

from usersmanager import (
    AsyncUsersManager,
    DecodeError,
    DisconnectedError,
    ManagerOptions,
    UsersManager,
)
from usersmanager.plugins import Secret

TARGETS = public_callables()

# Their arguments come from this library, or are the data of a test, not of a user.
UNTESTED = [
    # What a transport, a credential, a store and a plugin are called with.
    *(".asend", ".send", ".connect", ".aconnect", ".authorize", "Budget.refund", "is_retryable"),
    *("RedisStore.a", "RedisStore.delete", "RedisStore.get", "RedisStore.set", "PendingManager"),
    # For an author who has a valid call, connection or header.
    *("plugins.Call", "plugins.Step", "plugins.PluginReport", ".merge", "Headers.single"),
    *("AsyncHttp1Transport", "transports.Http1Transport", "transports.Deadline", "LoopLocal"),
    *("Hop", "ResponseParser", "connect_error", "connect_tcp", "exchange_error"),
    # Test servers, contracts, and values that are read.
    *("Contract", "FaultServer", "Peer", "echo", "testing.profile", "Limit", "Sandbox."),
    *("FakeTransport.asleep", "FakeTransport.sleep", "CacheStats"),
]

# No secret belongs here. If one is passed by mistake, no error quotes it, but the frames of the
# call hold it, as the caller's own frame does. Every other parameter is sealed at once.
NOT_SECRET = [
    # Numbers, names and other short texts.
    *("attempts", "attempt", "base", "budget", "capacity", "connect_timeout", "idle_timeout"),
    *("leeway", "max_age", "max_entries", "max_response_bytes", "max_wait", "maximum"),
    *("negative_max_age", "overloaded_base", "pool_size", "seconds", "stale_if_error", "status"),
    *("stop", "timeout", "validate_count.value", "validate_seconds.value", "wait"),
    *("accept", "algorithm", "algorithms", "audience", "client_id", "discover", "endpoint"),
    *("expected_subject", "method", "name", "namespace", "organization", "parameters", "path"),
    *("realm", "resource", "scheme", "scope", "token_type_hint", "userinfo_method", "user_id"),
    *("actor_token_type", "requested_token_type", "subject_token_type"),
    # Objects and functions of the program.
    *("async_", "call", "callback", "claims", "exchanged", "flow", "flow_function", "operation"),
    *("meter_provider", "plugins", "proceed", "read", "request", "response", "sync"),
    *("tracer_provider", "transport"),
    # Data of a test.
    *("link.url", "profile.sub", "status.error", "status.error_description", "status.headers"),
    *("FakeTransport.script", "userinfo_signed_response_alg"),
]

# Where the argument itself is the beginning of the message.
QUOTED = ["validate_count.name", "validate_seconds.name"]

ORDINARY = ["a text with a line break", "a nested value", "hostile"]


def arguments_of(target: Target) -> Iterator[inspect.Parameter]:
    """Yield the parameters of a target, and those behind ``**options``."""
    for parameter in target.parameters:
        if parameter.name != "options":
            yield parameter
            continue
        for name in ManagerOptions.__annotations__:
            yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY)


def is_one_of(path: str, parameter: inspect.Parameter, names: Sequence[str]) -> bool:
    return any(f".{path}.{parameter.name}".endswith(f".{name}") for name in names)


def with_misplaced(row: Row, parameter: inspect.Parameter, shape: str) -> Secret[Any]:
    """Return the positional and the keyword arguments, sealed."""
    valid = dict(row.valid(OWN))
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        return Secret(((SHAPES[shape](MISPLACED),), valid))
    name = "x" if parameter.kind is inspect.Parameter.VAR_KEYWORD else parameter.name
    return Secret(((), {**valid, name: SHAPES[shape](MISPLACED)}))


def call(target: Target, row: Row, arguments: Secret[Any]) -> None:
    """Call a target, use its result, and close the manager that it belongs to."""
    owner = target.owner if row.on is None else row.on(OWN)
    try:
        row.then(getattr(owner, target.name)(*arguments.reveal()[0], **arguments.reveal()[1]))
    finally:
        if isinstance(owner, UsersManager):
            owner.close()


async def call_in_loop(target: Target, row: Row, arguments: Secret[Any]) -> None:
    """Call a target in an event loop, await its result, and close the manager."""
    owner = target.owner if row.on is None else row.on(OWN)
    result = None
    try:
        result = getattr(owner, target.name)(*arguments.reveal()[0], **arguments.reveal()[1])
        if inspect.isawaitable(result):
            result = await result
    finally:
        for manager in (owner, result):
            if isinstance(manager, AsyncUsersManager):
                await manager.aclose()


def error_of(
    target: Target, row: Row, arguments: Secret[Any], runner: asyncio.Runner
) -> Exception | None:
    try:
        if row.in_loop:
            runner.run(call_in_loop(target, row, arguments))
        else:
            call(target, row, arguments)
    except Exception as error:
        return error
    return None


def exposed(secrets: Secrets, exposures: Sequence[Exposure], *, in_frames: bool) -> list[str]:
    """Return where a secret shows."""
    judged = [exposure for exposure in exposures if in_frames or not exposure.is_of_frame]
    return places_of(secrets.fragments(), judged)


def check(name: str, shapes: Sequence[str]) -> None:
    """Pass a secret in each argument of a row, in each shape."""
    row, path = ROWS[name], name.partition(",")[0]
    target, client = TARGETS[path], CapturingClient("urllib3")
    places: list[str] = []
    with client.capture(), asyncio.Runner() as runner:
        for parameter in arguments_of(target):
            is_secret = not is_one_of(path, parameter, NOT_SECRET)
            is_quoted = is_one_of(path, parameter, QUOTED)
            for shape in shapes:
                error = error_of(target, row, with_misplaced(row, parameter, shape), runner)
                exposures = [] if error is None else [*introspection.of_error(error)]
                found = exposed(OWN, exposures, in_frames=True)
                if not is_quoted:
                    found += exposed(MISPLACED, exposures, in_frames=is_secret)
                places += [f"{shape} as {parameter.name}: {where}" for where in found]
    exposures = [*client.exposures()]
    places += exposed(OWN, exposures, in_frames=True)
    places += exposed(MISPLACED, exposures, in_frames=False)
    assert not places, "\n".join(["a secret shows in:", *places])


@pytest.mark.parametrize("name", ROWS)
def test_no_argument_shows_a_secret(name: str) -> None:
    check(name, ORDINARY)


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_no_argument_shows_a_secret_in_any_shape(name: str) -> None:
    check(name, list(SHAPES))


def test_every_public_callable_has_a_row() -> None:
    rows = {name.partition(",")[0] for name in ROWS}
    untested = {path for path in TARGETS if any(kind in path for kind in UNTESTED)}
    assert rows & untested == set()
    assert rows | untested == set(TARGETS)


def is_complete(row: Row, target: Target) -> bool:
    """Whether the other arguments are enough for a call."""
    valid = row.valid(OWN)
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(
        parameter.name in valid
        for parameter in target.parameters
        if parameter.default is parameter.empty and parameter.kind not in variadic
    )


def test_the_other_arguments_are_valid() -> None:
    errors = {}
    with asyncio.Runner() as runner:
        for name, row in ROWS.items():
            target = TARGETS[name.partition(",")[0]]
            if is_complete(row, target):
                errors[name] = error_of(target, row, Secret(((), row.valid(OWN))), runner)
    assert len(errors) > 50
    allowed = (type(None), DisconnectedError, DecodeError)
    assert {name: error for name, error in errors.items() if not isinstance(error, allowed)} == {}


def test_every_exemption_is_of_a_parameter_or_a_callable_that_exists() -> None:
    arguments = [
        (path, argument) for path, target in TARGETS.items() for argument in arguments_of(target)
    ]
    for name in (*NOT_SECRET, *QUOTED):
        assert any(is_one_of(path, argument, [name]) for path, argument in arguments), name
    assert not [kind for kind in UNTESTED if not any(kind in path for path in TARGETS)]
