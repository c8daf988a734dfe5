"""What an authorization server knows: clients, people, and the codes and tokens it gave out."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """
    A registered client. Without a secret it is public.

    *redirect_uris* are compared byte for byte; *any_loopback_port* leaves the port of a loopback address out (RFC 8252 section 7.3).
    """

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    token_endpoint_auth_method: str = "client_secret_basic"  # noqa: S105 - a method, not a secret
    redirect_uris: tuple[str, ...] = ("http://127.0.0.1/callback", "http://localhost/callback")
    any_loopback_port: bool = True
    scopes: tuple[str, ...] = ("openid", "profile", "email", "offline_access", "api")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who can sign in."""

    username: str
    password: str = field(repr=False)
    subject: str = "user-1"
    claims: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Grant:
    """One sign-in of one person for one client, with the tokens that came of it."""

    client_id: str
    user: User
    scope: str
    redirect_uri: str
    code_challenge: str
    nonce: str | None
    code_expires_at: float
    redeemed: bool = False
    revoked: bool = False
    access_tokens: dict[str, float] = field(default_factory=dict)
    refresh_tokens: dict[str, bool] = field(default_factory=dict)


class Registry:
    """Holds everything, under one lock: the server's thread writes, a test's thread reads."""

    def __init__(
        self, clients: tuple[Client, ...], users: tuple[User, ...], clock: Callable[[], float]
    ) -> None:
        self.clients = {client.client_id: client for client in clients}
        self.users = {user.username: user for user in users}
        self.clock = clock
        self.lock = threading.RLock()
        self.grants: dict[str, Grant] = {}

    def issue_code(self, grant: Grant) -> str:
        """Remember *grant* under a fresh code; real ones often end in `=`, so ours do."""
        code = secrets.token_urlsafe(24) + "=="
        self.grants[code] = grant
        return code

    def grant_of_access_token(self, token: str) -> Grant | None:
        """Find the living grant of a living access token."""
        for grant in self.grants.values():
            if not grant.revoked and grant.access_tokens.get(token, 0.0) > self.clock():
                return grant
        return None

    def grant_of_refresh_token(self, token: str) -> Grant | None:
        """Find the grant of a refresh token, dead or alive."""
        return next((grant for grant in self.grants.values() if token in grant.refresh_tokens), None)
