"""RequestPlan: everything about the request of an operation that is the same for every call."""

from __future__ import annotations

from dataclasses import dataclass

from .._values.headers import Headers, StaticHeaders
from .._values.site import Site
from .._values.token import Secret

__all__ = ["Placement", "RequestPlan"]


class Placement:
    """A plan at a site: where the request goes, and with which header fields."""

    __slots__ = ("headers", "origin", "site", "target", "template")

    def __init__(self, plan: RequestPlan, site: Site) -> None:
        endpoint = site.locate(plan.endpoint, plan.path)
        target = endpoint.path
        for name, segment in plan.segments.items():
            target = target.replace(f"{{{name}}}", segment)
        if plan.query:
            target += f"{'&' if '?' in target else '?'}{plan.query}"
        self.site = site
        self.origin = endpoint.origin
        self.target = target
        self.template = endpoint.path
        self.headers = plan.headers.merge_into(site.headers.merge_into(plan.defaults))


@dataclass(eq=False, repr=False, slots=True)
class RequestPlan:
    """The request of an operation, checked and encoded. It is not changed.

    Attributes:
        name: the name of the operation.
        method: the HTTP method.
        path: the path below the base URL, with placeholders, or None.
        segments: the encoded arguments, by the name of their placeholder.
        endpoint: the name of the endpoint, or None.
        query: the encoded query, or "".
        defaults: Accept and Content-Type, which a manager's headers may override.
        headers: the fields of the operation, which override both.
        body: the body, or None.
        secrets: the secrets in it.
        idempotent: whether it may be sent twice.
    """

    name: str
    method: str
    path: str | None
    segments: dict[str, str]
    endpoint: str | None
    query: str
    defaults: Headers
    headers: StaticHeaders
    body: bytes | None
    secrets: tuple[Secret[str], ...]
    idempotent: bool
    _placement: Placement | None = None

    def placed_at(self, site: Site) -> Placement:
        """Return this plan at a site. The last one is kept, as most plans are used by one manager.

        Raises:
            ArgumentError: the site has no usable endpoint for it.
        """
        placement = self._placement
        if placement is None or placement.site is not site:
            placement = self._placement = Placement(self, site)
        return placement
