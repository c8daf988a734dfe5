"""
The hosts as one server: each host is a port of this computer, and a site is a path on its org's
host.
"""

from __future__ import annotations

import re
import time
from contextlib import suppress
from functools import partial

from ..http.service import HttpService, Served
from . import pages as person
from .accounts import APP, ORG, USER
from .endpoints import agents, authorize, discovery, identity, rest, token, tokens
from .state import STEPS, Host, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from ..http.answers import Spoken
    from ..http.records import Request
    from .accounts import App, Org, User

    Answers = Callable[[State, Host, Request], Spoken]

_OAUTH = "/services/oauth2"
_GET, _BOTH = ("GET",), ("GET", "POST")
_ANY = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

_ROUTES: tuple[tuple[str, str, tuple[str, ...], Answers, tuple[str, ...]], ...] = (
    ("authorize", f"{_OAUTH}/authorize", _ANY, authorize.authorize, ("authorize",)),
    ("login", person.LOGIN_PAGE, _BOTH, authorize.log_in, ("authorize",)),
    ("consent", person.CONSENT_PAGE, ("POST",), authorize.consent, ("authorize",)),
    ("error-page", person.ERROR_PAGE, _GET, person.error_page, ()),
    ("success", f"{_OAUTH}/success", _GET, person.success_page, ()),
    ("token", f"{_OAUTH}/token", _BOTH, token.token, ("token",)),
    ("revoke", f"{_OAUTH}/revoke", _BOTH, tokens.revoke, ("revoke",)),
    ("introspect", f"{_OAUTH}/introspect", ("POST",), tokens.introspect, ("introspect",)),
    ("userinfo", f"{_OAUTH}/userinfo", _BOTH, identity.userinfo, ("userinfo",)),
    ("discovery", "/.well-known/openid-configuration", _GET, discovery.discovery, ("discovery",)),
    (
        "auth-configuration",
        "/.well-known/auth-configuration",
        _GET,
        discovery.auth_configuration,
        (),
    ),
    ("jwks", "/id/keys", _GET, discovery.jwks, ("jwks",)),
    ("identity", r"/id/[^/]+/[^/]+", _BOTH, identity.identity, ("userinfo",)),
    ("versions", "/services/data/?", _GET, rest.versions, ("api",)),
    ("api", "/services/data/.+", _ANY, rest.rest, ("api",)),
    ("mcp", "/platform/mcp/.+", _ANY, agents.mcp, ("api",)),
    ("agent", "/einstein/ai-agent/.+", _ANY, agents.agent, ("api",)),
)
"""Name, path as a regular expression, methods, what answers, and the faults that alter it."""


class Salesforce(HttpService):
    """
    The server: a context manager, in a running event loop (`async with`) or in a thread of its own
    (`with Salesforce.running()`).

    *apps*, *orgs* and *users* are those of `accounts`; *clock* gives POSIX seconds, and a test may
    turn it. With *ssl_context* every host is an https one; *https_only* refuses to authorize over
    plain http, as the real ones do. With *auto*, a username, there are no pages: whoever comes is
    that person, whose `decision` is taken. `state` is what the servers remember, and may be changed
    while they run.
    """

    def __init__(
        self,
        *,
        apps: Sequence[App] = (APP,),
        orgs: Sequence[Org] = (ORG,),
        users: Sequence[User] = (USER,),
        clock: Callable[[], float] = time.time,
        ssl_context: ssl.SSLContext | None = None,
        https_only: bool = False,
        auto: str = "",
    ) -> None:
        super().__init__(ssl_context=ssl_context)
        self._scheme = "https" if ssl_context else "http"
        self.state = State(apps, orgs, users, clock, https_only=https_only, auto=auto)

    async def _listen(self) -> None:
        for host in (
            Host(url=""),
            Host(url="", sandbox=True),
            *(Host(url="", org=org) for org in self.state.orgs.values()),
        ):
            port = await self._bind("127.0.0.1")
            # Browsers try the other family first; a machine without it has nobody who would.
            with suppress(OSError):
                await self._bind("::1", port)
            url = f"{self._scheme}://localhost:{port}"
            self.state.hosts[str(port)] = Host(url=url, sandbox=host.sandbox, org=host.org)

    @property
    def login_url(self) -> str:
        """The host that all production orgs share."""
        return self.state.login_url(sandbox=False)

    @property
    def test_url(self) -> str:
        """The host that all sandboxes share."""
        return self.state.login_url(sandbox=True)

    def my_domain(self, org: Org | None = None) -> str:
        """Return the address of an org's own host; without *org*, of the first."""
        return self.state.my_domain(org or next(iter(self.state.orgs.values())))

    @property
    def vpn(self) -> bool:
        """
        Whether every request comes from a network that the orgs trust; set it to switch the VPN on
        or off.

        `state.outside` has the steps apart: `{"refresh"}`, say, for a browser that is inside.
        """
        return not self.state.outside

    @vpn.setter
    def vpn(self, is_on: bool) -> None:
        self.state.outside = frozenset() if is_on else STEPS

    def put(self, *accounts: App | Org | User) -> None:
        """Replace the accounts with the same name: an administrator has thrown a switch."""
        from .accounts import App, Org

        for account in accounts:
            if isinstance(account, App):
                self.state.apps[account.client_id] = account
                for grant in self.state.grants:
                    grant.app = account if grant.app.client_id == account.client_id else grant.app
            elif isinstance(account, Org):
                self.state.orgs[account.org_id] = account
                hosts = self.state.hosts
                hosts.update(
                    {
                        port: Host(url=h.url, org=account)
                        for port, h in hosts.items()
                        if h.org and h.org.org_id == account.org_id
                    }
                )
            else:
                self.state.users[account.username] = account

    def _find(self, path: str, port: int) -> Served | None:
        host = self.state.hosts[str(port)]
        for site in (*(host.org.sites if host.org else ()), ""):
            for name, pattern, methods, answer, faults in _ROUTES:
                if path.startswith(site) and re.fullmatch(pattern, path[len(site) :]):
                    here = Host(url=host.url, sandbox=host.sandbox, org=host.org, site=site)
                    return Served(
                        name=name,
                        methods=methods,
                        faults=faults,
                        answer=partial(answer, self.state, here),
                    )
        return None
