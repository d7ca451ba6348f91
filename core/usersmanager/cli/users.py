"""Users of the test server: the demo users, and those of --user."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .. import ArgumentError
from .._operations.json_body import parse_object

if TYPE_CHECKING:
    from ..testing import Sandbox

__all__ = ["ADA", "GRACE", "add_demo_users", "add_users", "user_option"]

F = TypeVar("F", bound=Callable[..., Any])
ADA, GRACE = "auth0|ada", "auth0|grace"


def _parse_user(text: str) -> Mapping[str, Any]:
    """Return the claims of a user: those of a JSON object, or only `sub`."""
    claims = _parse_json(text) if text.lstrip().startswith("{") else {"sub": text}
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject.strip():
        message = '--user must be a user ID, or a JSON object whose "sub" is a user ID'
        raise click.BadOptionUsage("--user", message)
    return claims


def _parse_json(text: str) -> Mapping[str, Any]:
    parsed = parse_object(text.encode(errors="surrogateescape"))
    if parsed.problem:
        message = f"--user: invalid JSON: {_explain_syntax(text) or f'it {parsed.problem}'}"
        raise click.BadOptionUsage("--user", message)
    claims: Mapping[str, Any] = parsed.value
    return claims


def _explain_syntax(text: str) -> str | None:
    """Return where a text is not JSON, without quoting it: it may hold secrets."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"{error.msg} at character {error.pos + 1}"
    except (ValueError, RecursionError):
        pass
    return None


def user_option(command: F) -> F:
    """Add the option --user to a command."""
    return click.option(
        "--user",
        "users",
        type=_parse_user,
        multiple=True,
        metavar="USER",
        help="User to add: a user ID, or a JSON object of claims. Repeatable.",
    )(command)


def add_users(server: Sandbox, users: Sequence[Mapping[str, Any]]) -> list[str]:
    """Add the users of --user, and return their IDs.

    Raises:
        ArgumentError: two of them have the same ID.
    """
    ids = [str(claims["sub"]) for claims in users]
    if len(set(ids)) < len(ids):
        raise ArgumentError("--user adds the same user twice")
    for user_id, claims in zip(ids, users, strict=True):
        server.add_user(user_id, **claims)
    return ids


def add_demo_users(server: Sandbox) -> None:
    """Add the demo users, ADA and GRACE."""
    server.add_user(ADA, name="Ada Lovelace", email="ada@example.com", email_verified=True)
    server.add_user(GRACE, name="Grace Hopper", email="grace@example.com", email_verified=True)
