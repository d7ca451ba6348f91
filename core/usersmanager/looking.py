"""Whether anything has come over a connection that nobody has read: asked before it is used."""

from __future__ import annotations

import select
from collections.abc import Callable

__all__ = ["arrivals"]


def arrivals(descriptor: int) -> Callable[[], bool]:
    """A look into the kernel, which never waits.

    Args:
        descriptor: of a connected socket: `sock.fileno()`.

    Returns:
        A function: whether bytes, or the end of the connection, have come and not been read.

    Example:
        ```python
        has_arrived = arrivals(sock.fileno())
        ...
        if has_arrived():
            sock.close()  # Whatever it is, it does not answer the next request.
        ```
    """
    if not hasattr(select, "poll"):  # Windows
        return lambda: bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return lambda: bool(poll.poll(0))
