"""Retry transient errors. tenacity decides whether to retry and how long to wait first."""

from __future__ import annotations

from .budget import Budget
from .policy import full_jitter, is_retryable
from .retry import Retry

__all__ = ["Budget", "Retry", "full_jitter", "is_retryable"]
