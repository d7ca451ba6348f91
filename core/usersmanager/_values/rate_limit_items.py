"""Read RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers).

Until draft 07: `RateLimit: limit=100, remaining=0, reset=30` and `RateLimit-Policy: 100;w=60`.
From draft 08: `RateLimit: "default";r=0;t=30` and `RateLimit-Policy: "default";q=100;w=60`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from .headers import Headers

__all__ = ["RateLimitItem", "read_rate_limit_items"]

# The parameters of one item; its name or leading number is that of "".
_Item: TypeAlias = Mapping[str, str]

_ITEM = re.compile(r'(?:"[^"]*+"|[^",])++')
_PARAMETER = re.compile(
    r'(?:^|;)\s*+(?:(?P<name>[a-z]++)=)?(?P<value>"[^"]*+"|[\w.\-]++)(?=\s*+(?:;|$))'
)
_NUMBER = re.compile(r"[0-9]{1,15}")


class RateLimitItem(NamedTuple):
    """The limit that is the closest to being exceeded. What is missing is None."""

    limit: int | None
    remaining: int | None
    reset: int | None


def read_rate_limit_items(headers: Headers) -> RateLimitItem:
    """Return the limit in RateLimit and RateLimit-Policy."""
    items, policies = _items(headers, "RateLimit"), _items(headers, "RateLimit-Policy")
    named = [item for item in items if "r" in item]
    if not named:
        all_items = {name: value for item in items for name, value in item.items()}
        limit = _number(all_items, "limit") or _quota(policies)
        return RateLimitItem(limit, _number(all_items, "remaining"), _number(all_items, "reset"))
    item = min(named, key=lambda item: (_number(item, "r") or 0, -(_number(item, "t") or 0)))
    limit = _quota([policy for policy in policies if policy.get("") == item.get("")])
    return RateLimitItem(limit, _number(item, "r"), _number(item, "t"))


def _items(headers: Headers, name: str) -> list[_Item]:
    values = headers.getall(name, ())
    return [_parameters(item[0]) for value in values for item in _ITEM.finditer(value)]


def _parameters(item: str) -> _Item:
    return {match["name"] or "": match["value"] for match in _PARAMETER.finditer(item.strip())}


def _quota(policies: list[_Item]) -> int | None:
    """Return the quota of the first policy."""
    policy = policies[0] if policies else {}
    return _number(policy, "q") or _number(policy, "")


def _number(item: _Item, name: str) -> int | None:
    value = item.get(name, "")
    return int(value) if _NUMBER.fullmatch(value) else None
