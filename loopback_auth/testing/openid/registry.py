"""
What an authorization server remembers: clients, people, sessions, and the codes and tokens it gave
out.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

AUTH_METHODS = ("none", "client_secret_basic", "client_secret_post")
SCOPES = ("openid", "profile", "email", "offline_access", "api")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """
    A registered client, under the names of RFC 7591. Without a secret it is public.

    *redirect_uris* are compared byte for byte; *any_loopback_port* leaves out the port of `http` to
    127.0.0.1, [::1] (RFC 8252 section 7.3) and, as several servers do, localhost. People see
    *client_name*.
    """

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    client_name: str = ""
    token_endpoint_auth_method: str = "client_secret_basic"  # noqa: S105 - a method, not a secret
    redirect_uris: tuple[str, ...] = (
        "http://127.0.0.1/callback",
        "http://[::1]/callback",
        "http://localhost/callback",
    )
    any_loopback_port: bool = True
    grant_types: tuple[str, ...] = ("authorization_code", "refresh_token")
    scopes: tuple[str, ...] = SCOPES

    def __post_init__(self) -> None:
        """Raise `ValueError` for a client that no server would register."""
        if self.token_endpoint_auth_method not in AUTH_METHODS:
            raise ValueError(f"token_endpoint_auth_method is one of {', '.join(AUTH_METHODS)}")
        if any("#" in uri for uri in self.redirect_uris):
            raise ValueError("a redirect URI has no fragment (RFC 6749 section 3.1.2)")

    @property
    def auth_method(self) -> str:
        """The method by which this client authenticates at the token endpoint."""
        return "none" if self.client_secret is None else self.token_endpoint_auth_method


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who can sign in. *claims* are those of OpenID Connect Core section 5.1."""

    username: str
    password: str = field(repr=False)
    subject: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sub(self) -> str:
        """The subject identifier, which stays when all other names change."""
        return self.subject or f"user-{self.username}"


@dataclass(slots=True, kw_only=True, eq=False)
class Grant:
    """What one person allowed one client; its tokens are one family and are revoked together."""

    client: Client
    user: User
    scope: str
    auth_time: int
    nonce: str | None = None
    revoked: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Code:
    """An authorization code, and what it is bound to."""

    grant: Grant
    redirect_uri: str
    code_challenge: str
    expires_at: float
    used: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Token:
    """
    An access token or a refresh token. *expires_at* `None` is never; *replaced_at* is when a
    refresh put another in its place.
    """

    grant: Grant
    scope: str
    issued_at: float
    expires_at: float | None = None
    revoked: bool = False
    replaced_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A person who signed in with this browser."""

    user: User
    auth_time: int


class Registry:
    """All clients, people, codes and tokens. The server's thread writes; others may look."""

    def __init__(
        self, clients: Iterable[Client], users: Iterable[User], clock: Callable[[], float]
    ) -> None:
        self.clients = {client.client_id: client for client in clients}
        self.users = {user.username: user for user in users}
        self.clock = clock
        self.sessions: dict[str, Session] = {}
        self.codes: dict[str, Code] = {}
        self.access_tokens: dict[str, Token] = {}
        self.refresh_tokens: dict[str, Token] = {}
        self.consents: set[tuple[str, str, str]] = set()

    def add_code(self, code: Code) -> str:
        """Keep *code* and return its name; it ends in `=`, as real ones often do."""
        name = secrets.token_urlsafe(24) + "=="
        self.codes[name] = code
        return name

    def add_token(
        self, kind: dict[str, Token], grant: Grant, *, scope: str, ttl_s: float | None
    ) -> str:
        """Keep a new token in *kind*, one of the two tables of this registry; return its name."""
        name, now = secrets.token_urlsafe(32), self.clock()
        kind[name] = Token(
            grant=grant,
            scope=scope,
            issued_at=now,
            expires_at=None if ttl_s is None else now + ttl_s,
        )
        return name

    def is_alive(self, token: Token | None) -> bool:
        """Return whether *token* is valid."""
        if token is None or token.revoked or token.grant.revoked:
            return False
        return token.expires_at is None or self.clock() < token.expires_at

    def grant_of_refresh_token(self, name: str) -> Grant | None:
        """Return the grant of a refresh token, dead or alive, or `None`."""
        token = self.refresh_tokens.get(name)
        return token.grant if token else None

    def revoke_all(self) -> None:
        """Revoke every grant and end every session, as an administrator can."""
        for token in [*self.access_tokens.values(), *self.refresh_tokens.values()]:
            token.grant.revoked = True
        for code in self.codes.values():
            code.grant.revoked = True
        self.sessions.clear()


DEFAULT_CLIENTS = (
    Client(client_id="demo", client_name="The demo"),
    Client(
        client_id="demo-confidential",
        client_name="The demo, with a secret",
        # Known to everybody. A colon would split, and a percent sign and a space would bend, what
        # was not encoded.
        client_secret="demo secret: 100%",  # noqa: S106 - see above
    ),
)
DEFAULT_USERS = (
    User(
        username="ada",
        password="lovelace",  # noqa: S106 - known to everybody
        claims={"name": "Ada", "email": "ada@example.com", "email_verified": True},
    ),
)
