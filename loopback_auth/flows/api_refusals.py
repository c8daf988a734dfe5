"""What an API's answer means that is no success, and what a request's failure leaves open."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from ..errors import ApiRefused, SignInNeeded
from ..oauth.http.status import FORBIDDEN, NOT_MODIFIED, UNAUTHORIZED
from ..oauth.http.url import without_query
from ..oauth.refusal import is_among
from ..oauth.text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..edge.http.streaming import ResourceRequest, StreamedReply
    from ..errors import LoopbackAuthError, TransportError


NO_END = (
    "refuses the token of the profile {profile}",
    (
        "The answer does not say that the session has ended:"
        " the server would refuse a new token, too."
    ),
)
NOT_ITS_AGE = (
    "rejects the token of the profile {profile}, which was obtained just now",
    (
        "So its age is not the reason: a scope, the address, or a policy of the server is."
        " Another sign-in would not help."
    ),
)
"""What a 401 says where a sign-in does not mend it, and what that means."""


def tells_of_an_end(refused: StreamedReply, body: bytes, expired_session: tuple[str, ...]) -> bool:
    """Return whether *refused*, a 401 with *body*, may mean that the token is no longer good."""
    said = body.decode("utf-8", "replace")
    return (
        not (expired_session and said.strip())
        or "invalid_token" in refused.header("www-authenticate")
        or is_among(expired_session, said)
    )


def shown(request: ResourceRequest) -> str:
    """Return method and address of *request*, without its query, which may hold a secret."""
    return f"{request.method} {without_query(request.url)}"


def refuse(
    request: ResourceRequest, reply: StreamedReply, profile: str, why: tuple[str, str] | None
) -> None:
    """
    Raise what *reply* means unless it is a success; *why* is what a 401 means that stays.

    Raises:
        SignInNeeded: A 401, without a *why*.
        ApiRefused: Any other answer that is no success.
    """
    status, host = reply.status, urlsplit(reply.url).netloc
    # A 304 was asked for, with If-None-Match or If-Modified-Since.
    if reply.is_success or status == NOT_MODIFIED:
        return
    said = f"{shown(request)} was answered {status} {one_line(reply.reason, limit=60)}".rstrip()
    if status == UNAUTHORIZED and why is not None:
        refusal, cause = why
        raise ApiRefused(
            f"{said}: the server {refusal.format(profile=profile)}",
            cause=cause,
            fix="the scopes that were granted: `loopback-auth status {profile}`;"
            " what the answer means: `loopback-auth explain -p {profile}`",
            profile=profile,
            host=host,
            status=status,
        )
    if status == UNAUTHORIZED:
        raise SignInNeeded(
            f"{said}: the server rejects the token of the profile {profile}",
            cause="The sign-in has ended at the server, or the token is not for this API.",
            profile=profile,
        )
    cause, fix = _why(reply)
    leads_on = reply.is_redirect and reply.header("location")
    to = f", which leads to {_host_of(reply)}" if leads_on else ""
    raise ApiRefused(
        said + to,
        cause=cause,
        fix=fix,
        host=host,
        status=status,
        profile=profile,
        retry_after=one_line(reply.header("retry-after"), limit=40),
    )


def _host_of(redirect: StreamedReply) -> str:
    try:
        # Its query may be as good as a password.
        return one_line(
            urlsplit(urljoin(redirect.url, redirect.header("location"))).hostname or "nowhere",
            limit=120,
        )
    except ValueError:
        return "nowhere"


def _why(reply: StreamedReply) -> tuple[str, str]:
    """Return cause and fix where *reply* tells more than the catalogue; else empty texts."""
    if reply.is_redirect:
        return (
            (
                "Redirects are followed only for GET and HEAD, a few times, on the same server:"
                " the token is sent nowhere else."
            ),
            (
                "where it leads (Location): `loopback-auth api /path -i -p {profile}`;"
                " ask for that address itself, without the token where it is not yours"
            ),
        )
    # RFC 6750 section 3.1.
    if reply.status == FORBIDDEN and "insufficient_scope" in reply.header("www-authenticate"):
        return (
            "The scopes that were granted do not cover it.",
            (
                "sign in with more: `loopback-auth login {profile} --scope 'A B'`;"
                " those there are: `loopback-auth status {profile}`"
            ),
        )
    if reply.is_busy:
        return (
            "The server is busy, or failed; the request was not repeated.",
            (
                "wait as it says (Retry-After: {retry_after}), then run the same again"
                if reply.header("retry-after")
                else "wait a little, then run the same again"
            ),
        )
    return "", ""


def not_sent_again(reply: StreamedReply) -> ApiRefused:
    """Return the error of a request that cannot be repeated with the new token."""
    host = urlsplit(reply.url).netloc
    return ApiRefused(
        f"{host} did not take the token (401), and the body from standard input is gone",
        cause="The token was refreshed, but the body was too long to keep for a second try.",
        fix="run the command again; with a file it would be repeated:"
        " `loopback-auth api /path -d @FILE -p {profile}`",
        host=host,
        status=UNAUTHORIZED,
    )


def of_an_api(error: TransportError, request: ResourceRequest) -> LoopbackAuthError:
    """Return *error* in the words of a request: a sign-in would speak of its code."""
    safe = request.method in ("GET", "HEAD", "OPTIONS")
    return type(error)(
        error.message,
        cause="The server or the network is slow or broke off."
        + ("" if safe else " Whether the server acted on the request is not known."),
        fix="run the same again; for a slow server set LOOPBACK_AUTH_HTTP_TIMEOUT=300"
        if safe
        else "look whether it was done before you send it again:"
        " `loopback-auth api /path -p {profile}`",
        **error.facts,
    )
