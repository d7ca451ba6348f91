"""`usersmanager.web` as type checkers see it. Checked by mypy --strict and pyright, never run."""

from __future__ import annotations

from typing import assert_type

from usersmanager import MissingTokenError, UsersManagerError
from usersmanager.web import ErrorResponse, bearer_token, error_response


def tokens(header: str | None, required: bool) -> None:
    assert_type(bearer_token(header), str)
    assert_type(bearer_token(header, required=True), str)
    assert_type(bearer_token(header, required=False), str | None)
    assert_type(bearer_token(header, required=required), str | None)


def answers(error: UsersManagerError) -> None:
    response = error_response(error, realm="api", scope="openid")
    assert_type(response, ErrorResponse)
    status, detail, headers = error_response(MissingTokenError())
    assert_type((status, detail, headers), tuple[int, str, dict[str, str]])
