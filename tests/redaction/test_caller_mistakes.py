"""Mistakes of callers show no token and no link."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from tests.redaction.assertions import assert_hidden, raised
from tests.redaction.capture import CapturingClient
from tests.redaction.secrets import MALFORMED, Secrets
from tests.support import TENANT

from usersmanager import (
    ArgumentError,
    AsyncUsersManager,
    NotFoundError,
    PluginError,
    Request,
    Response,
    UsersManager,
    UsersManagerError,
)
from usersmanager.plugins import Proceed, Token, hookimpl
from usersmanager.testing import FakeTransport


@pytest.fixture
def client(client_over_fake: CapturingClient) -> CapturingClient:
    return client_over_fake


@pytest.mark.parametrize("character", MALFORMED)
def test_an_error_about_a_malformed_token_shows_no_part_of_it(
    character: str, client: CapturingClient
) -> None:
    secrets = MALFORMED[character]

    class Renew:
        @hookimpl
        def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Any:
            return proceed(request.with_token(secrets.token))

    errors = [
        *client.errors_over_fake(secrets),
        client.error_over_fake(lambda users: users.get_info("good"), plugins=[Renew()]),
        client.error_over_fake(lambda users: users.get_info([secrets.token])),
        client.error_over_fake(
            lambda users: users.get_info(secrets.token.encode(errors="replace"))
        ),
    ]
    try:
        Token(secrets.token)
    except ArgumentError as error:
        errors.append(error)
    assert len(errors) == 6
    assert all(isinstance(error, ArgumentError) for error in errors)
    assert_hidden(secrets, client, errors)


class FailingSettings(Mapping[str, Any]):
    """Settings whose last item cannot be read."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def __getitem__(self, name: str) -> Any:
        if name == "closed":
            raise ConnectionError("the vault is closed")
        return self._secrets.settings[name]

    def __iter__(self) -> Iterator[str]:
        return iter([*self._secrets.settings, "closed"])

    def __len__(self) -> int:
        return len(self._secrets.settings) + 1

    def __repr__(self) -> str:
        return "<settings>"


def changed(**changes: Callable[[Secrets], Any]) -> Callable[[Secrets], dict[str, Any]]:
    """Return a function that makes settings with changes, some of which hold the token."""
    return lambda secrets: {
        **secrets.settings,
        **{name: value(secrets) for name, value in changes.items()},
    }


def hint(secrets: Secrets) -> dict[str, Any]:
    return {"hint": secrets.token}


SETTINGS: dict[str, Callable[[Secrets], Any]] = {
    "text": lambda secrets: secrets.token,
    "bytes": lambda secrets: secrets.token.encode(),
    "pairs": lambda secrets: list(secrets.settings.items()),
    "a set": lambda secrets: {secrets.token},
    "an unknown name": changed(access_token=lambda secrets: secrets.token),
    "a misspelled name": changed(Token=lambda secrets: secrets.token),
    "the token as a name": lambda secrets: {**secrets.settings, secrets.token: True},
    "a blank protocol": changed(protocol=lambda _: " "),
    "a number for an impersonator": changed(impersonator_id=lambda _: 7),
    "two client ids": changed(client_id=lambda _: "a", clientId=lambda _: "b"),
    "parameters that are a list": changed(additional_parameters=lambda secrets: [secrets.token]),
    "parameters twice": changed(additional_parameters=hint, additionalParameters=hint),
    "parameters that are not JSON": changed(
        additional_parameters=lambda secrets: {"hint": secrets.token, "when": object()}
    ),
    "parameters beside a blank protocol": changed(
        additional_parameters=hint, protocol=lambda _: " "
    ),
    "parameters beside a malformed token": changed(
        additional_parameters=hint, token=lambda _: "no token"
    ),
    "a list for the token": changed(token=lambda secrets: [secrets.token]),
    "an item that cannot be read": FailingSettings,
}


@pytest.mark.parametrize("name", SETTINGS)
def test_invalid_settings_show_no_secret(
    name: str, client: CapturingClient, secrets: Secrets
) -> None:
    error = client.error_over_fake(lambda users: users.impersonate("u", SETTINGS[name](secrets)))
    assert isinstance(error, ArgumentError | ConnectionError), error
    assert_hidden(secrets, client, [error])


def test_parameters_with_the_token_show_no_secret_when_the_call_fails(
    client: CapturingClient, secrets: Secrets
) -> None:
    error = client.error_over_fake(
        lambda users: users.impersonate(
            "u", {**secrets.settings, "additional_parameters": {"hint": secrets.token}}
        ),
        Response(500),
    )
    client.ignore_bodies()  # It holds the caller's own parameters.
    assert_hidden(secrets, client, [error])


# Below, frames hold the misplaced secret, as the caller's own frames do.
# So the errors are checked without their frames: they themselves must not quote it.

MISPLACED: dict[str, Callable[[Secrets], Callable[[Any], Any]]] = {
    "settings for a user id": lambda secrets: (
        lambda users: users.impersonate(secrets.settings, "u")
    ),
    "a token for a callback": lambda secrets: lambda users: users.get_info("t", secrets.token),
    "a token for a timeout": lambda secrets: (
        lambda users: users.get_info("t", timeout=secrets.token)
    ),
    "settings for a subject": lambda secrets: (
        lambda users: users.get_info("t", expected_subject=secrets.settings)
    ),
}


@pytest.mark.parametrize("name", MISPLACED)
def test_a_misplaced_secret_is_not_quoted(
    name: str, client: CapturingClient, secrets: Secrets
) -> None:
    error = client.error_over_fake(MISPLACED[name](secrets))
    assert isinstance(error, ArgumentError)
    assert_hidden(secrets, client, [error.with_traceback(None)])


CONSTRUCTORS: dict[str, Callable[[Secrets], dict[str, Any]]] = {
    "a reserved header": lambda secrets: {"headers": {"Authorization": secrets.token}},
    "a malformed header": lambda secrets: {"headers": {"X-Key": secrets.token + "\n"}},
    "headers that are text": lambda secrets: {"headers": f"X-Key: {secrets.token}"},
    "a password in the URL": lambda secrets: {"base_url": f"https://u:{secrets.token}@t.example"},
    "a query in the URL": lambda secrets: {"base_url": f"https://t.example?key={secrets.token}"},
    "a token for a URL": lambda secrets: {"base_url": secrets.token},
    "a token for a timeout": lambda secrets: {"timeout": secrets.token},
    "a token for plugins": lambda secrets: {"plugins": secrets.token},
}


@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_an_invalid_argument_of_a_manager_is_not_quoted(
    name: str, client: CapturingClient, secrets: Secrets
) -> None:
    with client.capture():
        error = constructor_error(client, lambda: CONSTRUCTORS[name](secrets))
    assert_hidden(secrets, client, [error.with_traceback(None)])


def constructor_error(
    client: CapturingClient, settings: Callable[[], dict[str, Any]]
) -> UsersManagerError:
    """Return the error that making a manager raises."""
    kind: Any = UsersManager if client.is_sync else AsyncUsersManager
    with pytest.raises(UsersManagerError) as caught:
        kind(**{"base_url": TENANT, "transport": FakeTransport(), "discover": False, **settings()})
    return caught.value


def test_the_headers_of_a_manager_that_cannot_be_created_show_in_no_traceback(
    client_over_fake: CapturingClient, secrets: Secrets
) -> None:
    kind: Any = UsersManager if client_over_fake.is_sync else AsyncUsersManager

    async def wait(created: Any) -> None:
        await created

    def create(**settings: Any) -> None:
        created = kind.from_issuer(TENANT, headers={"X-Key": secrets.token}, **settings)
        asyncio.run(wait(created))

    with client_over_fake.capture():
        errors = [
            raised(lambda: create(transport=FakeTransport().status(404))),
            raised(lambda: create(transport=FakeTransport(), plugins=["missing"])),
        ]
    assert [type(error) for error in errors] == [NotFoundError, PluginError]
    assert_hidden(secrets, client_over_fake, errors)


def test_a_traceback_of_a_constructor_can_show_the_unfinished_manager(
    client: CapturingClient,
) -> None:
    error = constructor_error(client, lambda: {"base_url": ""})
    captured = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert "Manager, not constructed>" in "".join(captured.format())
