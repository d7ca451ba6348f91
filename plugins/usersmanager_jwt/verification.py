"""From the body of a response to a verified payload, written once for sync and asyncio.

A token, its content and its payload are sealed, and no function raises an error while it holds one:
a traceback shows local variables. Why a token is refused is returned, as the end of a sentence
about the profile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import NamedTuple, TypeVar

from usersmanager.plugins import Flow, Secret

from .claims import Expected, explain_claims
from .compact import ENCRYPTED, SIGNED, Header, parts_of, read_header
from .encryption import decrypt
from .key_set import KeySet
from .provider_keys import Fetch, ProviderKeys
from .signature import verify_signature

__all__ = ["Keys", "verify"]

T = TypeVar("T")


class Keys(NamedTuple):
    """The keys for a profile.

    Attributes:
        algorithms: the algorithms that a signature may have.
        decryption: the private keys of this client, or None.
        known: the keys of providers that are known.
        provider: what identifies the provider.
        fetch: fetches its keys.
    """

    algorithms: tuple[str, ...]
    decryption: KeySet | None
    known: ProviderKeys
    provider: Hashable
    fetch: Fetch


def verify(body: Secret[bytes], keys: Keys, expected: Expected) -> Flow[Secret[bytes] | str]:
    """Return the payload of a signed profile, or why it is refused.

    Args:
        body: a token, encrypted or not.
        keys: the keys.
        expected: what its claims must agree with.

    Raises:
        UsersManagerError: raised by ``yield from``; the keys can't be fetched.
    """
    token = _concealed(lambda: _signed_token(body, keys.decryption))
    if isinstance(token, str):
        return token
    payload = yield from _payload(token, keys)
    if isinstance(payload, str):
        return payload
    return _concealed(lambda: explain_claims(payload, expected, time.time())) or payload


def _signed_token(body: Secret[bytes], decryption_keys: KeySet | None) -> Secret[bytes] | str:
    """Return the signed token in a body, decrypted if necessary, or why it is refused."""
    token = Secret(body.reveal().strip(b" \t\r\n"))
    if parts_of(token) != ENCRYPTED:
        return token if parts_of(token) == SIGNED else "is not a JWT in the compact serialization"
    content = decrypt(token, decryption_keys)
    if isinstance(content, str) or parts_of(content) == SIGNED:
        return content
    if parts_of(content) == ENCRYPTED:
        return "is encrypted twice"
    return "is encrypted, but not signed: set userinfo_signed_response_alg at the provider"


def _payload(token: Secret[bytes], keys: Keys) -> Flow[Secret[bytes] | str]:
    """Return the payload of a signed token, or why it is refused."""
    header = _concealed(lambda: read_header(token))
    if isinstance(header, str):
        return header
    if header.alg not in keys.algorithms:
        return f"is not signed by an algorithm that is allowed: {', '.join(keys.algorithms)}"
    current = yield from keys.known.get(keys.provider, keys.fetch)
    payload = _concealed(lambda: _verify_with(token, header, current))
    if isinstance(payload, str) and _may_need_new_keys(header, current):
        newer = yield from keys.known.renew(keys.provider, current, keys.fetch)
        payload = _concealed(lambda: _verify_with(token, header, newer))
    return payload


def _may_need_new_keys(header: Header, keys: KeySet) -> bool:
    """Return whether the key of a token is unknown, or may be, since the token does not name it."""
    return header.kid is None or not keys.candidates(header.kid, header.alg)


def _verify_with(token: Secret[bytes], header: Header, keys: KeySet) -> Secret[bytes] | str:
    candidates = keys.candidates(header.kid, header.alg)
    if not candidates:
        return "is signed with a key that the provider does not publish (jwks_uri)"
    return verify_signature(token, header, candidates) or "has a signature that is not valid"


def _concealed(step: Callable[[], T]) -> T:
    """Run a step whose frames hold a part of a token, and let no traceback show them.

    It raises nothing itself, but Ctrl-C and signal handlers may raise at any line.
    """
    try:
        return step()
    except BaseException as interruption:
        interruption.__cause__ = interruption.__context__ = None
        raise interruption.with_traceback(None)  # noqa: B904 - the same error, not another.
