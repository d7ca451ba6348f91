"""ManagerOptions, the options of both constructors, and how ``from_issuer`` checks them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, TypedDict

from .._values.token import Secret
from .._values.urls import parse_base_url

__all__ = ["ManagerOptions", "UserinfoMethod", "check_issuer"]

UserinfoMethod = Literal["GET", "POST"]


class ManagerOptions(TypedDict, total=False):
    """The options of both constructors, except the base URL and the transport."""

    headers: Mapping[str, str] | None
    client_id: str | None
    timeout: float
    plugins: Collection[object]
    discover: bool | Collection[str]
    allow_insecure: bool
    endpoints: Mapping[str, str] | None
    userinfo_method: UserinfoMethod


def check_issuer(issuer: Secret[str], options: Secret[ManagerOptions]) -> None:
    """Check the issuer before its configuration is fetched.

    Raises:
        ArgumentError: it is not a valid URL.
    """
    allow_insecure = options.reveal().get("allow_insecure", False)
    parse_base_url(issuer.reveal(), allow_insecure=allow_insecure, field="issuer")
