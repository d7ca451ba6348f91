"""The assertion of these tests finds a secret wherever it is."""

from __future__ import annotations

import pytest
from tests.redaction import introspection
from tests.redaction.assertions import assert_hidden, raised
from tests.redaction.capture import CapturingClient
from tests.redaction.secrets import JWT, Secrets


class SlottedError(Exception):
    __slots__ = ("secret",)


def error_with_a_secret(place: str, secrets: Secrets) -> BaseException:
    error: BaseException = ValueError("harmless")
    if place == "argument":
        error = ValueError(secrets.token)
    elif place == "note":
        error.add_note(secrets.token)
    elif place == "attribute":
        vars(error)["secret"] = secrets.token
    elif place == "slot":
        error = SlottedError()
        error.secret = secrets.token
    elif place == "group":
        error = ExceptionGroup("all", [ValueError(secrets.token)])
    elif place == "cause":
        error.__cause__ = ValueError(secrets.token)
    elif place == "hidden context":
        error.__context__ = ValueError(secrets.token)
        error.__suppress_context__ = True
    elif place == "local variable":
        error = raised(lambda: fail_with(secrets.token))
    return error


def fail_with(secret: str) -> None:
    raise ValueError(f"a secret of {len(secret)} characters")


PLACES = [
    *("argument", "note", "attribute", "slot"),
    *("group", "cause", "hidden context", "local variable"),
]


@pytest.mark.parametrize("place", PLACES)
def test_the_assertion_finds_a_secret_in_every_place(place: str, secrets: Secrets) -> None:
    client = CapturingClient("urllib3")
    with pytest.raises(AssertionError, match="a secret shows in"):
        assert_hidden(secrets, client, [error_with_a_secret(place, secrets)])
    assert_hidden(secrets, client, [error_with_a_secret("nowhere", secrets)])


def test_the_assertion_finds_a_part_of_a_secret() -> None:
    client = CapturingClient("urllib3")
    client.objects.append(JWT.token[50:62])
    with pytest.raises(AssertionError, match="a secret shows in"):
        assert_hidden(JWT, client, [])


def test_secrets_show_nothing_themselves(secrets: Secrets) -> None:
    texts = "".join(exposure.text for exposure in introspection.of_object(secrets))
    assert not [fragment for fragment in secrets.fragments() if fragment in texts]
