"""The profile that every client fetches."""

import json

SUBJECT = "auth0|5f7c8ec7c33c6c004bbafe82"
TOKEN = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9." + "Abc123-_" * 80  # As long as a signed JWT.
_CLAIMS = {
    "sub": SUBJECT,
    "name": "John Doe",
    "picture": "https://s.gravatar.com/avatar/0123456789abcdef0123456789abcdef?s=480&d=mm",
    "email": "john.doe@example.com",
    "email_verified": True,
    "updated_at": "2025-03-14T09:26:53.589Z",
    "https://example.com/roles": ["admin", "editor", "auditor"],
}
_GROUP = {"id": "grp_000000", "name": "Group number 000000", "roles": ["reader", "writer"]}


def profile(size: int) -> bytes:
    """Return a profile of about `size` bytes: a large one belongs to a member of many groups."""
    count = max(0, size - len(json.dumps(_CLAIMS))) // len(json.dumps([_GROUP]))
    return json.dumps({**_CLAIMS, "groups": [_GROUP] * count}).encode()
