"""Learning how long tokens last from what an API takes, where the server does not say."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from ...edge.store.updates import amend
from ...errors import StoreError
from ...oauth.credential import Credential
from ...oauth.token.lifetime import after_refusal, after_success
from .expiry import with_usual_expiry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from ...edge.store.interface import Store


def learn_from_refusal(
    refused: Mapping[str, Any],
    renewed: Mapping[str, Any],
    *,
    refused_at: datetime,
    timeouts_s: Sequence[int],
    store: Store,
) -> None:
    """
    Store the lifetime that follows from a token of *refused* that an API refused at *refused_at*,
    and one of *renewed* that it took.

    Nothing follows where the server says how long tokens last, nor where another process had
    refreshed by then: some servers end the old token with that.
    """
    old, new = Credential.from_document(refused), Credential.from_document(renewed)
    if old.expiry_source == "server" or new.tokens.obtained_at < refused_at.replace(microsecond=0):
        return
    learned_s = after_refusal(
        (refused_at - old.tokens.obtained_at).total_seconds(),
        believed_s=old.believed_lifetime_s,
        timeouts_s=timeouts_s,
    )
    if learned_s is not None:
        _store(new, learned_s, store)


def learn_from_success(
    taken: Mapping[str, Any], *, at: datetime, timeouts_s: Sequence[int], store: Store
) -> None:
    """Store the lifetime that follows from a token of *taken* that an API took at the time *at*."""
    credential = Credential.from_document(taken)
    learned_s = credential.learned_lifetime_s
    if learned_s is None:
        return
    age_s = (at - credential.tokens.obtained_at).total_seconds()
    then_s = after_success(
        age_s, learned_s=learned_s, usual_s=credential.usual_lifetime_s, timeouts_s=timeouts_s
    )
    if then_s != learned_s:
        _store(credential, then_s, store)


def _store(credential: Credential, learned_s: int | None, store: Store) -> None:
    tokens = credential.tokens
    if credential.expiry_source != "server":
        tokens = replace(tokens, expires_at=None)
    learned = with_usual_expiry(replace(credential, tokens=tokens, learned_lifetime_s=learned_s))
    # The request was answered: what cannot be stored now is learned another time.
    with suppress(StoreError):
        amend(store, credential.profile, learned.to_document())
