"""
The defence against a mix-up by metadata (RFC 9700 section 4.4).

An issuer that names an honest server's sign-in page as its own gets the code, or the token, of
people who sign in there.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from ...edge.process.event_loop import awaited
from ...errors import HostNotTrusted
from ...notices import Warned
from ...oauth.metadata import OPTIONAL_ENDPOINTS
from ...settings.setting import Setting
from ...value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ...oauth.metadata import ServerMetadata
    from ...seams import MayTrust, Notify
    from ...settings.profile import Profile


async def refuse_mix_up(
    server: ServerMetadata,
    profile: Profile,
    *,
    may_trust: MayTrust | None,
    notify: Notify,
) -> tuple[ServerMetadata, Profile]:
    """
    Return *server* without a stranger's endpoints, and *profile* with the host that was agreed to.

    Endpoints that the profile sets, or that the last sign-in used, are never asked about. Where
    discovery alone says that the code of one owner's sign-in page goes to another owner's host,
    *may_trust* decides; without it nobody is trusted.

    Raises:
        HostNotTrusted: Nobody said that the token endpoint's host belongs to the server.
    """
    if profile.known_server():
        return server, profile
    page, token = _host(server.authorization_endpoint), _host(server.token_endpoint)
    is_given = "token_endpoint" in profile.endpoints()
    if not (
        is_given or page == token or token in _trusted(profile) or _are_known(page, token, profile)
    ):
        if may_trust is None or not await awaited(may_trust(server.issuer or "", page, token)):
            raise HostNotTrusted(
                f"{server.issuer} wants you to sign in at {page},"
                f" and would then send the code to {token}",
                profile=profile.name,
                host=token,
            )
        profile = _with_trusted(profile, token)
    return _without_strangers(server, profile, notify), profile


async def refuse_strange_page(
    page_url: str, server: ServerMetadata, profile: Profile, *, may_trust: MayTrust | None
) -> Profile:
    """
    Return *profile* with the host that was agreed to of *page_url*, where a code is to be entered.

    A false issuer could begin a sign-in of its own at an honest server, and show that one's page
    and code. So the page is at a host of the server, by name, or at one that its provider's file or
    the person named; else *may_trust* decides.

    Raises:
        HostNotTrusted: Nobody said that the page's host belongs to the server.
    """
    from ...oauth.registrable_domain import belong_together

    page, token = _host(page_url), _host(server.token_endpoint)
    own = {token, _host(server.issuer or server.authorization_endpoint)}
    named = profile.provider.verification_hosts if profile.provider else ()
    if page in (*own, *named, *_trusted(profile)) or any(belong_together(page, h) for h in own):
        return profile
    issuer = server.issuer or server.authorization_endpoint
    if may_trust is None or not await awaited(may_trust(issuer, page, token)):
        raise HostNotTrusted(
            f"{_host(issuer)} wants you to enter its code at {page}",
            cause="By their names, the two hosts have different owners. A fake issuer could use"
            " this to have you confirm its own sign-in at another server.",
            fix="only if both belong to whoever runs the issuer:"
            " `loopback-auth login {profile} --device --trust-host {host}`",
            profile=profile.name,
            host=page,
        )
    return _with_trusted(profile, page)


def _with_trusted(profile: Profile, host: str) -> Profile:
    hosts = Setting(value=(*_trusted(profile), host), source="your answer")
    return replace(profile, settings={**profile.settings, "trust_hosts": hosts})


def _are_known(page: str, token: str, profile: Profile) -> bool:
    """Return whether two hosts belong together: by name, last sign-in or provider's file."""
    from ...oauth.registrable_domain import belong_together
    from ...providers import load_provider, provider_names

    if belong_together(page, token):
        return True
    pinned = profile.remembered_server()
    if pinned and (_host(pinned.authorization_endpoint), _host(pinned.token_endpoint)) == (
        page,
        token,
    ):
        return True
    servers = [load_provider(name).server_for(None) for name in provider_names()]
    return any(
        (_host(each.get("authorization_endpoint", "")), _host(each.get("token_endpoint", "")))
        == (page, token)
        for each in servers
    )


def issuer_owns(endpoints: Iterable[str], issuer: str) -> bool:
    """Return whether one of *endpoints* is the issuer's by its host's name."""
    hosts, own = {_host(url) for url in endpoints}, _host(issuer)
    if own in hosts:
        return True
    from ...oauth.registrable_domain import belong_together

    return any(belong_together(own, host) for host in hosts)


def _without_strangers(server: ServerMetadata, profile: Profile, notify: Notify) -> ServerMetadata:
    """
    Return *server* without the optional endpoints that would give its tokens to another.

    An issuer that owns the sign-in page or the token endpoint may name any host.
    """
    ends = (server.authorization_endpoint, server.token_endpoint)
    if not server.issuer or issuer_owns(ends, server.issuer):
        return server
    from ...oauth.registrable_domain import belong_together

    urls = {name: url for name in OPTIONAL_ENDPOINTS if (url := getattr(server, name))}
    owners = [_host(url) for url in ends]
    pinned, given, trusted = profile.remembered_server(), profile.endpoints(), _trusted(profile)
    strange = {
        name: _host(url)
        for name, url in urls.items()
        if url not in (given.get(name), getattr(pinned, name, None))
        and _host(url) not in trusted
        and not any(belong_together(_host(url), owner) for owner in owners)
    }
    for name, host in strange.items():
        what = f"{name.replace('_', ' ')} of a server at {owners[1]}"
        ignored = f"{server.issuer} names {host} as {what}: it is not used"
        notify(
            Warned(
                code="endpoint-ignored",
                message=f"{ignored} (--trust-host {host} if it is the server's own)",
            )
        )
    nothing: dict[str, Any] = dict.fromkeys(strange)
    return replace(server, **nothing)


def _trusted(profile: Profile) -> tuple[str, ...]:
    hosts: tuple[str, ...] = profile.get("trust_hosts", ())
    return hosts


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removesuffix(".")
