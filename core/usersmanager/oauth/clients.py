"""Credentials of a client that has a secret, or none (RFC 6749, section 2.3.1).

They are credentials of your own program, not of a user.
"""

from __future__ import annotations

import base64
from typing import final
from urllib.parse import quote_plus

from ..operations import Request, Secret
from .checks import check_client_id, check_printable

__all__ = ["ClientSecretBasic", "ClientSecretPost", "PublicClient"]


@final
class ClientSecretBasic:
    """A client that authenticates with its secret in the Authorization header.

    The id and the secret are form-encoded first, as the standard requires. A few servers don't
    decode them. If yours refuses a secret with special characters, use `ClientSecretPost`.

    Args:
        client_id: the id of the client, printable ASCII.
        client_secret: its secret, printable ASCII.

    Raises:
        ArgumentError: an argument is anything else.

    Example::

        introspect_token(token, client=ClientSecretBasic("my-api", secret))

    Source: RFC 6749, section 2.3.1.
    """

    __slots__ = ("_token", "client_id")

    def __init__(self, client_id: str, client_secret: str | Secret[str]) -> None:
        secret = Secret(client_secret)
        del client_secret
        self.client_id: str = ""  # For the repr, should this fail.
        self.client_id = check_client_id(client_id)
        sealed = check_printable("client_secret", secret)
        self._token = Secret(
            base64.b64encode(
                f"{_form_encode(self.client_id)}:{_form_encode(sealed.reveal())}".encode()
            ).decode()
        )

    def authorize(self, request: Request) -> Request:
        """Return the request with the credentials of the client."""
        return request.with_token(self._token, scheme="Basic")

    def __repr__(self) -> str:
        return f"<ClientSecretBasic {self.client_id}>"


def _form_encode(text: str) -> str:
    # "~" stays as it is: every server decodes it to the same, and some don't decode at all.
    return quote_plus(text, safe="*")


@final
class ClientSecretPost:
    """A client that authenticates with its secret in the form of the request.

    Args:
        client_id: the id of the client, printable ASCII.
        client_secret: its secret, printable ASCII.

    Raises:
        ArgumentError: an argument is anything else.

    Example::

        revoke_token(refresh_token, client=ClientSecretPost("my-app", secret))

    Source: RFC 6749, section 2.3.1.
    """

    __slots__ = ("_client_secret", "client_id")

    def __init__(self, client_id: str, client_secret: str | Secret[str]) -> None:
        secret = Secret(client_secret)
        del client_secret
        self.client_id: str = ""  # For the repr, should this fail.
        self.client_id = check_client_id(client_id)
        self._client_secret = check_printable("client_secret", secret)

    def authorize(self, request: Request) -> Request:
        """Return the request with the credentials of the client."""
        return request.with_form(
            {"client_id": self.client_id, "client_secret": self._client_secret}
        )

    def __repr__(self) -> str:
        return f"<ClientSecretPost {self.client_id}>"


@final
class PublicClient:
    """A client without a secret, which only sends its id.

    Args:
        client_id: the id of the client, printable ASCII.

    Raises:
        ArgumentError: it is anything else.

    Example::

        revoke_token(refresh_token, client=PublicClient("my-app"))

    Source: RFC 6749, section 3.2.1.
    """

    __slots__ = ("client_id",)

    def __init__(self, client_id: str) -> None:
        self.client_id: str = ""  # For the repr, should this fail.
        self.client_id = check_client_id(client_id)

    def authorize(self, request: Request) -> Request:
        """Return the request with the id of the client."""
        return request.with_form({"client_id": self.client_id})

    def __repr__(self) -> str:
        return f"<PublicClient {self.client_id}>"
