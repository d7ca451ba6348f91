"""The command group. Errors become one line of text or JSON, and an exit code, here."""

from __future__ import annotations

import io
import json
import sys
import warnings
from collections.abc import Sequence
from typing import TextIO

import click

from .. import APIError, ArgumentError, PluginError, PluginWarning, UsersManagerError, __version__
from .demo import demo
from .errors import describe_error, error_message
from .impersonate import impersonate
from .info import info
from .new import new
from .output import escape_control_characters
from .plugins import plugins
from .sandbox import sandbox

__all__ = ["app", "run"]

_API_ERROR, _USAGE_ERROR, _NO_RESPONSE, _INTERRUPTED = 1, 2, 3, 130
_EPILOG = """\b
To see what it does, without an account:
  usersmanager demo

\b
Exit codes:
  0    success
  1    error response from the API
  2    usage error
  3    no usable response
  130  interrupted
"""


@click.group(
    invoke_without_command=True,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, message="usersmanager %(version)s")
@click.pass_context
def app(context: click.Context) -> None:
    """Call the user operations of Auth0 and OpenID Connect providers."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        context.exit(_USAGE_ERROR)


for _command in (info, impersonate, sandbox, plugins, new, demo):
    app.add_command(_command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and return its exit code.

    Args:
        arguments: command line arguments; None for those of the process.

    Raises:
        SystemExit: the reader of the output has closed its pipe (from click and rich).
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Escape characters that the encoding of the output lacks, instead of failing.
        sys.stdout.reconfigure(errors="backslashreplace")
    with warnings.catch_warnings():
        warnings.simplefilter("once", PluginWarning)
        warnings.showwarning = _show_warning
        try:
            # Commands return None; --help and context.exit() return an exit code.
            return int(app.main(arguments, "usersmanager", standalone_mode=False) or 0)
        except click.Abort:
            return _INTERRUPTED
        except (UsersManagerError, click.UsageError, OSError) as error:
            _report_error(error, as_json="--json" in (sys.argv if arguments is None else arguments))
            return _exit_code(error)


def _exit_code(error: Exception) -> int:
    if isinstance(error, APIError):
        return _API_ERROR
    is_usage_error = isinstance(error, ArgumentError | PluginError | click.UsageError)
    return _USAGE_ERROR if is_usage_error else _NO_RESPONSE


def _report_error(error: Exception, *, as_json: bool) -> None:
    """Write one line to stderr. A usage error may come before the options have been parsed."""
    if as_json:
        line = json.dumps(describe_error(error))
    else:
        line = f"usersmanager: error: {escape_control_characters(error_message(error))}"
    click.echo(line, err=True)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    click.echo(f"usersmanager: warning: {escape_control_characters(str(message))}", err=True)
