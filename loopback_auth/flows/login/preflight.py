"""
The pre-flight: asking for the sign-in page before a browser does.

A server shows what is wrong with the client or the redirect URI in the browser alone; that never
comes to the callback (RFC 6749 section 4.1.2.1). A request of our own, without cookies, gets the
same answer. It has a state and a challenge of its own, so that only the browser sends the real
ones.
"""

from __future__ import annotations

import re
from contextlib import suppress
from secrets import token_bytes as random_bytes
from urllib.parse import parse_qsl, urlsplit

from ...edge.process.event_loop import event_loop_started
from ...errors import AuthorizationError, ProviderError
from ...explain import find
from ...explain.denial import is_denial
from ...oauth.authorize.request import AuthorizationRequest
from ...oauth.http.messages import Get, refuse_unusable
from ...oauth.http.strict_json import strict_json
from ...oauth.text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...oauth.http.messages import HttpReply
    from ...oauth.http.transport import Transport

PREFLIGHT_TIMEOUT_S = 3.0
"""The person waits for this; a slower server shows in the browser what is wrong."""

MISMATCH = "redirect_uri_mismatch"
"""The error code of a redirect URI that the app does not have."""

# These mean that nobody is signed in here, or will pass: the browser may get another answer.
_NOT_FINAL = frozenset(
    {
        "login_required",
        "interaction_required",
        "account_selection_required",
        "consent_required",
        "immediate_unsuccessful",
        "server_error",
        "temporarily_unavailable",
        "service_unavailable",
        "system_down",
        "slow_down",
        "rate_limit_exceeded",
    }
)
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{1,79}")


async def preflight(request: AuthorizationRequest, *, transport: Transport) -> bool:
    """
    Return whether the server shows its sign-in page for such a request as *request*.

    `False` where nothing is known: the network is in trouble, the server is down or slow, or
    answers something else. Then the browser will show it.

    Raises:
        AuthorizationError: A browser would show this error instead of a sign-in page.
    """
    await event_loop_started()
    import asyncio

    try:
        async with asyncio.timeout(PREFLIGHT_TIMEOUT_S):
            reply = await look(request, transport=transport)
    except AuthorizationError:
        raise
    except (ProviderError, TimeoutError):
        return False
    return _shows_a_page(reply)


async def look(request: AuthorizationRequest, *, transport: Transport) -> HttpReply:
    """
    Return the answer to a request like *request*, if it is no refusal.

    Raises:
        AuthorizationError: It is one.
        ProviderError: There was no answer that can be used.
    """
    probe = probe_of(request)
    reply = await transport(Get(url=probe.url))
    if not reply.is_redirect:
        refuse_unusable(reply, "the sign-in page")
    said = _said(reply)
    error = one_line(said.get("error", ""), limit=80)
    if _CODE.fullmatch(error) and error.lower() not in _NOT_FINAL and not is_denial(error):
        raise _refusal(error, one_line(said.get("error_description", "")), probe)
    return reply


def probe_of(
    request: AuthorizationRequest, *, token_bytes: Callable[[int], bytes] = random_bytes
) -> AuthorizationRequest:
    """Return a request like *request*, with a state, challenge and nonce of its own."""
    return AuthorizationRequest.new(
        server=request.server,
        client=request.client,
        redirect_uri=request.redirect_uri,
        scope=request.scope,
        token_bytes=token_bytes,
        response_mode=request.response_mode,
        parameters=request.parameters,
    )


def _shows_a_page(reply: HttpReply) -> bool:
    if not reply.is_redirect:
        return reply.is_success
    with suppress(ValueError):
        return bool(urlsplit(reply.headers.get("location", "")).path) and not _said(reply).get(
            "error"
        )
    return False


def _said(reply: HttpReply) -> Mapping[str, str]:
    """
    Return the members of a refusal: of the address it redirects to, or of a form or JSON; none of a
    page for people.
    """
    if reply.is_redirect:
        with suppress(ValueError):
            parts = urlsplit(reply.headers.get("location", ""))
            return {**_form(parts.fragment), **_form(parts.query)}
        return {}
    if not reply.is_error:
        return {}
    body = reply.body.strip()
    with suppress(ValueError):
        document = strict_json(body)
        found = document if isinstance(document, dict) else {}
        return {name: value for name, value in found.items() if isinstance(value, str)}
    return _form(body.decode("utf-8", "replace")) if b"error=" in body[:8192] else {}


def _form(text: str) -> dict[str, str]:
    with suppress(ValueError):
        return dict(parse_qsl(text, max_num_fields=100))
    return {}


def _refusal(error: str, description: str, probe: AuthorizationRequest) -> AuthorizationError:
    said = f": {description}" if description else ""
    sent = {
        MISMATCH: f"; the redirect URI that was sent is {probe.redirect_uri}",
        "invalid_client_id": f"; the client ID that was sent is {one_line(probe.client.client_id)}",
    }.get(error.lower(), "")
    return AuthorizationError(
        f"the server refuses the sign-in before it begins ({error}{said}){sent}",
        error=error,
        known=find(error) is not None,
        error_description=description,
        redirect_uri=probe.redirect_uri,
        client_id=probe.client.client_id,
    )
