"""Names and seals reveal nothing without the token, and bind each entry to its name."""

from __future__ import annotations

import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.plugins.cache.support import KEY, OTHER_KEY, SECRET

from usersmanager.plugins import Secret
from usersmanager_cache.sealing import MAX_CONTENT, Seal

CONTENT = b'{"sub": "auth0|ada"}'


def seal_of(secret: bytes = SECRET, key: bytes = KEY, namespace: str = "ns") -> Seal:
    return Seal(Secret(secret), Secret(key), namespace)


@pytest.fixture
def seal() -> Seal:
    return seal_of()


def sealed(seal: Seal, content: bytes = CONTENT) -> bytes:
    return seal.seal(Secret(content))


def opened(seal: Seal, value: bytes) -> bytes | None:
    content = seal.open(value)
    return None if content is None else content.reveal()


def hkdf(info: bytes) -> bytes:
    """Return 32 bytes of HKDF-SHA-256 (RFC 5869, sections 2.2 and 2.3)."""
    extracted = hmac.digest(SECRET, KEY, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def test_an_entry_can_be_opened_with_its_key(seal: Seal) -> None:
    assert opened(seal, sealed(seal)) == CONTENT


def test_names_and_contents_follow_the_documented_derivation(seal: Seal) -> None:
    # Processes of different releases share a store: a change needs another version.
    name = f"ns:{hkdf(b'usersmanager cache 1 name').hex()}"
    value = sealed(seal)
    cipher = AESGCM(hkdf(b"usersmanager cache 1 content"))
    assert seal.name == name
    assert cipher.decrypt(value[:12], value[12:], name.encode()) == CONTENT


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(seal_of(secret=SECRET[::-1]), id="secret"),
        pytest.param(seal_of(namespace="other"), id="namespace"),
        pytest.param(seal_of(key=OTHER_KEY), id="key"),
    ],
)
def test_another_secret_namespace_or_key_has_another_name_and_opens_nothing(
    seal: Seal, other: Seal
) -> None:
    assert other.name != seal.name
    assert opened(other, sealed(seal)) is None


def test_a_changed_byte_makes_an_entry_unreadable(seal: Seal) -> None:
    value = sealed(seal)
    changed = [
        value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
        for place in range(len(value))
    ]
    assert [opened(seal, each) for each in changed] == [None] * len(value)


def test_an_entry_that_is_cut_or_continued_is_unreadable(seal: Seal) -> None:
    value = sealed(seal)
    cut = [value[:length] for length in range(len(value))]
    assert [opened(seal, each) for each in (*cut, value + b"\0")] == [None] * (len(value) + 1)


def test_an_entry_that_is_too_long_is_not_decrypted(seal: Seal) -> None:
    assert opened(seal, sealed(seal, bytes(MAX_CONTENT))) == bytes(MAX_CONTENT)
    assert opened(seal, sealed(seal, bytes(MAX_CONTENT + 1))) is None


def test_the_same_content_is_sealed_differently_each_time(seal: Seal) -> None:
    assert len({sealed(seal) for _ in range(100)}) == 100


def test_what_is_stored_contains_neither_the_key_nor_the_content(seal: Seal) -> None:
    stored = seal.name.encode() + sealed(seal)
    for hidden in (KEY, KEY.hex().encode(), SECRET, CONTENT, b"ada"):
        assert hidden not in stored
