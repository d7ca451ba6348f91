"""Proxies: which proxy a request goes through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import urlsplit

from ..._values.hosts import is_loopback
from ..._values.token import Secret
from ...errors import ArgumentError
from .proxy import Proxy

__all__ = ["Proxies"]


class Proxies:
    """The proxy of all origins, or those of the environment.

    The environment is read once, as the standard library does: `http_proxy`, `https_proxy` and
    `no_proxy` in lower or upper case; where there are none, macOS and Windows have settings. They
    never apply to loopback: http is allowed there because the token stays on this machine.

    Args:
        url: sealed, for all origins. It takes precedence over the environment.
        trust_env: whether to read the environment.

    Raises:
        ArgumentError: a URL is not that of an HTTP proxy.
    """

    __slots__ = ("_by_origin", "_by_scheme", "_explicit", "_is_excepted")

    def __init__(self, url: Secret[str | None], *, trust_env: bool) -> None:
        self._explicit = None if url.reveal() is None else Proxy(url)
        self._by_scheme: dict[str, Proxy] = {}
        self._by_origin: dict[str, Proxy | None] = {}
        self._is_excepted: Callable[[str], object] = bool
        if trust_env and self._explicit is None:
            self._read_environment()

    def _read_environment(self) -> None:
        from urllib import request  # Slow to import.

        urls = Secret[Mapping[str, str]](request.getproxies())
        self._is_excepted = request.proxy_bypass
        if request.getproxies_environment():
            self._is_excepted = partial(
                request.proxy_bypass_environment,  # type: ignore[attr-defined] # typeshed lacks it.
                proxies={"no": urls.reveal().get("no", "")},
            )
        for scheme in ("http", "https"):
            if scheme not in urls.reveal():
                continue
            try:
                self._by_scheme[scheme] = Proxy(Secret(_with_scheme(urls, scheme)))
            except ArgumentError as error:
                problem = str(error)
            else:
                continue
            raise ArgumentError(f"{scheme}_proxy in the environment: {problem}")

    def for_origin(self, origin: str) -> Proxy | None:
        """Return the proxy for an origin, or None for a direct connection."""
        if not self._by_scheme:
            return self._explicit
        if origin not in self._by_origin:
            scheme, _, authority = origin.partition("://")
            is_direct = _is_loopback(origin) or self._is_excepted(authority)
            self._by_origin[origin] = None if is_direct else self._by_scheme.get(scheme)
        return self._by_origin[origin]


def _is_loopback(origin: str) -> bool:
    return is_loopback(urlsplit(origin).hostname or "")


def _with_scheme(urls: Secret[Mapping[str, str]], scheme: str) -> str:
    is_url = "://" in urls.reveal()[scheme]
    return urls.reveal()[scheme] if is_url else f"http://{urls.reveal()[scheme]}"
