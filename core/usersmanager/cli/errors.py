"""Error messages in terms of the command line.

Messages name options instead of Python arguments, and never quote what the user typed: it
may be a misplaced token.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import click

from .. import ArgumentError, UsersManagerError

__all__ = ["describe_error", "error_message"]

_OPTIONS = {
    "base_url": "--base-url",
    "client_id": "--client-id",
    "expected_subject": "--expect-subject",
    "impersonator_id": "--impersonator",
    "issuer": "--issuer",
    "protocol": "--protocol",
    "userinfo_endpoint": "--userinfo-endpoint",
}
"""Python arguments that begin a message of the library, and the options that set them."""

_RECOMMENDED = {
    "allow_insecure=True": "--allow-insecure",
    'as endpoints={"userinfo_endpoint": ...}': "as --userinfo-endpoint",
    "the issuer to from_issuer": "the issuer as --issuer",
    "can't be used with proxy=": "can't be used with --proxy",
    "can't be used with ssl_context=": "can't be used with --cacert",
    "is base_url right?": "is --base-url right?",
    "is issuer right?": "is --issuer right?",
}
"""Parts of messages about Python arguments, and the same about options."""


_ATTRIBUTES = (
    "operation",
    "origin",
    "status",
    "reason",
    "sent",
    "retry_after",
    "error",
    "error_description",
    "request_id",
    "proxy_status",
)
"""The attributes of errors that `--json` prints."""


def describe_error(error: Exception) -> dict[str, object]:
    """Return an error as JSON values: its class, its message, and its attributes or None."""
    # The other classes of click would be names to rely on.
    kind = click.UsageError if isinstance(error, click.UsageError) else type(error)
    attributes = {name: getattr(error, name, None) for name in _ATTRIBUTES}
    return {"type": kind.__name__, "message": error_message(error), **attributes}


def error_message(error: Exception) -> str:
    """Return the message of any error that a command reports, on one line."""
    match error:
        case ArgumentError():
            return _argument_message(error)
        case UsersManagerError():
            return _with_option_names(str(error))
        case click.UsageError():
            return _usage_message(error)
        case OSError(strerror=str(reason)):
            return reason
    return type(error).__name__


def _usage_message(error: click.UsageError) -> str:
    """Return a one-line message for a usage error; click's own may quote the arguments."""
    problem = _problem(error).rstrip(".")
    problem = problem[:1].lower() + problem[1:]
    if error.ctx is None:
        return problem
    return f"{problem} (see '{error.ctx.command_path} --help')"


def _argument_message(error: ArgumentError) -> str:
    """Return the message of an `ArgumentError` with options in place of arguments."""
    name, blank, rest = str(error).partition(" ")
    # click has rejected a missing option already, so the value is blank.
    rest = "must not be empty" if rest == "field is required" else rest
    return _OPTIONS.get(name, name) + blank + _with_option_names(rest)


def _with_option_names(message: str) -> str:
    """Replace the Python arguments in a message by the matching options."""
    for argument, option in _RECOMMENDED.items():
        message = message.replace(argument, option)
    return message


def _problem(error: click.UsageError) -> str:
    match error:
        case click.NoSuchOption():
            match = _closest(error.option_name, error.possibilities or [])
            return f"no such option: did you mean {match}?" if match else "no such option"
        case click.MissingParameter() | click.BadOptionUsage():
            return error.format_message()  # Quotes the names of options only.
        case click.BadParameter():
            option = error.param.opts[0] if error.param else "an option"
            return f"invalid value for {option}{_allowed_values(error.param)}"
    if error.ctx is not None and isinstance(error.ctx.command, click.Group):
        return f"no such command: choose one of {', '.join(error.ctx.command.commands)}"
    return "too many arguments; don't pass a token as an argument, other processes can see it"


def _allowed_values(parameter: click.Parameter | None) -> str:
    """Return which values a parameter has, as the end of a message."""
    match parameter.type if parameter else None:
        case click.Choice(choices=choices):
            return f": choose {' or '.join(map(str, choices))}"
        case click.IntRange(min=lowest, max=highest):
            return f": use a whole number from {lowest} to {highest}"
    return ""


def _closest(name: str, possibilities: Sequence[str]) -> str | None:
    completions = [option for option in possibilities if option.startswith(name)]
    return next(iter(completions or get_close_matches(name, possibilities, 1, 0.8)), None)
