"""What is stored of a sign-in: the tokens, and what is needed to use, renew or revoke them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import NoneType

from ..errors import LoopbackAuthError, StoreDamaged
from ..errors.frames import without_locals_of
from .identity import Identity
from .metadata import Client, server_metadata
from .secret import Secret
from .text import one_line
from .token.expiry import jwt_expiry
from .token.lifetime import learned_lifetime
from .token.reply import TokenSet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .metadata import ServerMetadata

VERSION = 1
"""The version of the stored document. A reader that meets a higher one leaves the file alone."""

# `refused` is true of the stored tokens alone: a refresh or a sign-in does not carry it over.
_OWN_NAMES = """
version profile access_token token_type refresh_token id_token scope obtained_at expires_at extra
identity client server settings grant resource rotates learned_lifetime refused
"""
_OWN = frozenset(_OWN_NAMES.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """
    One profile's sign-in: the *tokens*, and the *identity* of who signed in, if the server says it.

    *settings* are the profile's settings as they were used, so that a bare `login PROFILE` repeats
    the sign-in. *client_secret_env* names the environment variable that holds the client's secret,
    if it was given that way, and *client_secret_file* the file; then the secret itself is not
    stored. *resource* is what the token was asked for (RFC 8707). *grant* is what a machine
    profile's token is minted with again; never a key. *rotates* is true once a refresh brought
    another refresh token. *learned_lifetime_s* is the longest lifetime that refused tokens leave
    room for. *unknown* holds the members of a stored document that this version does not know; they
    are written back.
    """

    profile: str
    tokens: TokenSet
    client: Client
    server: ServerMetadata
    settings: Mapping[str, Any] = field(default_factory=dict)
    identity: Identity | None = None
    client_secret_env: str | None = None
    client_secret_file: str | None = None
    resource: tuple[str, ...] = ()
    grant: Mapping[str, Any] = field(default_factory=dict)
    rotates: bool = False
    learned_lifetime_s: int | None = None
    unknown: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def to_document(self) -> dict[str, Any]:
        """Return the JSON object that is stored. It holds the secrets in clear."""
        tokens = self.tokens
        return {
            "version": VERSION,
            "profile": self.profile,
            "access_token": tokens.access_token.reveal(),
            "token_type": tokens.token_type,
            "refresh_token": tokens.refresh_token.reveal() if tokens.refresh_token else None,
            "id_token": tokens.id_token.reveal() if tokens.id_token else None,
            "scope": tokens.scope,
            "obtained_at": to_rfc3339(tokens.obtained_at),
            "expires_at": to_rfc3339(tokens.expires_at) if tokens.expires_at else None,
            "extra": dict(tokens.extra),
            "identity": {"subject": self.identity.subject, "name": self.identity.name}
            if self.identity
            else None,
            "client": client_document(self.client, self.client_secret_env, self.client_secret_file),
            "server": self.server.to_json(),
            "settings": dict(self.settings),
            **({"resource": list(self.resource)} if self.resource else {}),
            **({"grant": dict(self.grant)} if self.grant else {}),
            **({"rotates": True} if self.rotates else {}),
            **({"learned_lifetime": self.learned_lifetime_s} if self.learned_lifetime_s else {}),
            **self.unknown,
        }

    @property
    def usual_lifetime_s(self) -> float | None:
        """The lifetime of tokens by the settings, for a server that does not say."""
        usual_s: float | None = self.settings.get("access_token_lifetime")
        return usual_s or None

    @property
    def believed_lifetime_s(self) -> float | None:
        """The lifetime of tokens by the settings or as learned, whichever is shorter."""
        return min((s for s in (self.usual_lifetime_s, self.learned_lifetime_s) if s), default=None)

    @property
    def expiry_source(self) -> str | None:
        """
        The source of the expiry: `server`, `learned`, or `assumed` by the provider or a setting.

        `None` where the expiry is unknown.
        """
        if self.tokens.expires_at is None:
            return None
        if self.tokens.expires_at == jwt_expiry(self.tokens.access_token, self.tokens.obtained_at):
            return "server"
        lifetime_s = (self.tokens.expires_at - self.tokens.obtained_at).total_seconds()
        if lifetime_s == self.learned_lifetime_s:
            return "learned"
        return "assumed" if lifetime_s == self.usual_lifetime_s else "server"

    @classmethod
    @without_locals_of
    def from_document(cls, document: Mapping[str, Any]) -> Credential:
        """
        Return the sign-in that *document*, a stored object, holds.

        Raises:
            StoreDamaged: This package did not write *document*.
        """
        try:
            return cls._read(document)
        except KeyError as error:
            raise _damaged(document, f"it has no {error.args[0]}") from None
        except (LoopbackAuthError, AttributeError, TypeError, ValueError):
            raise _damaged(document, "a member of it is malformed") from None

    @classmethod
    def _read(cls, document: Mapping[str, Any]) -> Credential:
        client, identity = document["client"], document.get("identity")
        return cls(
            profile=document["profile"],
            tokens=_tokens(document),
            client=Client(
                client_id=client["client_id"],
                client_secret=_secret(client.get("client_secret")),
                token_endpoint_auth_method=client.get("token_endpoint_auth_method"),
            ),
            server=server_metadata(document["server"], is_machine=bool(document.get("grant"))),
            settings=dict(document.get("settings") or {}),
            identity=Identity(subject=identity["subject"], name=identity["name"])
            if identity
            else None,
            client_secret_env=client.get("client_secret_env"),
            client_secret_file=client.get("client_secret_file"),
            resource=_texts(document.get("resource") or ()),
            grant=dict(document.get("grant") or {}),
            rotates=document.get("rotates") is True,
            learned_lifetime_s=learned_lifetime(document),
            unknown={name: value for name, value in document.items() if name not in _OWN},
        )


def client_document(
    client: Client, secret_env: str | None, secret_file: str | None = None
) -> dict[str, Any]:
    """Return what is stored of *client*: not its secret if that can be read from elsewhere."""
    secret = client.client_secret
    members = {
        "client_id": client.client_id,
        "client_secret": secret.reveal() if secret and not (secret_env or secret_file) else None,
        "client_secret_env": secret_env,
        "client_secret_file": secret_file,
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
    }
    return {name: value for name, value in members.items() if value is not None}


def _damaged(document: Mapping[str, Any], why: str) -> StoreDamaged:
    profile = one_line(str(document.get("profile")))
    return StoreDamaged(
        f"the stored sign-in to the profile {profile} cannot be read: {why}", profile=profile
    )


def _tokens(document: Mapping[str, Any]) -> TokenSet:
    expires_at = document.get("expires_at")
    return TokenSet(
        access_token=Secret(document["access_token"]),
        token_type=document["token_type"],
        obtained_at=from_rfc3339(document["obtained_at"]),
        scope=document.get("scope") or "",
        expires_at=from_rfc3339(expires_at) if expires_at else None,
        refresh_token=_secret(document.get("refresh_token")),
        id_token=_secret(document.get("id_token")),
        extra=dict(document.get("extra") or {}),
    )


def _texts(value: object) -> tuple[str, ...]:
    if not (isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value)):
        raise TypeError("what is no list of strings")
    return tuple(value)


def _secret(value: object) -> Secret | None:
    if not isinstance(value, (str, NoneType)):
        raise TypeError("a secret that is no string")
    return Secret(value) if value else None


def to_rfc3339(moment: datetime) -> str:
    """Return an aware time in UTC, to the second. Such texts sort as their times do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_rfc3339(text: str) -> datetime:
    """
    Return the time that `to_rfc3339` wrote.

    Raises:
        ValueError: It did not write *text*.
    """
    # `strptime` loads a module of its own, in the middle of a sign-in.
    moment = datetime.fromisoformat(text)
    if not text.endswith("Z") or to_rfc3339(moment) != text:
        raise ValueError("no time in UTC to the second")
    return moment
