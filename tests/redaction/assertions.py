"""Assert that no secret shows anywhere."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from tests.redaction import introspection
from tests.redaction.capture import CapturingClient
from tests.redaction.introspection import Exposure
from tests.redaction.secrets import Secrets

__all__ = ["assert_hidden", "places_of", "raised"]


def assert_hidden(
    secrets: Secrets, client: CapturingClient, errors: Iterable[BaseException], row: str = "a test"
) -> None:
    """Assert that neither the errors nor anything the client captured shows a secret.

    A test of many rows names each, for the message.
    """
    exposures = [
        *(exposure for error in errors for exposure in introspection.of_error(error)),
        *client.exposures(),
    ]
    places = places_of(secrets.fragments(), exposures)
    assert not places, f"{row}: a secret shows in:\n" + "\n".join(sorted(set(places)))


def places_of(fragments: Collection[str], exposures: Collection[Exposure]) -> list[str]:
    """Return where a fragment of a secret shows."""
    # One search of all texts is much faster than one for each.
    everything = "\n".join(exposure.text for exposure in exposures)
    if not any(fragment in everything for fragment in fragments):
        return []
    return [
        exposure.where
        for exposure in exposures
        if any(fragment in exposure.text for fragment in fragments)
    ]


def raised(call: Callable[[], object]) -> BaseException:
    """Return the error that a function raises."""
    try:
        call()
    except BaseException as error:
        return error
    raise AssertionError("the function raised no error")
