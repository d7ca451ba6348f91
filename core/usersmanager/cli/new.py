"""`usersmanager new`: create a package with a plugin or a transport."""

from __future__ import annotations

import re
import shlex
from importlib.util import find_spec
from pathlib import Path
from string import Template

import click

from .. import ArgumentError
from .._composition.entry_points import Kind, by_name
from .completion import complete_from
from .output import escape_control_characters

__all__ = ["new"]

_KINDS: tuple[Kind, ...] = ("plugin", "transport")
_TEMPLATES = Path(__file__).with_name("templates")
_NAME = re.compile("[a-z][a-z0-9]*(-[a-z0-9]+)*")
_MAX_NAME_LENGTH = 30
"""Lines of the templates that contain the name stay within their line length."""


@click.command(short_help="Create a plugin or transport package.")
@click.argument("kind", metavar="plugin|transport", shell_complete=complete_from(_KINDS))
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    metavar="DIRECTORY",
    help="Output directory (default: current directory).",
)
def new(kind: str, name: str, into: Path) -> None:
    """Create a distribution, usersmanager-NAME, with a plugin or a transport.

    It contains working code with tests: an example plugin to be replaced by your own, or
    transports over an httpx client. NAME consists of lower-case letters and digits in words
    joined by hyphens, such as request-id. The package to import is then
    request_id_usersmanager.
    """
    if kind not in _KINDS:
        raise ArgumentError("the first argument must be 'plugin' or 'transport'")
    values = _template_values(kind, name)
    directory = into / f"usersmanager-{values['name']}"
    try:
        _write(_render(kind, values), directory)
    except FileExistsError:
        raise ArgumentError(
            f"{directory.name} already exists: choose another name or --into"
        ) from None
    except OSError as error:
        raise ArgumentError(f"cannot write the package: {error.strerror}") from None
    click.echo(f"Created {escape_control_characters(str(directory))}. To test it:\n")
    click.echo(f"cd {escape_control_characters(shlex.quote(str(directory)))}")
    click.echo("python -m pip install --editable '.[test]'\npython -m pytest")


def _template_values(kind: str, name: str) -> dict[str, str]:
    """Return the values of the placeholders. Errors don't quote the name: it may be a token."""
    name = name.removeprefix("usersmanager-")
    if len(name) > _MAX_NAME_LENGTH or not _NAME.fullmatch(name):
        raise ArgumentError(
            "invalid name: use lower-case letters and digits in words joined by hyphens, such as"
            f" request-id, starting with a letter; at most {_MAX_NAME_LENGTH} characters"
        )
    # Not usersmanager_NAME: that could be a package which usersmanager itself ships.
    package = f"{name.replace('-', '_')}_usersmanager"
    if package.startswith("usersmanager_"):
        raise ArgumentError("invalid name: usersmanager is reserved, use one such as request-id")
    if _is_installed(name) or find_spec(package) is not None:
        raise ArgumentError("this name is already installed: choose another name")
    # The kind as a suffix prevents a class name that is a keyword or a builtin.
    words = [*name.removesuffix(f"-{kind}").split("-"), kind]
    class_name = "".join(word.capitalize() for word in words)
    return {"name": name, "package": package, "class_name": class_name}


def _is_installed(name: str) -> bool:
    """Return whether a plugin or transport of this name is installed: two would conflict."""
    return any(name in by_name(kind) for kind in _KINDS)


def _render(kind: str, values: dict[str, str]) -> dict[str, str]:
    """Return the files of the package by path. Paths contain placeholders, too."""
    root = _TEMPLATES / kind
    return {
        _substitute(path.relative_to(root).as_posix().removesuffix(".tmpl"), values): _substitute(
            path.read_text(encoding="utf-8"), values
        )
        for path in sorted(root.rglob("*.tmpl"))
    }


def _substitute(text: str, values: dict[str, str]) -> str:
    return Template(text).substitute(values)


def _write(files: dict[str, str], directory: Path) -> None:
    """Write the files into a new directory.

    Raises:
        FileExistsError: the directory, or a file of its name, already exists.
    """
    directory.mkdir(parents=True)
    for path, text in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text, encoding="utf-8", newline="\n")
