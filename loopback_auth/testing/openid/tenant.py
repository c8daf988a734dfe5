"""One authorization server as values: its issuer, its registry, and the rules it chooses."""

from __future__ import annotations

from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .authorization_request import AuthorizationRequest
    from .registry import Registry

ACCESS_TOKEN_TTL_S = 3600.0
"""How long an access token lives when the token answer does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    What an authorization server may decide for itself.

    *expires_in*: seconds an access token lives; `None`: an hour, and the answer does not say so.
    *access_token_ttl_s*: how long it lives whatever the answer says. *rotate_refresh_tokens*: each
    refresh replaces the refresh token, and the use of a replaced one revokes the family, unless
    within *reuse_grace_s*. *iss*: send and promise the parameter of RFC 9207.
    """

    expires_in: int | None = 3600
    access_token_ttl_s: float | None = None
    rotate_refresh_tokens: bool = True
    reuse_grace_s: float = 0.0
    refresh_token_ttl_s: float | None = None
    code_ttl_s: float = 60.0
    iss: bool = True

    @property
    def access_token_lives_s(self) -> float:
        """How long an access token is good, in seconds."""
        if self.access_token_ttl_s is not None:
            return self.access_token_ttl_s
        return ACCESS_TOKEN_TTL_S if self.expires_in is None else float(self.expires_in)


DEFAULT_POLICY = Policy()
"""The policy of a server that is given none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """
    A request that a person is being asked about.

    *session* is the name of the session that is asked for consent; empty before the sign-in.
    """

    request: AuthorizationRequest
    session: str = field(default="", repr=False)


@dataclass(slots=True, kw_only=True)
class Tenant:
    """
    All that an endpoint needs.

    *cookie* is the name of the session's cookie, since cookies know no ports. *metadata* replaces
    the true document of discovery.
    """

    issuer: str
    path: str
    registry: Registry
    policy: Policy
    cookie: str = "session"
    metadata: dict[str, Any] | None = None
    interactions: dict[str, Interaction] = field(default_factory=dict)
