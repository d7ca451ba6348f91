"""A secret for test cases, and the complete text of an error."""

from __future__ import annotations

import traceback

__all__ = ["SECRET_TOKEN", "rendered"]

SECRET_TOKEN = "secret-4f1d0c9ab2e7"


def rendered(error: BaseException) -> str:
    """Return all text of an error: its chain of errors, their notes and local variables."""
    texts: list[str] = []
    pending: list[BaseException | None] = [error]
    while pending:
        link = pending.pop()
        if link is None:
            continue
        texts += [repr(link), str(link), f"{link}", repr(link.args), repr(vars(link))]
        texts += getattr(link, "__notes__", [])
        pending += [link.__cause__, link.__context__]
    stack = traceback.TracebackException.from_exception(error, capture_locals=True).stack
    # The frames of the test itself hold the token.
    frames = [frame for frame in stack if "/testing/" not in frame.filename]
    return "\n".join(texts + [repr(frame.locals) for frame in frames])
