"""Stands for your database, which encrypts the tokens."""

import json
import os
from pathlib import Path

from usersmanager import UserInfo

FOLDER = Path(os.environ["STORE"])


def token_of(user_id: str) -> str:
    return str(
        json.loads((FOLDER / "tokens.json").read_text())[
            user_id
        ]
    )


def save_profile(user_id: str, profile: UserInfo) -> None:
    (FOLDER / f"{user_id}.json").write_text(
        json.dumps(profile)
    )
