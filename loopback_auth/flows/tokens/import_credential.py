"""A refresh token from outside: a CI system's secret, which this process did not obtain."""

from __future__ import annotations

from dataclasses import replace

from ...errors import UsageError
from ...oauth.secret import Secret
from ...oauth.text import trimmed
from ..machine.sign_in import unminted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...settings.profile import Profile
    from ..services import Services

VARIABLE = "LOOPBACK_AUTH_REFRESH_TOKEN"


async def imported_document(
    profile: Profile, refresh_token: Secret, services: Services
) -> Mapping[str, Any]:
    """
    Return what would be stored of *profile* with *refresh_token* and a token that has ended.

    Raises:
        LoopbackAuthError: The profile lacks something, or its server cannot be found.
    """
    credential = await unminted(profile, services)
    tokens = replace(credential.tokens, refresh_token=refresh_token)
    return replace(credential, tokens=tokens, grant={}).to_document()


def refuse_rotation(profile: Profile) -> None:
    """
    Raise an error unless the server of *profile* is known to leave a refresh token as it is.

    A server that replaces it would leave the CI system with one that is dead, and some end the
    whole sign-in when the dead one comes again.

    Raises:
        UsageError: It is not known.
    """
    said = profile.get("refresh_token_rotates")
    if said is None and profile.provider:
        said = profile.provider.refresh_token_rotates
    if said is False:
        return
    raise UsageError(
        f"{VARIABLE} is set, and the server may replace a refresh token that is used",
        cause="Then the one in the CI system is dead after this job. Nothing was sent.",
        fix="say what becomes of a new one: --store DIR, or --on-rotate COMMAND; or, where the"
        " server keeps refresh tokens as they are, LOOPBACK_AUTH_REFRESH_TOKEN_ROTATES=false;"
        " what does not rotate at all: `loopback-auth help ci`",
    )


def check_refresh_token(text: str) -> Secret:
    """
    Return *text* without blanks around it as a refresh token.

    Raises:
        UsageError: It is empty, or has what no token can hold (RFC 6749 appendix A.17).
    """
    token = trimmed(text)
    if not token or not (token.isascii() and token.isprintable()) or " " in token:
        raise UsageError(
            "that is not a refresh token" if token else "no refresh token was given",
            cause="A refresh token is one line of printable ASCII characters without blanks.",
            fix="give it on standard input: `loopback-auth import {profile} < FILE`; or set"
            " {variable}",
            variable=VARIABLE,
        )
    return Secret(token)
