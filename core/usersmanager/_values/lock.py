"""Lock: a lock that is released even if a signal handler raises."""

from __future__ import annotations

import os
from _thread import RLock
from weakref import WeakSet

__all__ = ["Lock"]


class Lock(RLock):  # type: ignore[misc] # It is final in typeshed alone.
    """A lock for what threads share, for use in a ``with`` statement. Re-entrant.

    A signal handler may raise an exception at any moment, as job runners do to end a task. The
    locks of ``threading`` cope with that, except on CPython 3.14: there, an exception between the
    acquisition and the body of the ``with`` statement leaves them held, and every other thread
    waits forever. This one is released. In a forked process, it is free: the thread that held it
    may not exist there.

    Never hold a lock across a ``yield from``: another task would wait for it forever.

    Example::

        self.lock = Lock()
        ...
        with self.lock:
            self.failures += 1

    Source: CPython issue 148874.
    """

    __slots__ = ()

    def __init__(self) -> None:
        _instances.add(self)

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


_instances: WeakSet[Lock] = WeakSet()


def _free_all() -> None:
    for lock in list(_instances):
        lock._at_fork_reinit()  # type: ignore[attr-defined] # typeshed lacks it.


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_all)
