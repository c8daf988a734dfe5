"""The addresses that a profile's token is for. Credential helpers load this at each request."""

from __future__ import annotations

import re

from ..errors import SignInNeeded
from ..oauth.http.url import check_url
from ..oauth.resource.address import origin_in, resources
from .server.mix_up import issuer_owns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..oauth.resource.address import Resources
    from ..settings.profile import Profile


def resources_of(profile: Profile, document: Mapping[str, Any] | None) -> Resources:
    """
    Return the addresses that the token of *document* may go to; without a document, those of the
    configuration alone.

    Raises:
        SignInNeeded: The configuration now names another server than the one that gave the token. A
            request meant for the one must not reach the other.
    """
    if document is not None and not profile.remembered:
        raise SignInNeeded(
            f"the profile {profile.name} now names another server than the one it is signed in to",
            cause="config.toml or a LOOPBACK_AUTH_ variable was changed since,"
            " or the sign-in was made with other options.",
            fix="sign in there: `loopback-auth login {profile}`;"
            " who says so: `loopback-auth config show {profile}`",
            profile=profile.name,
        )
    server = (document or {}).get("server") or profile.endpoints()
    issuer, provider = server.get("issuer"), profile.provider
    members = (document or {}).get("extra") or {}
    ends = [
        url for name in ("authorization_endpoint", "token_endpoint") if (url := server.get(name))
    ]
    # The token is the token endpoint's: an issuer that names another server's endpoints must not
    # get it.
    if issuer and ends and not issuer_owns(ends, issuer):
        issuer = None
    own = issuer and origin_in(issuer)
    if provider and provider.api_base:
        login_url = profile.get("login_url") or provider.login_url
        own = _filled(provider.api_base, {**members, "login_url": login_url})
    return resources(
        profile=profile.name,
        base=profile.get("api_base") or own,
        others=(own, issuer, server.get("userinfo_endpoint")),
    )


def credential_urls_of(profile: Profile, document: Mapping[str, Any] | None) -> frozenset[str]:
    """
    Return the addresses below which a tool may have the token of *document*.

    They are those of `resources_of`, and those that `credential_urls` adds. Where *profile* itself
    says `api_base` with a path, only what is below that path counts of its server.

    Raises:
        SignInNeeded: As `resources_of`.
        URLRefused: One of them must not be used.
    """
    found = resources_of(profile, document)
    own = profile.get("api_base")
    urls = {origin for origin in found.origins if not own or origin != origin_in(own)}
    if own:
        urls.add(own)
    urls.update(profile.get("credential_urls") or ())
    if provider := profile.provider:
        values = {"login_url": profile.get("login_url") or provider.login_url}
        urls.update(filter(None, (_filled(each, values) for each in provider.credential_urls)))
    return frozenset(check_url(url, name="credential_urls") for url in urls)


def _filled(template: str, members: Mapping[str, Any]) -> str | None:
    values = {name: members.get(name) for name in re.findall(r"\{(\w+)\}", template)}
    if not all(isinstance(value, str) and value for value in values.values()):
        return None
    return re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]).rstrip("/"), template)
