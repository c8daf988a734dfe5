"""The apps, the orgs and the people, with the switches that an administrator has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

REDIRECT_URI = "http://localhost:1717/OauthRedirect"
SUCCESS_URL = "https://login.salesforce.com/services/oauth2/success"
"""The vendor's own landing page: it stays empty, and the code stays in the address bar."""

SESSION_TIMEOUTS_S = (900, 1800, 3600, 7200, 14400, 28800, 43200, 86400)
"""
What the list of session timeouts in Setup has, in seconds; no token answer says which
one it is.
"""

CERTIFICATE_OCTETS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """
    An External Client App or, with *kind* `connected`, a connected app.

    - *org_id* is where it was made. A `local` one is known there alone, a `packaged` one where it
      is *installed*; *active_from* is the POSIX time from which the servers know it.
    - *callback_urls* are compared byte for byte. *ignores_other_scopes*: scopes that it has not are
      left out without a word, and not refused.
    - *refresh_policy* is `until_revoked`, `immediate` (no refresh token is good for anything),
      `idle:SECONDS` or `absolute:SECONDS`; *idle_limit* adds thirty days from the last use.
    - *ip_relaxation* `relax` lets people of a profile with login IP ranges use it from outside;
      *refresh_ip_allowlist* (Refresh Token IP Allowlist) lets nobody.
    - *certificate*, PEM, allows JWT bearer assertions; *client_credentials* allows that flow, and
      *run_as* is the username it is for.
    - without *rest_access* (API Access Control) it gets tokens that do not open the REST API.
    """

    client_id: str = (
        "3MVG9TestApp.OfLoopbackAuth_0000000000000000000000000000000000000000000000000000000000"
    )
    client_secret: str = field(
        default="1F2E3D4C5B6A79880123456789ABCDEF0123456789ABCDEF0123456789ABCDEF", repr=False
    )
    name: str = "Test app"
    callback_urls: tuple[str, ...] = (REDIRECT_URI, SUCCESS_URL)
    scopes: tuple[str, ...] = (
        "api",
        "refresh_token",
        "id",
        "openid",
        "web",
        "full",
        "offline_access",
    )
    ignores_other_scopes: bool = False
    kind: Literal["eca", "connected"] = "eca"
    distribution: Literal["local", "packaged"] = "packaged"
    org_id: str = "00D000000000001AAA"
    installed: bool = True
    blocked: bool = False
    require_pkce: bool = True
    require_secret_web: bool = True
    require_secret_refresh: bool = True
    rotate_refresh: bool = False
    jwt_access_tokens: bool = False
    permitted_users: Literal["self", "preauthorized"] = "self"
    refresh_policy: str = "until_revoked"
    idle_limit: bool = False
    session_timeout: int = 7200
    grants_per_user: int = 5
    code_ttl: int = 900
    ip_relaxation: Literal["enforce", "relax"] = "enforce"
    refresh_ip_allowlist: bool = False
    rest_access: bool = True
    attached_to_agent: bool = True
    certificate: str = ""
    client_credentials: bool = False
    run_as: str = ""
    code_credentials: bool = False
    active_from: float = 0.0

    def __post_init__(self) -> None:
        """Raise `ValueError` for what Setup does not save."""
        if self.session_timeout not in SESSION_TIMEOUTS_S:
            # Assumed: how Setup says it.
            raise ValueError("Timeout Value: not one of the list")
        if len(self.certificate) > CERTIFICATE_OCTETS:
            # Assumed: how Setup says it, and that this certificate has the limit that others have.
            raise ValueError("The certificate is larger than 4 KB")
        # Assumed: [::1] is refused as 127.0.0.1 is.
        if any(
            url.startswith("http:") and urlsplit(url).hostname != "localhost"
            for url in self.callback_urls
        ):
            raise ValueError("Cannot be an HTTP URL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Org:
    """
    An org; it has a host of its own, its My Domain.

    *sites* are the paths of its Experience Cloud sites there, `/portal` say.
    *ip_ranges_on_every_request*: a session that is used from outside of a profile's ranges opens
    nothing. *rotate_refresh* is the switch for all apps. Without *generic_audience*, assertions
    must name the My Domain as `aud`.
    """

    org_id: str = "00D000000000001AAA"
    name: str = "Acme"
    sandbox: bool = False
    status: Literal["active", "locked"] = "active"
    login_from_generic_host: bool = True
    sites: tuple[str, ...] = ()
    api_enabled: bool = True
    quota_left: bool = True
    code_credentials: bool = False
    ip_ranges_on_every_request: bool = False
    rotate_refresh: bool = False
    generic_audience: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """
    A person.

    - *frozen*: an administrator has locked them out for now. *portal*: a site's person, and none of
      the org's own. *api_only*: may use the API and nothing that asks for consent.
    - *login_ip_ranges*: their profile has some, which is where the VPN is; *in_login_hours*: it
      allows logins now; *logins_left*: they have not logged in too often in the last hour.
    - *api_enabled*: has that permission.
    - *decision* is what they do where the server asks without a page (`auto`); `close` closes the
    tab.
    """

    username: str = "ada@acme.example"
    password: str = field(default="lovelace", repr=False)
    name: str = "Ada Lovelace"
    user_id: str = "005000000000001AAA"
    org_id: str = "00D000000000001AAA"
    active: bool = True
    frozen: bool = False
    preauthorized: bool = False
    may_use_uninstalled_apps: bool = False
    api_only: bool = False
    portal: bool = False
    login_ip_ranges: bool = False
    in_login_hours: bool = True
    api_enabled: bool = True
    logins_left: bool = True
    decision: Literal["allow", "deny", "close"] = "allow"

    @property
    def may_log_in(self) -> bool:
        """Whether the person is active and not frozen."""
        return self.active and not self.frozen


APP, ORG, USER = App(), Org(), User()
"""Those that are there unless others are given."""
