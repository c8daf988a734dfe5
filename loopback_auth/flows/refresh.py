"""The refresh: one, whoever asks. The new tokens are stored before anybody gets them, and no failure costs the old ones."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from ..edge.event_loop import entered
from ..edge.home import variable
from ..errors import ProviderError, RefreshRejected, SignInNeeded, StoreError, StoreUnwritable, UsageError
from ..notices import Refreshed, Warned
from ..oauth.credential import Credential
from ..oauth.refresh import read_refresh_reply, refresh_token_grant
from .access_token import has_expired
from .expiry import with_expiry
from .patience import PATIENCE_S, patiently

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from datetime import datetime
    from typing import Any, TypeVar

    from ..edge.store import Hold
    from ..notices import Notice
    from ..oauth.metadata import Client
    from ..oauth.secret import Secret
    from .discovery import Transport

    T = TypeVar("T")

SPARE_S = 5.0
"""How long a server may take while the token that is there is still good for a moment."""

INTERRUPTED_S = 1.0
"""How long a refresh that is on its way may go on after Ctrl-C: its answer holds the only refresh token that works."""


async def refreshed(
    profile: str,
    document: Mapping[str, Any],
    *,
    hold: Hold,
    transport: Transport,
    clock: Callable[[], datetime],
    refused: Secret | None,
    environ: Mapping[str, str] | None,
    notify: Callable[[Notice], None],
) -> Mapping[str, Any]:
    """
    Refresh the tokens of *document*, which *profile*, whose lock is held, has stored; arguments, result and errors are those of `fresh_document`.

    While the server cannot be asked, a token that is good for another moment has to do.
    """
    is_usable = not has_expired(document, at=clock().timestamp()) and not (
        refused and refused.matches(document["access_token"])
    )
    if not document.get("refresh_token"):
        return document if is_usable else _no_refresh_token(profile, document)
    refresh = _refreshed(
        hold,
        Credential.from_document(document),
        transport=transport,
        clock=clock,
        environ=environ,
        patience_s=SPARE_S if is_usable else PATIENCE_S,
    )
    try:
        credential = await _finished(refresh)
    except StoreError:
        raise
    except (RefreshRejected, ProviderError, UsageError) as error:
        if isinstance(error, RefreshRejected) or not is_usable:
            from .explained import tell_of_stored

            tell_of_stored(error, document)
            raise
        notify(Warned(code=error.code, message=f"not refreshed, as yet the old token is good: {error}"))
        return document
    finally:
        hold.release()
    notify(Refreshed(profile=profile))
    return credential.to_document()


def _no_refresh_token(profile: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
    expired = f"expired at {document['expires_at']}" if document.get("expires_at") else "is refused"
    raise SignInNeeded(
        f"the access token of the profile {profile} {expired}, and there is no refresh token", profile=profile
    )


async def _refreshed(
    hold: Hold,
    credential: Credential,
    *,
    transport: Transport,
    clock: Callable[[], datetime],
    environ: Mapping[str, str] | None,
    patience_s: float,
) -> Credential:
    client, token = client_of(credential, environ), credential.tokens.refresh_token
    assert token is not None  # noqa: S101 - the caller looked
    # What the server answers may be the only copy of the next refresh token: room for it is set aside.
    hold.prove(2 * len(repr(credential.to_document())))
    message = refresh_token_grant(token, credential, client=client)
    reply = await patiently(message, transport=transport, clock=clock, patience_s=patience_s)
    try:
        tokens = read_refresh_reply(reply, credential=credential, received_at=clock())
    except RefreshRejected as rejected:
        if rejected.facts["error"] == "invalid_grant":
            _drop(token, hold)
        raise
    rotated = tokens.refresh_token != token
    renewed = replace(credential, tokens=tokens, rotates=credential.rotates or rotated)
    _save(renewed, hold, rotated=rotated)
    dated = await with_expiry(renewed, client=client, transport=transport, clock=clock)
    if dated is not renewed:
        with suppress(StoreError):
            hold.save(dated.to_document())
    return dated


def client_of(credential: Credential, environ: Mapping[str, str] | None = None) -> Client:
    """Give the client with its secret; a server that is asked without would only say that it does not know us."""
    name = credential.client_secret_env or ""
    if name and not variable(name, environ):
        raise UsageError(
            f"the client secret should be in the environment variable {name}, which is not set",
            cause=f"The sign-in to the profile {credential.profile} names that variable as the place of the secret.",
            fix=f"set {name} in this shell, or loopback-auth login {credential.profile} --client-secret-prompt",
        )
    return credential.client_with_secret(variable(name, environ))


def _drop(token: Secret, hold: Hold) -> None:
    """Forget the refresh token that was refused, unless another one has taken its place; all else of the sign-in stays."""
    document = hold.load()
    if document and token.matches(document.get("refresh_token") or ""):
        hold.save({**document, "refresh_token": None})


def _save(credential: Credential, hold: Hold, *, rotated: bool) -> None:
    try:
        with suppress(StoreUnwritable):
            hold.save(credential.to_document())
            return
        # Once more, whatever it was: there is no other copy.
        hold.save(credential.to_document())
    except StoreError as error:
        fate = (
            "the stored refresh token is used up: sign in again"
            if rotated
            else "the stored sign-in still works"
        )
        error.args = (f"{error.message}; the tokens were refreshed, but could not be stored; {fate}",)
        error.message = error.args[0]
        raise


async def _finished(refresh: Coroutine[Any, Any, T]) -> T:
    """Await *refresh*; a cancellation lets it end first, if it soon does."""
    await entered()
    import asyncio

    task = asyncio.ensure_future(refresh)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=INTERRUPTED_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
