"""`credential PROTOCOL`: what git, docker, kubectl and other tools ask for a token."""

from __future__ import annotations

import time
from contextlib import suppress

from ... import errors
from ...export.credential_helper.protocol import HelperToken
from ...export.credential_helper.protocols import PROTOCOLS, protocol_of
from ..access import Access
from ..credential.options import given_token, token_arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...export.credential_helper.protocol import HelperRequest, Protocol
    from ...oauth.secret import Secret
    from ..arguments import Parser
    from ..console import Console
    from ..context import Context

REQUEST_CHARACTERS = 64 * 1024
"""How much of a request is read: no tool sends so much."""

_SPARE_S = 10
"""How long an ID token lasts at least when it is handed out."""


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "protocol",
        metavar="PROTOCOL",
        choices=PROTOCOLS,
        help=f"who asks: {', '.join(PROTOCOLS)}; how to set each up: loopback-auth help tools",
    )
    parser.add_argument("words", metavar="WORD", nargs="*", help="what the tool adds, such as get")
    parser.words_of = "words"
    parser.profile_option("whose token (default: of the profile that the address belongs to)")
    parser.add_argument(
        "--access-token",
        action="store_true",
        help="kubectl: hand over the access token, not the ID token",
    )
    token_arguments(parser)
    # The answer is for a program, which has no question to ask anybody.
    parser.set_defaults(asks=False, login=False)


def run(context: Context) -> int:
    """Answer one request of a tool; an address that belongs to nobody here gets no token."""
    console, protocol = context.console, protocol_of(context.arguments.protocol)
    request = _request(protocol, context)
    if request.url is None:
        console.raw(request.reply)
        return 0
    profile = _profile(request, context)
    # A token of the environment is that of one profile, and no other one's server gets it.
    if profile and given_token(context.environ) and profile != context.profile_name:
        profile = None
    if not profile:
        console.raw(protocol.not_ours)
        if protocol.not_ours_status and not protocol.not_ours:
            # The tool says only that we failed, and shows this.
            console.say(
                "No profile here has a token for that server. If one should: credential_urls, as in"
                " loopback-auth help tools"
            )
        return protocol.not_ours_status
    named = context.for_profile(profile)
    try:
        token = _token(named)
    except errors.LoopbackAuthError as error:
        named.add_facts(error)
        raise
    console.raw(protocol.write(request, token))
    return 0


def _request(protocol: Protocol, context: Context) -> HelperRequest:
    stdin = _read(context.console) if protocol.reads_stdin else ""
    try:
        return protocol.read(context.arguments.words, stdin, context.environ)
    except ValueError as error:
        name = context.arguments.protocol
        # What was sent is not repeated: it may hold a password.
        raise errors.UsageError(
            f"that is not a request of {name}: {error}",
            cause=f"credential {name} speaks the language of {name}, not of people.",
            fix="how to set it up: `loopback-auth help tools`",
        ) from None


def _read(console: Console) -> str:
    if console.stdin is None or console.stdin.isatty():
        return ""
    text: str = console.stdin.read(REQUEST_CHARACTERS)
    return text


def _profile(request: HelperRequest, context: Context) -> str | None:
    # kubectl names the server only where the kubeconfig has provideClusterInfo: true. An ID token
    # is for the client that it names, whoever shows it.
    if not request.url:
        return context.profile_name
    from ..credential.profile_of_url import profile_of_url

    return profile_of_url(request.url, context)


def _token(context: Context) -> HelperToken:
    # Late: a request that is none of ours costs nothing.
    from datetime import datetime

    from ...oauth.secret import Secret

    if given := given_token(context.environ):
        return HelperToken(token=Secret(given))
    access = Access(context)
    document = access.document()
    if context.arguments.protocol == "kubectl" and not context.arguments.access_token:
        return _id_token(document, access)
    # Plain, as `token` reads it: a tool asks at each request.
    expires_at = None
    with suppress(KeyError, TypeError, ValueError):
        expires_at = datetime.fromisoformat(document["expires_at"])
    return HelperToken(token=Secret(document["access_token"]), expires_at=expires_at)


def _id_token(document: Mapping[str, Any], access: Access) -> HelperToken:
    """Return the ID token (clusters believe that one), with a new one where it has expired."""
    from datetime import UTC, datetime

    from ...oauth.secret import Secret

    for found in (document, None):
        held = Secret((found or access.renewed()).get("id_token") or "")
        expires_s = _expiry_of(held)
        if expires_s > time.time() + _SPARE_S:
            return HelperToken(token=held, expires_at=datetime.fromtimestamp(expires_s, UTC))
    raise errors.SignInNeeded(
        f"there is no ID token of the profile {access.profile} that is valid now",
        profile=access.profile,
        cause="Clusters want an ID token: the scope openid gets one, and some servers give a new"
        " one only at a sign-in.",
        fix="`loopback-auth login {profile}`; for a cluster that takes access tokens, add"
        " --access-token where kubectl calls us",
    )


def _expiry_of(id_token: Secret) -> float:
    """Return when *id_token* expires, in POSIX seconds; 0 where there is none that says so."""
    from ...oauth.jose.jwt import unverified_claims

    with suppress(ValueError):
        expires_s = unverified_claims(id_token).get("exp")
        return float(expires_s) if isinstance(expires_s, (int, float)) else 0
    return 0
