"""A provider: what is known of one kind of server."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import NotConfigured
from ..oauth.authorize.redirect_uri import registered
from ..oauth.http.url import check_url
from ..oauth.identity import NAME_CLAIMS
from ..oauth.text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ..oauth.refusal import Refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What one file says. *server* may hold `{login_url}`; `server_for` fills it in."""

    name: str
    title: str
    register: str
    path: str
    setup: str = ""
    where: str = ""
    client_id_label: str = ""
    sources: tuple[str, ...] = ()
    login_url: str | None = None
    login_url_label: str = ""
    login_hosts: Mapping[str, Any] = field(default_factory=dict)
    issuer_form: str = ""
    issuer_pattern: str | None = None
    redirect_uris: tuple[str, ...] = ("http://127.0.0.1:0/callback",)
    scope: str | None = None
    names: tuple[str, ...] = NAME_CLAIMS
    token_endpoint_auth_method: str | None = None
    access_token_lifetime: int | None = None
    session_timeouts: tuple[int, ...] = ()
    grants_per_user: int | None = None
    idle_days: int | None = None
    revocation_ends_all: bool = False
    refresh_token_rotates: bool | None = None
    refusals: Refusals | None = None
    pitfalls: str | None = None
    flows: tuple[str, ...] = ()
    verification_hosts: tuple[str, ...] = ()
    preflight: bool = False
    silence: str = ""
    api_base: str | None = None
    credential_urls: tuple[str, ...] = ()
    secret_patterns: tuple[str, ...] = ()
    client_id_pattern: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    server: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    assertion_audiences: Mapping[str, str] = field(default_factory=dict)
    machine_setup: Mapping[str, str] = field(default_factory=dict)

    @property
    def takes_login_url(self) -> bool:
        """Whether where people sign in depends on the setting `login_url`."""
        return any("{login_url}" in str(value) for value in self.server.values())

    def server_for(self, login_url: str | None) -> dict[str, Any]:
        """
        Return the server's metadata with *login_url*, or else the file's own, filled in.

        Raises:
            URLRefused: *login_url* is an address that must not be used.
        """
        if not self.takes_login_url:
            return dict(self.server)
        base = check_url(login_url or self.login_url or "", name="login_url").rstrip("/")
        return {
            name: value.replace("{login_url}", base) if isinstance(value, str) else value
            for name, value in self.server.items()
        }

    def settings_at(self, issuer: str) -> dict[str, str] | None:
        """Return what a profile says of *issuer*, if that is a server of this kind by its name."""
        import re

        found = re.fullmatch(self.issuer_pattern or "(?!)", issuer, re.IGNORECASE)
        if found is None:
            return None
        login_url = found.groupdict().get("login_url")
        where = (
            ({"login_url": login_url} if login_url else {}) if self.server else {"issuer": issuer}
        )
        return {"provider": self.name, **where}

    def issuer_missing(self, profile: str) -> NotConfigured:
        """Return the error for a *profile* that does not say whose server it is."""
        return NotConfigured(
            f"nothing says where the {self.title} of the profile {profile} is",
            cause=f"Each company has its own, such as {self.issuer_form}.",
            fix="`loopback-auth login {profile} --provider {provider} --issuer {form}`;"
            " without a client yet: `loopback-auth init {provider} {profile} --issuer {form}`",
            profile=profile,
            provider=self.name,
            form=self.issuer_form,
        )

    def audience_for(self, login_url: str | None) -> str | None:
        """Return the `aud` of an assertion for the server at *login_url*, where the file says."""
        import re

        url = (login_url or self.login_url or "").rstrip("/")
        for audience, pattern in self.assertion_audiences.items():
            if re.search(pattern, url):
                return audience.replace("{login_url}", url)
        return None

    def setup_for(self, redirect_uris: Sequence[str], scope: str) -> str:
        """
        Return what to click at the provider so that an app takes *redirect_uris* and *scope*.

        Where the file does not say, that is how to register a redirect URI.
        """
        import re

        remark = "\n   (without a port: any will do)"

        def lines(line: re.Match[str]) -> str:
            return "\n".join(line[1] + registered(uri, remark) for uri in redirect_uris)

        steps = f"{self.where}\n\n{self.setup}" if self.where else self.setup
        text = re.sub(r"^( *)\{redirect_uris\}", lines, steps or self.register, flags=re.MULTILINE)
        return text.replace("{scope}", scope).strip()

    def details_of(self, members: Mapping[str, Any]) -> dict[str, str]:
        """
        Return what `status` shows of the *members* of a token answer that no standard knows.

        The keys are the names that people know, such as "Org ID".
        """
        import re

        found = {}
        for name, where in self.details.items():
            value = members.get(where["member"])
            part = (
                re.search(where.get("pattern", "(.*)"), value) if isinstance(value, str) else None
            )
            if part and part[1]:
                found[name] = one_line(part[1], limit=200)
        return found
