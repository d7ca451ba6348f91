"""Whether anything has come over a connection that nobody has read."""

from __future__ import annotations

import select
from typing import Protocol

__all__ = ["Look", "arrivals"]

# Seconds. The kernel counts milliseconds in an int; who waits for longer looks again.
_LONGEST = 3600.0


class Look(Protocol):
    """A look into the kernel."""

    def __call__(self, within: float = 0.0) -> bool:
        """Whether bytes, or the end of the connection, have come and not been read.

        Args:
            within: seconds to wait for it, an hour at most; 0 only looks.
        """


def arrivals(descriptor: int) -> Look:
    """Looks at a connection: before it is used, or until something comes.

    Args:
        descriptor: of a connected socket: `sock.fileno()`.

    Example:
        ```python
        has_arrived = arrivals(sock.fileno())
        ...
        if has_arrived():
            sock.close()  # Whatever it is, it does not answer the next request.
        ```
    """
    if not hasattr(select, "poll"):  # Windows

        def looked(within: float = 0.0) -> bool:
            return bool(select.select([descriptor], [], [], min(within, _LONGEST))[0])

        return looked

    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    poll = poller.poll

    def polled(within: float = 0.0) -> bool:
        return bool(poll(min(within, _LONGEST) * 1000 if within else 0))

    return polled
