"""session_link: log in as a user by a session transfer token of Auth0 (Session Delegation)."""

from __future__ import annotations

import ipaddress
import re
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from ..operations import ArgumentError, Secret
from .checks import check_optional_text
from .exchanged_token import ExchangedToken

__all__ = ["session_link"]

_SESSION_TRANSFER: Final = "urn:auth0:params:oauth:token-type:session_transfer_token"
_PARAMETERS: Final = ("session_transfer_token", "organization")
_URL_CHARACTERS: Final = re.compile(r"[\x21\x24-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]+")


def session_link(
    login_uri: str, exchanged: ExchangedToken, *, organization: str | None = None
) -> str:
    """Return a link that logs in as a user, once.

    It sends nothing. Redirect the agent's browser to the link. The browser must have the IP address
    that the token was requested for (``auth0-forwarded-for``).

    Args:
        login_uri: the URL that begins a login in your web application (``initiate_login_uri``):
            https, or http for loopback. Its query is kept. Never take it from a request: the
            link logs in anyone who gets it.
        exchanged: the result of `exchange_token` with the audience
            ``urn:YOUR_DOMAIN:session_transfer``.
        organization: the id of an Auth0 organization, or None.

    Returns:
        The link, a credential. It logs in the first person who opens it from that address.

    Raises:
        ArgumentError: an argument is invalid, or the token is not a session transfer token.

    Example::

        link = session_link("https://app.example/login", users.call(exchange))

    Source: Auth0, "Implement Session Delegation".
    """
    sealed: Secret[Any] = Secret(login_uri)
    del login_uri
    check_optional_text("organization", organization)
    if not isinstance(exchanged, ExchangedToken):
        raise ArgumentError("exchanged must be the result of exchange_token")
    if exchanged.issued_token_type != _SESSION_TRANSFER:
        raise ArgumentError(
            "the issued token is not a session transfer token: request it with the audience"
            " urn:YOUR_DOMAIN:session_transfer"
        )
    problem = _explain(sealed)
    if problem is not None:
        raise ArgumentError(f"login_uri {problem}")
    fields = {"session_transfer_token": Secret(exchanged.token)}
    if organization is not None:
        fields["organization"] = Secret(organization)
    return str(
        sealed.reveal()
        + _separator(sealed)
        + "&".join(f"{name}={quote(value.reveal(), safe='')}" for name, value in fields.items())
    )


def _separator(url: Secret[Any]) -> str:
    if "?" not in url.reveal():
        return "?"
    return "" if url.reveal()[-1] in "?&" else "&"


def _explain(url: Secret[Any]) -> str | None:
    """Return what is wrong with a login URI, or None."""
    if not isinstance(url.reveal(), str):
        return "must be a str, such as 'https://app.example/login'"
    if "#" in url.reveal():
        return "must not contain a fragment ('#')"
    if not _URL_CHARACTERS.fullmatch(url.reveal()):
        return "must be a URL in ASCII, without whitespace"
    try:
        parts = Secret(urlsplit(url.reveal()))
        host = parts.reveal().hostname or ""
        _ = parts.reveal().port
    except ValueError:
        return "has no valid host and port"
    if "@" in parts.reveal().netloc:
        return "must not contain a user name or password ('@')"
    if not host:
        return "must be an absolute URL, such as https://app.example/login"
    if parts.reveal().scheme != "https" and not _is_local_http(parts.reveal().scheme, host):
        return "must begin with https:// (http is allowed for loopback)"
    names = [name for name, _ in parse_qsl(parts.reveal().query, keep_blank_values=True)]
    if any(name in _PARAMETERS for name in names):
        return f"must not contain {' or '.join(_PARAMETERS)} already"
    return None


def _is_local_http(scheme: str, host: str) -> bool:
    if scheme != "http":
        return False
    if f".{host}".removesuffix(".").endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
