"""What the servers know and remember: one state behind all the hosts."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from base64 import b64encode
from dataclasses import dataclass, field

from ..jws import sign

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Literal

    from .accounts import App, Org, User

    Step = Literal["authorize", "token", "refresh", "jwt_bearer", "client_credentials", "api"]

ID_TOKEN_TTL_S = 120
SITE_ID = "0DB000000000001"

STEPS: frozenset[Step] = frozenset(
    {"authorize", "token", "refresh", "jwt_bearer", "client_credentials", "api"}
)
"""
The requests that may come from inside or outside of the VPN: the browser's, the exchange, the
refresh, a machine's two grants, an API call.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """
    A host, which is a port here.

    A generic host has no org; a site is a path on its org's host.
    """

    url: str
    sandbox: bool = False
    org: Org | None = None
    site: str = ""


@dataclass(slots=True, kw_only=True)
class Grant:
    """
    What a person has allowed an app.

    It has one good refresh token, those that were replaced (*dead*), and the access tokens it gave.
    """

    app: App
    user: User
    scope: str
    site: str = ""
    began: float = 0.0
    used: float = 0.0
    refresh_token: str = field(default="", repr=False)
    dead: set[str] = field(default_factory=set, repr=False)
    revoked: bool = False


@dataclass(slots=True, kw_only=True)
class AccessToken:
    """Good until *ends*, or until it or its grant is revoked."""

    grant: Grant
    issued: float
    ends: float
    is_jwt: bool = False
    revoked: bool = False


@dataclass(slots=True, kw_only=True)
class Code:
    """A code that was sent to *redirect_uri*."""

    app: App
    user: User
    scope: str
    redirect_uri: str
    host: Host
    challenge: str
    nonce: str
    issued: float
    used: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """A request that a person is being asked about, and the session that is asked for consent."""

    sent: Mapping[str, str]
    host: Host
    session: str = field(default="", repr=False)


class State:
    """
    Apps, orgs and people by their names, and all that was issued.

    *clock* gives POSIX seconds; *https_only* refuses plain http; *auto* is who signs in. `outside`
    are the steps that come from outside of the networks that an org trusts. `errors_on_page` keeps
    from the app that an External Client App is not of this org: both are reported.
    """

    def __init__(
        self,
        apps: Sequence[App],
        orgs: Sequence[Org],
        users: Sequence[User],
        clock: Callable[[], float] = time.time,
        *,
        https_only: bool = False,
        auto: str = "",
    ) -> None:
        self.https_only = https_only
        self.auto = auto
        self.outside: frozenset[Step] = frozenset()
        self.errors_on_page = False
        self.apps = {app.client_id: app for app in apps}
        self.orgs = {org.org_id: org for org in orgs}
        self.users = {user.username: user for user in users}
        self.clock = clock
        self.hosts: dict[str, Host] = {}
        self.codes: dict[str, Code] = {}
        self.grants: list[Grant] = []
        self.access_tokens: dict[str, AccessToken] = {}
        self.sessions: dict[str, User] = {}
        self.interactions: dict[str, Interaction] = {}
        self.used_jtis: set[str] = set()
        self.approvals: set[tuple[str, str, str]] = set()
        self.lock = threading.RLock()

    def org_of(self, user: User) -> Org:
        """Return the org of *user*."""
        return self.orgs[user.org_id]

    def my_domain(self, org: Org) -> str:
        """Return the address of the org's own host."""
        return next(
            host.url for host in self.hosts.values() if host.org and host.org.org_id == org.org_id
        )

    def login_url(self, *, sandbox: bool) -> str:
        """Return the address of the host that production, or all sandboxes, share."""
        return next(
            host.url for host in self.hosts.values() if host.org is None and host.sandbox is sandbox
        )

    def identity_url(self, user: User) -> str:
        """Return the URL that names the person, at the host that all orgs of a kind share."""
        org = self.org_of(user)
        return f"{self.login_url(sandbox=org.sandbox)}/id/{org.org_id}/{user.user_id}"

    def remember(self, interaction: Interaction) -> str:
        """Keep what a person is being asked; return its name, for the page's form."""
        name = secrets.token_urlsafe(24)
        self.interactions[name] = interaction
        return name

    def add_code(self, code: Code) -> str:
        """Issue *code* and return it; it ends in ==, as real ones do: who cuts that off fails."""
        name = f"aPrx{secrets.token_urlsafe(48)}=="
        self.codes[name] = code
        return name

    def add_grant(self, grant: Grant) -> None:
        """Keep *grant*; the oldest of its app and person are revoked beyond `grants_per_user`."""
        own = [
            g
            for g in self.grants
            if not g.revoked
            and (g.app.client_id, g.user.user_id) == (grant.app.client_id, grant.user.user_id)
        ]
        for oldest in own[: max(0, len(own) + 1 - grant.app.grants_per_user)]:
            oldest.revoked = True
        self.grants.append(grant)

    def tokens_for(
        self, grant: Grant, *, nonce: str = "", with_refresh: bool = True
    ) -> dict[str, str]:
        """Return a token answer: all values are texts, `issued_at` in ms, no `expires_in`."""
        now, user, app = self.clock(), grant.user, grant.app
        org = self.org_of(user)
        identity = self.identity_url(user)
        issued_at = str(int(now * 1000))
        token = self._access_token(grant, identity, now)
        answer = {
            "access_token": token,
            "signature": signature(app.client_secret, identity, issued_at),
            "scope": grant.scope,
            "instance_url": self.my_domain(org),
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
        }
        if with_refresh and grant.refresh_token:
            answer["refresh_token"] = grant.refresh_token
        if "openid" in grant.scope.split():
            answer["id_token"] = sign(self._id_claims(grant, identity, now, nonce))
        if grant.site:
            # The newer names and the older ones.
            answer["sfdc_site_url"] = answer["sfdc_community_url"] = (
                self.my_domain(org) + grant.site
            )
            answer["sfdc_site_id"] = answer["sfdc_community_id"] = SITE_ID
        if app.jwt_access_tokens:
            # Assumed: the value.
            answer |= {"token_format": "jwt"}
        if "sfap_api" in grant.scope.split():
            answer["api_instance_url"] = "https://api.salesforce.com"
        return answer

    def _access_token(self, grant: Grant, identity: str, now: float) -> str:
        ends = now + grant.app.session_timeout
        if grant.app.jwt_access_tokens:
            claims = {
                "sub": identity,
                "exp": int(ends),
                "iat": int(now),
                "scp": grant.scope,
                "jti": secrets.token_hex(8),
            }
            token = sign(claims)
        else:
            token = f"{grant.user.org_id[:15]}!AQ4AQ{secrets.token_urlsafe(60).replace('-', '.')}"
        is_jwt = grant.app.jwt_access_tokens
        self.access_tokens[token] = AccessToken(grant=grant, issued=now, ends=ends, is_jwt=is_jwt)
        return token

    def _id_claims(self, grant: Grant, identity: str, now: float, nonce: str) -> dict[str, Any]:
        org = self.org_of(grant.user)
        claims = {
            "iss": self.login_url(sandbox=org.sandbox),
            "sub": identity,
            "aud": grant.app.client_id,
            "iat": int(now),
            "exp": int(now) + ID_TOKEN_TTL_S,
        }
        return {**claims, "nonce": nonce} if nonce else claims

    def good(self, token: str) -> AccessToken | None:
        """Return the access token if it is valid."""
        found = self.access_tokens.get(token)
        if found is None or found.revoked or found.grant.revoked or found.ends <= self.clock():
            return None
        return found


def new_refresh_token() -> str:
    """Return a new refresh token; it ends in ==, as many real ones do."""
    return f"5Aep861{secrets.token_urlsafe(48).replace('-', '.')}=="


def signature(secret: str, identity: str, issued_at: str) -> str:
    """
    Return the `signature` of a token answer.

    HMAC-SHA256 over `id` and `issued_at`, base64; the key is the client secret.
    """
    return b64encode(
        hmac.digest(secret.encode(), (identity + issued_at).encode(), "sha256")
    ).decode()
