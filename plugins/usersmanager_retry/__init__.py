"""The retry plugin of `usersmanager`: tenacity decides whether and how long, the flow waits."""

from __future__ import annotations

from .budget import Budget
from .policy import full_jitter, repeatable
from .retry import Retry

__all__ = ["Budget", "Retry", "full_jitter", "repeatable"]
