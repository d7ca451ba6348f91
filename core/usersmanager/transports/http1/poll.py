"""Poll: checks whether a socket is readable."""

from __future__ import annotations

import select

__all__ = ["Poll"]

# Seconds. The kernel counts milliseconds in an int, so longer waits are not possible.
_LONGEST_WAIT = 3600.0


class Poll:
    """Checks whether one socket is readable.

    Args:
        descriptor: `sock.fileno()` of a connected socket.

    Example::

        is_readable = Poll(sock.fileno())
        ...
        if is_readable():
            sock.close()  # It is not the response to the next request.
    """

    __slots__ = ("_descriptor", "_poll")

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._poll = None
        if hasattr(select, "poll"):  # Windows has none.
            poller = select.poll()
            poller.register(descriptor, select.POLLIN)
            self._poll = poller.poll

    def __call__(self, within: float = 0.0) -> bool:
        """Return whether data, or the end of the connection, can be read.

        Args:
            within: seconds to wait, an hour at most.
        """
        seconds = min(within, _LONGEST_WAIT)
        if self._poll is None:
            return bool(select.select([self._descriptor], [], [], seconds)[0])
        return bool(self._poll(seconds * 1000))
