"""Operations of OAuth 2.0: exchange a token, ask whether it is valid, and revoke it.

The functions return operations for ``users.call``, and use only public names, as your own
operations would. `session_link` makes a link from an exchanged token, without a request. See
"Token exchange" in the documentation.
"""

from __future__ import annotations

from .clients import ClientSecretBasic, ClientSecretPost, PublicClient
from .exchange import exchange_token
from .exchanged_token import ExchangedToken
from .introspection import Introspection, introspect_token
from .private_key_jwt import PrivateKeyJwt
from .revocation import revoke_token
from .session_link import session_link

__all__ = [
    "ClientSecretBasic",
    "ClientSecretPost",
    "ExchangedToken",
    "Introspection",
    "PrivateKeyJwt",
    "PublicClient",
    "exchange_token",
    "introspect_token",
    "revoke_token",
    "session_link",
]


def __dir__() -> list[str]:
    return __all__
