"""The words for Python arguments in messages: the options that set them."""

from __future__ import annotations

__all__ = ["OPTIONS"]

OPTIONS = {
    "base_url": "--base-url",
    "client_id": "--client-id",
    "expected_subject": "--expect-subject",
    "impersonator_id": "--impersonator",
    "issuer": "--issuer",
    "protocol": "--protocol",
    "userinfo_endpoint": "--userinfo-endpoint",
    "proxy=": "--proxy",
    "ssl_context=": "--cacert",
    "allow_insecure=True": "--allow-insecure",
    'as endpoints={"userinfo_endpoint": ...}': "as --userinfo-endpoint",
    "to from_issuer": "as --issuer",
    "field is required": "must not be empty",  # click has rejected a missing option already.
}
