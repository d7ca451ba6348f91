"""The `usersmanager` command. It needs the `cli` extra: click and rich."""

from __future__ import annotations

import sys

from .stdout import flush_output

__all__ = ["main"]

_REQUIRED = {"click", "rich"}


def main() -> int:
    """Run the command line with the arguments of the process, and return its exit code.

    0 is success, 1 an error response from the API, 2 a usage error, 3 no usable response,
    130 an interrupt.
    """
    try:
        from .app import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _REQUIRED:
            raise
        advice = "the command line needs: python -m pip install 'usersmanager[cli]'"
        sys.stderr.write(f"usersmanager: error: {advice}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    exit_code = run()
    flush_output()
    return exit_code
