"""Lock: a lock that an exception of a signal handler doesn't leave held."""

from __future__ import annotations

from _thread import RLock

__all__ = ["Lock"]


class Lock(RLock):  # type: ignore[misc] # It is final in typeshed alone.
    """A lock for what threads share, for use in a ``with`` statement. Re-entrant.

    A signal handler may raise an exception at any moment, as job runners do to end a task. The
    locks of ``threading`` cope with that, except on CPython 3.14: there, an exception between the
    acquisition and the body of the ``with`` statement leaves them held, and every other thread
    waits forever. This one is released.

    Never hold a lock across a ``yield from``: another task would wait for it forever.

    Example::

        self.lock = Lock()
        ...
        with self.lock:
            self.failures += 1

    Source: CPython issue 148874.
    """

    __slots__ = ()

    def __enter__(self) -> bool:  # type: ignore[override] # typeshed has the arguments of `acquire`.
        """Acquire the lock, unless a signal handler raises."""
        try:
            return self.acquire()
        except BaseException:
            try:  # noqa: SIM105 - `suppress` could be interrupted before the release.
                self.release()
            except RuntimeError:  # The exception came before the acquisition.
                pass
            raise
