"""Call: what all attempts of one call share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .redaction import redact
from .token import Secret, Token

if TYPE_CHECKING:
    from .credential import Credential
    from .response import Response
    from .site import Site

__all__ = ["Call"]


@dataclass(eq=False, repr=False, slots=True, weakref_slot=True)
class Call:
    """One call of a manager, shared by all of its attempts.

    Attributes:
        read: returns the result of the call, given its response.
        credential: authorizes each attempt; None if the first request already carries the token.
        secrets: the secrets in its requests, apart from the tokens.
        attempts: the number of attempts so far.
        notes: short texts of plugins for logs and spans, by the name of the field, such as
            ``{"cache": "hit"}``. They must not contain a secret.
        variant: what a response depends on besides the request: pairs of a plugin's name and the
            result of its hook ``usersmanager_variant``. It belongs in the key of a plugin that
            keeps or shares responses.
        token_changes: how many times a request was given another token (``with_token``), or was
            authorized by another credential.
    """

    read: Callable[[Response], Any] | None = None
    credential: Credential | None = None
    secrets: tuple[Secret[str], ...] = ()
    attempts: int = 0
    notes: dict[str, str] = field(default_factory=dict)
    variant: tuple[tuple[str, str], ...] = ()
    token_changes: int = 0
    _tokens: tuple[Token, ...] = field(default=(), init=False)
    # What the manager knows about its server; None outside a manager.
    _site: Site | None = field(default=None, init=False)

    def endpoint(self, name: str) -> str | None:
        """Return the URL at which `usersmanager.plugins.call` requests an operation.

        It is the one that the program has set, or the one in the metadata of the provider. It
        belongs in the key of a plugin that keeps what it gets from there, as managers may differ.

        Args:
            name: the name of the endpoint, such as "jwks_uri".

        Returns:
            The URL; None if there is none, it is malformed, or it is http although the manager
            doesn't allow it.

        Example::

            key = request.call.endpoint("jwks_uri")
        """
        return None if self._site is None else self._site.url_of(name)

    @property
    def token_changed(self) -> bool:
        """Whether a request of the call has carried a token other than the first."""
        return self.token_changes > 0

    def register_token(self, token: Token, replaced: Token | None = None) -> None:
        """Remember the token of a request, so that an echo of it can be redacted.

        Args:
            token: the token.
            replaced: the token that it replaces; None compares it with every token so far.
        """
        if not self._tokens:
            self._tokens = (token,)
            return
        before = self._tokens if replaced is None else (replaced,)
        if token not in self._tokens:
            self._tokens += (token,)
        if before and any(token.reveal() != other.reveal() for other in before):
            self.token_changes += 1

    def register_secrets(self, secrets: Iterable[Secret[str]]) -> None:
        """Remember other secrets of a request, so that an echo of them can be redacted."""
        self.secrets += tuple(secret for secret in secrets if secret not in self.secrets)

    def redact(self, text: str) -> str:
        """Return a text from the server without any secret of this call that it may echo."""
        return redact(text, (*self._tokens, *self.secrets))
