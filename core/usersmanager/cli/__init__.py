"""The command line, `usersmanager`. It needs the extra `cli`: click and rich."""

from __future__ import annotations

import os
import sys

__all__ = ["main"]

_NEEDED = {"click", "rich"}


def main() -> int:
    """Runs the command line with the arguments of the process; gives its exit code.

    0 is success, 1 an error status of the API, 2 a wrong use, 3 no usable answer.
    """
    try:
        from .app import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDED:
            raise
        sys.stderr.write("the command line needs: python -m pip install 'usersmanager[cli]'\n")
        return 2
    except KeyboardInterrupt:
        return 130
    code = run()
    _flush_output()
    return code


def _flush_output() -> None:
    """Writes what is buffered; if it can't be written, the exit shall not try again."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
