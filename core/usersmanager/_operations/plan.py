"""RequestPlan: everything about the request of an operation that is the same for every call."""

from __future__ import annotations

from dataclasses import dataclass

from .._values.call import Call
from .._values.deadline import Deadline
from .._values.headers import Headers, StaticHeaders
from .._values.request import Request
from .._values.site import Site
from .._values.token import Secret, Token

__all__ = ["RequestPlan"]

_NO_DEADLINE = Deadline(float("inf"))
_NO_TOKEN = Token.empty()


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
    _placed: Request | None = None

    def placed_at(self, site: Site) -> Request:
        """Return the request at a site, without a deadline and a token.

        The last one is kept, as most plans are used by one manager.

        Raises:
            ArgumentError: the site has no usable endpoint for it.
        """
        request = self._placed
        if request is None or request.call._site is not site:
            request = self._placed = self._place(site)
        return request

    def _place(self, site: Site) -> Request:
        endpoint = site.locate(self.endpoint, self.path)
        call = Call(secrets=self.secrets)
        call._site = site
        target = endpoint.path
        for name, segment in self.segments.items():
            target = target.replace(f"{{{name}}}", segment)
        if self.query:
            target += f"{'&' if '?' in target else '?'}{self.query}"
        return Request(
            operation=self.name,
            method=self.method,
            origin=endpoint.origin,
            target=target,
            template=endpoint.path,
            headers=self.headers.merge_into(site.headers.merge_into(self.defaults)),
            body=self.body,
            token=_NO_TOKEN,
            deadline=_NO_DEADLINE,
            idempotent=self.idempotent,
            call=call,
        )
