"""Check whether a socket is readable."""

from __future__ import annotations

import select
from typing import Protocol

__all__ = ["Readable", "readable"]

# Seconds. The kernel counts milliseconds in an int, so longer waits are not possible.
_LONGEST_WAIT = 3600.0


class Readable(Protocol):
    """Checks whether one socket is readable."""

    def __call__(self, within: float = 0.0) -> bool:
        """Return whether data, or the end of the connection, can be read.

        Args:
            within: seconds to wait, an hour at most.
        """


def readable(descriptor: int) -> Readable:
    """Return a function that checks whether a socket is readable.

    Args:
        descriptor: `sock.fileno()` of a connected socket.

    Example::

        is_readable = readable(sock.fileno())
        ...
        if is_readable():
            sock.close()  # It is not the response to the next request.
    """
    if not hasattr(select, "poll"):  # Windows

        def check_by_select(within: float = 0.0) -> bool:
            return bool(select.select([descriptor], [], [], min(within, _LONGEST_WAIT))[0])

        return check_by_select

    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    poll = poller.poll

    def check_by_poll(within: float = 0.0) -> bool:
        return bool(poll(min(within, _LONGEST_WAIT) * 1000 if within else 0))

    return check_by_poll
