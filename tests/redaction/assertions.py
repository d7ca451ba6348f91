"""Assert that no secret shows anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tests.redaction import introspection
from tests.redaction.capture import CapturingClient
from tests.redaction.secrets import Secrets

__all__ = ["assert_hidden", "raised"]


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
    fragments = secrets.fragments()
    # One search of all texts is much faster than one for each.
    everything = "\n".join(exposure.text for exposure in exposures)
    if any(fragment in everything for fragment in fragments):
        places = {
            exposure.where
            for exposure in exposures
            if any(fragment in exposure.text for fragment in fragments)
        }
        raise AssertionError(f"{row}: a secret shows in:\n" + "\n".join(sorted(places)))


def raised(call: Callable[[], object]) -> BaseException:
    """Return the error that a function raises."""
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("the function raised no error")
