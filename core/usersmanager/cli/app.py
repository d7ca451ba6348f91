"""The group of commands, and the one place where an error becomes a line and an exit code."""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Sequence
from typing import TextIO

import click

from .. import APIError, ArgumentError, PluginError, PluginWarning, UsersManagerError, __version__
from .demo import demo
from .impersonate import impersonate
from .info import info
from .new import new
from .output import safe
from .plugins import plugins
from .sandbox import sandbox
from .usage import in_options, usage, with_options

__all__ = ["app", "run"]

_API_ERROR, _USAGE, _NO_ANSWER, _INTERRUPTED = 1, 2, 3, 130


@click.group(invoke_without_command=True)
@click.version_option(__version__, message="usersmanager %(version)s")
@click.pass_context
def app(context: click.Context) -> None:
    """User operations of Auth0 and OpenID Connect providers.

    Exit codes: 0 success, 1 an error status of the API, 2 a wrong use, 3 no usable
    answer, 130 interrupted.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        context.exit(_USAGE)


for _command in (info, impersonate, sandbox, plugins, new, demo):
    app.add_command(_command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        arguments: those of the process if None.

    Returns:
        The exit code. A broken pipe ends in `SystemExit(1)`, as click and rich do.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A claim that the output's encoding lacks is shown escaped, and is no crash.
        sys.stdout.reconfigure(errors="backslashreplace")
    with warnings.catch_warnings():
        warnings.simplefilter("once", PluginWarning)
        warnings.showwarning = _show_warning
        try:
            # What a command returns is None; what --help and exit() give is a code.
            return int(app.main(arguments, "usersmanager", standalone_mode=False) or 0)
        except ArgumentError as error:
            return _complain(in_options(str(error)), _USAGE)
        except UsersManagerError as error:
            return _complain(with_options(str(error)), _exit_code(error))
        except click.UsageError as error:
            return _complain(usage(error), _USAGE)
        except click.Abort:
            return _INTERRUPTED
        except OSError as error:
            return _complain(error.strerror or type(error).__name__, _NO_ANSWER)


def _exit_code(error: UsersManagerError) -> int:
    if isinstance(error, APIError):
        return _API_ERROR
    return _USAGE if isinstance(error, PluginError) else _NO_ANSWER


def _complain(message: str, exit_code: int) -> int:
    click.echo(f"usersmanager: error: {safe(message)}", err=True)
    return exit_code


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    click.echo(f"usersmanager: warning: {safe(str(message))}", err=True)
