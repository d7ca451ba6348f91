"""Sandbox: a local Auth0-like test server.

``tenant.py`` has its state and rules, ``endpoints.py`` its HTTP endpoints, and ``server_thread.py``
runs it.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from .clients import Client
from .endpoints import Endpoints, Fault
from .oauth import DELEGATED_LOGIN
from .server_thread import ServerThread
from .signing import SigningKeys
from .tenant import Limit, Tenant

__all__ = ["Sandbox"]

_SECRET = "sandbox-secret"


class Sandbox:
    """Local Auth0-like test server. Use it as a context manager.

    Args:
        rate_limit: the limit on profile requests per user; ``Limit()`` is Auth0's (5 per
            minute, bursts of 10), None is no limit.
        client_id: the registered client.
        client_secret: its secret.
        port: the port to listen on; 0 for a free port.
        userinfo_signed_response_alg: "ES256", "RS256" or "PS256" if profiles are signed JWTs, for
            the client; None if they are JSON. It needs the extra ``jwt``.

    Raises:
        ValueError: another algorithm.
        MissingExtraError: profiles are signed, and joserfc is not installed.

    Attributes:
        base_url: the URL of the server once it has started, such as ``http://127.0.0.1:8400``.
        client_id: the registered client.
        client_secret: its secret.

    Example::

        with Sandbox() as sandbox:
            sandbox.add_user("auth0|1", name="Ada", email="ada@example.com")
            token = sandbox.issue_token("auth0|1")
            with UsersManager(sandbox.base_url) as users:
                print(users.get_info(token).email)
    """

    def __init__(
        self,
        *,
        rate_limit: Limit | None = None,
        client_id: str = "sandbox-client",
        client_secret: str = _SECRET,
        port: int = 0,
        userinfo_signed_response_alg: str | None = None,
    ) -> None:
        self.base_url: str = ""
        self.client_id = client_id
        self.client_secret = client_secret
        self._port = port
        self._rate_limit = rate_limit
        algorithm = userinfo_signed_response_alg
        self._signing_keys = None if algorithm is None else SigningKeys(algorithm)
        self._endpoints = Endpoints(self._new_tenant(), self._signing_keys)
        self._server: ServerThread | None = None

    def _new_tenant(self) -> Tenant:
        tenant = Tenant(limit=self._rate_limit, clients={self.client_id})
        tenant.oauth_clients.add(Client(self.client_id, self.client_secret))
        return tenant

    def reset(self) -> Self:
        """Return to the initial state: no users, tokens, links, added clients, faults or requests.

        The rate limit starts anew, too. The server keeps running at the same URL, with the same
        keys, so tests can share it. Requests that it is still answering are not recorded.
        """
        self._endpoints.reset(self._new_tenant())
        return self

    @property
    def _tenant(self) -> Tenant:
        return self._endpoints.tenant

    def add_user(self, user_id: str, /, **claims: Any) -> Self:
        """Add or replace a user. The scope of a token decides which claims it returns."""
        self._tenant.add_user(user_id, claims)
        return self

    def add_client(
        self,
        client_id: str,
        *,
        secret: str | None = None,
        public_key: str | dict[str, Any] | None = None,
    ) -> Self:
        """Register another client for token exchange, introspection and revocation, until a reset.

        Args:
            client_id: its id.
            secret: its secret, which it sends in the header or in the form.
            public_key: the key that verifies what it signs (private_key_jwt), in PEM or as a JWK.
                Without a key and a secret, the client is public.
        """
        self._tenant.oauth_clients.add(Client(client_id, secret, public_key))
        return self

    @property
    def login_uri(self) -> str:
        """Where a session transfer token logs in, for `usersmanager.oauth.session_link`."""
        return self.base_url + DELEGATED_LOGIN

    def remove_user(self, user_id: str) -> None:
        """Remove a user, and so invalidate its tokens."""
        self._tenant.users.pop(user_id, None)

    def issue_token(
        self, user_id: str, *, scope: str = "openid profile email", expires_in: float = 3600.0
    ) -> str:
        """Return a new access token for a user.

        Args:
            user_id: the id of an existing user.
            scope: space-separated; without "openid" a profile request is answered with 403.
            expires_in: seconds; 0 or less for an expired token.

        Raises:
            KeyError: there is no such user.
        """
        if user_id not in self._tenant.users:
            raise KeyError(f"no such user: {user_id!r}; call add_user first")
        return self._tenant.issue(user_id, scope, expires_in)

    def issue_api_token(self, *, expires_in: float = 3600.0) -> str:
        """Return a new token that is allowed to impersonate."""
        return self._tenant.issue("", "impersonate", expires_in)

    def revoke(self, token: str) -> None:
        """Invalidate a token."""
        self._tenant.revoke(token)

    def rotate_keys(self) -> None:
        """Sign profiles with a new key from now on. The previous one stays published.

        Raises:
            RuntimeError: profiles are not signed.
        """
        if self._signing_keys is None:
            raise RuntimeError(
                "profiles are not signed: make the sandbox with userinfo_signed_response_alg,"
                ' such as "ES256"'
            )
        self._signing_keys.rotate()

    def fail_next(self, status: int, *, times: int = 1, retry_after: int | None = None) -> None:
        """Answer the next API requests with an error status.

        Args:
            status: such as 503.
            times: the number of requests.
            retry_after: the seconds in a Retry-After header, if any.
        """
        self._endpoints.faults.extend([Fault(status=status, retry_after=retry_after)] * times)

    def delay_next(self, seconds: float, *, times: int = 1) -> None:
        """Delay the responses to the next API requests.

        Args:
            seconds: how long.
            times: the number of requests.
        """
        self._endpoints.faults.extend([Fault(delay=seconds)] * times)

    def disconnect_next(self, *, times: int = 1) -> None:
        """Close the connection of the next API requests without a response."""
        self._endpoints.faults.extend([Fault(disconnect=True)] * times)

    @property
    def requests(self) -> list[tuple[str, str, int]]:
        """Method, path and status of each API request; status 0 if there was no response."""
        return self._endpoints.log.copy()

    def start(self) -> Self:
        """Start the server. A ``with`` statement does so.

        Raises:
            RuntimeError: it was started before.
            OSError: the port is not free.
        """
        if self._server is not None:
            raise RuntimeError("a Sandbox can only be started once")
        self._server = ServerThread(self._endpoints.application, self._port, self._set_base_url)
        self._server.start()
        return self

    def _set_base_url(self, url: str) -> None:
        self.base_url = self._endpoints.base_url = url

    def stop(self) -> None:
        """Stop the server and close its connections. Calling it again has no effect."""
        if self._server is not None:
            self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
