"""A reader for tests of streams and connections."""

from __future__ import annotations

__all__ = ["Noting"]


class Noting:
    """A reader that notes what it gets, up to a full stop or the end of the connection."""

    def __init__(self) -> None:
        self.notes: list[object] = []
        self.complete = False

    def receive_data(self, data: bytes) -> None:
        self.notes.append(data)
        self.complete = data.endswith(b".")

    def receive_eof(self, *, in_order: bool = True) -> None:
        self.notes.append(in_order)
        self.complete = True
