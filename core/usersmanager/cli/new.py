"""`usersmanager new`: a package with a plugin or a transport of one's own, complete."""

from __future__ import annotations

import re
import shlex
from importlib.util import find_spec
from pathlib import Path
from string import Template

import click

from .. import ArgumentError
from .completion import one_of
from .output import safe

__all__ = ["new"]

_KINDS = ("plugin", "transport")
_TEMPLATES = Path(__file__).with_name("templates")
_GOOD_NAME = re.compile("[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 30
"""So that the lines of the code that hold a name need no folding."""


@click.command(short_help="Makes a package with a plugin or transport of your own.")
@click.argument("kind", metavar="plugin|transport", shell_complete=one_of(_KINDS))
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    metavar="FOLDER",
    help="Where to make it; here if it is left out.",
)
def new(kind: str, name: str, into: Path) -> None:
    """Makes a package of your own, usersmanager-NAME, in a folder of that name.

    It works as it is: it can be installed, its tests pass, and it can be published. What
    is yours to replace is marked. NAME is words of lower-case letters and digits, joined
    by hyphens, such as request-id.
    """
    if kind not in _KINDS:
        raise ArgumentError("there are two kinds to make: plugin and transport")
    values = _values(kind, name)
    folder = into / f"usersmanager-{values['name']}"
    try:
        _write(_filled(kind, values), folder)
    except FileExistsError:
        raise ArgumentError(f"{folder.name} exists already: nothing is overwritten") from None
    except OSError as error:
        raise ArgumentError(f"the package can't be written: {error.strerror}") from None
    click.echo(f"{safe(str(folder))} is made. Try it:\n")
    click.echo(f"cd {safe(shlex.quote(str(folder)))}")
    click.echo("python -m pip install --editable '.[test]'\npython -m pytest")


def _values(kind: str, name: str) -> dict[str, str]:
    """What the templates have placeholders for. The name is not shown: it may be a token."""
    name = name.removeprefix("usersmanager-")
    if len(name) > _LONGEST or not _GOOD_NAME.fullmatch(name):
        raise ArgumentError(
            "a good name is words of lower-case letters and digits, joined by hyphens, such as"
            f" request-id: it begins with a letter and is {_LONGEST} long at most"
        )
    package = f"usersmanager_{name.replace('-', '_')}"
    if find_spec(package) is not None:
        raise ArgumentError("a package of that name is installed already: take another name")
    # With the kind at its end, no class has the name of a keyword or of a builtin.
    words = [*name.removesuffix(f"-{kind}").split("-"), kind]
    class_name = "".join(word.capitalize() for word in words)
    return {"name": name, "package": package, "class_name": class_name}


def _filled(kind: str, values: dict[str, str]) -> dict[str, str]:
    """The files by their paths. Paths have placeholders too."""
    root = _TEMPLATES / kind
    return {
        _fill(path.relative_to(root).as_posix().removesuffix(".tmpl"), values): _fill(
            path.read_text(encoding="utf-8"), values
        )
        for path in sorted(root.rglob("*.tmpl"))
    }


def _fill(text: str, values: dict[str, str]) -> str:
    return Template(text).substitute(values)


def _write(files: dict[str, str], folder: Path) -> None:
    """Writes them into a new folder.

    Raises:
        FileExistsError: there is something of its name.
    """
    folder.mkdir(parents=True)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="\n")
