"""Secrets in the shapes in which a caller passes them by mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

from tests.redaction.secrets import Secrets

from usersmanager.plugins import Secret

__all__ = ["MISPLACED", "OWN", "SHAPES", "Shape"]

Shape = Callable[[Secrets], Any]

# The secret that the caller passes where it belongs, and the one in the argument under test.
OWN = Secrets(
    "own-K3vQ8zTg1LrX6bWn5YcD0mHs9JfPaU2e",
    "https://tenant.example/login/impersonated/G7tBqS0wRk4ZxNd2YhVj8CpLf5MaUe1o",
)
MISPLACED = Secrets(
    "hushed.Zx81Lq-vB3nTy7_Rk0WdFgHs5JpMcQa9Ue",
    "https://tenant.example/login/impersonated/t4Nw6XbKzR1qLvD8sGyHc2Pj9mFaEo5u",
)


class _Hostile:
    """An object that shows a secret whenever it can, and can't be compared or hashed."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def __repr__(self) -> str:
        return self._secrets.token

    def __eq__(self, other: object) -> NoReturn:
        del self, other  # This frame is the caller's own.
        raise RuntimeError("this object can't be compared")

    def __hash__(self) -> NoReturn:
        del self
        raise RuntimeError("this object has no hash")


class _Unreadable(Mapping[str, Any]):
    """A mapping whose second item can't be read."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def __getitem__(self, name: str) -> Any:
        if name == "x-first":
            return self._secrets.token
        raise ConnectionError("the vault is closed")

    def __iter__(self) -> Iterator[str]:
        return iter(["x-first", "x-second"])

    def __len__(self) -> int:
        return 2

    def __repr__(self) -> str:
        return "<unreadable>"


SHAPES: dict[str, Shape] = {
    "a text": lambda secrets: secrets.token,
    "a text with a line break": lambda secrets: f"{secrets.token}\n",
    "a text with a space": lambda secrets: f"{secrets.token} {secrets.token}",
    "bytes": lambda secrets: secrets.token.encode(),
    "a list": lambda secrets: [secrets.token],
    "a pair": lambda secrets: [("X-Key", f"{secrets.token}\n")],
    "a key": lambda secrets: {secrets.token: "x"},
    "a value": lambda secrets: {"x": secrets.token},
    "a nested value": lambda secrets: {"x": [{"y": f"{secrets.token}\n"}]},
    "a URL": lambda secrets: f"https://tenant.example/?access_token={secrets.token}",
    "a URL with a password": lambda secrets: f"https://user:{secrets.token}@tenant.example",
    "sealed": lambda secrets: Secret(f"{secrets.token}\n"),
    "hostile": _Hostile,
    "unreadable": _Unreadable,
    "huge": lambda secrets: secrets.token * 2_000,
}
