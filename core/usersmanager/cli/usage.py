"""Wrong uses, told in options, and without what was typed: it may be a misplaced token."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import click

__all__ = ["in_options", "usage", "with_options"]

_OPTIONS = {
    "base_url": "--base-url",
    "client_id": "--client-id",
    "expected_subject": "--expect-subject",
    "impersonator_id": "--impersonator",
    "issuer": "--issuer",
    "protocol": "--protocol",
}
"""The options by the names of the library's arguments, with which its messages begin."""


def usage(error: click.UsageError) -> str:
    """One line for a usage error. Click's own messages would quote the arguments."""
    problem = _problem(error).rstrip(".")
    if error.ctx is None:
        return problem
    return f"{problem} (see '{error.ctx.command_path} --help')"


def in_options(message: str) -> str:
    """The message of an `ArgumentError`, for someone who knows the options alone."""
    name, blank, rest = message.partition(" ")
    # Here an option that is missing is click's concern.
    rest = "must not be empty" if rest == "field is required" else rest
    return _OPTIONS.get(name, name) + blank + with_options(rest)


def with_options(message: str) -> str:
    """Replace the settings that a message recommends by the options that stand for them."""
    return message.replace("allow_insecure=True", "--allow-insecure")


def _problem(error: click.UsageError) -> str:
    match error:
        case click.NoSuchOption():
            near = _nearest(error.option_name, error.possibilities or [])
            return f"no such option: did you mean {near}?" if near else "no such option"
        case click.MissingParameter() | click.BadOptionUsage():
            return error.format_message()  # It names options alone.
        case click.BadParameter():
            return f"the value of {error.param.opts[0] if error.param else 'one'} is not valid"
    if error.ctx is not None and isinstance(error.ctx.command, click.Group):
        return f"no such command: there are {', '.join(error.ctx.command.commands)}"
    return "too many arguments; a token is never one, as every process can see them"


def _nearest(name: str, possibilities: Sequence[str]) -> str | None:
    longer = [one for one in possibilities if one.startswith(name)]
    return next(iter(longer or get_close_matches(name, possibilities, 1, 0.8)), None)
