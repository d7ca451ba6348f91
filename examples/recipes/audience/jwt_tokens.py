import os
import time
from contextlib import suppress
from typing import Any

import jwt

from usersmanager import (
    InvalidTokenError,
    ProviderUnavailableError,
)

AUDIENCE = os.environ["API_AUDIENCE"]
ISSUER = os.environ["AUTH0_URL"].rstrip("/") + "/"
PAUSE = 5  # seconds after a failed fetch


class ProviderKeys(jwt.PyJWKClient):
    next_fetch = 0.0

    def fetch_data(self) -> Any:
        if time.monotonic() >= self.next_fetch:
            with suppress(
                jwt.PyJWTError, OSError, ValueError
            ):
                return super().fetch_data()
            self.next_fetch = time.monotonic() + PAUSE
        raise ProviderUnavailableError(
            "can't fetch the keys", retry_after=PAUSE
        )


keys = ProviderKeys(
    f"{ISSUER}.well-known/jwks.json", timeout=3
)


def verify_token(token: str) -> dict[str, Any]:
    try:
        return jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token),
            algorithms=["RS256"],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=30,  # Clocks differ.
            options={"require": ["exp", "sub"]},
        )
    except jwt.PyJWTError:
        raise InvalidTokenError(
            "not a valid token for this API"
        ) from None
