"""
The environment variables that `exec` and `env` fill: which there are, and what of the sign-in goes
into each.
"""

from __future__ import annotations

from ..errors import UsageError
from ..oauth.secret import Secret
from ..oauth.text import is_variable_name
from .access import Access
from .credential.options import given_token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .arguments import Parser
    from .context import Context

DEFAULT = {"ACCESS_TOKEN": "access_token"}
"""Where no provider says otherwise."""

_TOP = (
    "access_token",
    "token_type",
    "scope",
    "expires_at",
    "obtained_at",
    "refresh_token",
    "id_token",
    "profile",
)
_OF_IDENTITY = {"subject": "subject", "username": "name"}


def set_argument(parser: Parser) -> None:
    """Add `--set`."""
    parser.add_argument(
        "--set",
        metavar="NAME=FIELD",
        action="append",
        help="fill the variable NAME with that field of the sign-in (repeatable; default:"
        " as the provider says, else"
        " ACCESS_TOKEN=access_token)",
    )


def filled_variables(context: Context) -> dict[str, Secret]:
    """
    Return the variables that are asked for, each with its value; the token in them is good.

    Raises:
        UsageError: A name is none that a variable can have, or the sign-in has no such field.
        LoopbackAuthError: As `Access.document`.
    """
    asked = dict(_asked(text) for text in context.arguments.set or [])
    if token := given_token(context.environ):
        return _of_token(asked or DEFAULT, token)
    access = Access(context)
    document = access.document()
    fields = asked or _usual(document, context)
    values = {
        name: _value(document, field, access.profile, needed=name in asked)
        for name, field in fields.items()
    }
    return {name: Secret(value) for name, value in values.items() if value is not None}


def _of_token(fields: Mapping[str, str], token: str) -> dict[str, Secret]:
    """Return the variables for a *token* of the environment: nothing else is known of it."""
    for field in fields.values():
        if field != "access_token":
            raise UsageError(
                f"LOOPBACK_AUTH_TOKEN has no {field}",
                cause="It holds an access token, and takes the place of all that is stored.",
                fix="unset LOOPBACK_AUTH_TOKEN to use the stored sign-in,"
                " or --set access_token alone",
            )
    return dict.fromkeys(fields, Secret(token))


def _usual(document: Mapping[str, Any], context: Context) -> Mapping[str, str]:
    provider = (document.get("settings") or {}).get("provider")
    if not provider:
        return DEFAULT
    # Only here, since a provider's file is TOML, whose reader costs more than all else that is
    # loaded.
    return context.provider(provider).environment or DEFAULT


def _asked(text: str) -> tuple[str, str]:
    name, separator, field = text.partition("=")
    if not separator or not field or not is_variable_name(name):
        raise UsageError(
            "--set takes NAME=FIELD",
            cause="NAME is an environment variable: letters, digits and _, no digit first."
            " FIELD is part of the sign-in.",
            fix="for example: --set API_TOKEN=access_token",
        )
    return name, field


def _value(document: Mapping[str, Any], field: str, profile: str, *, needed: bool) -> str | None:
    value = _found(document, field)
    if value is None and needed:
        there = [name for name in _TOP if document.get(name)] + list(document.get("extra") or {})
        raise UsageError(
            f"the sign-in of the profile {profile} has no {field[:80]}",
            cause=f"It has: {', '.join(there)}.",
            fix="name one of these fields with --set; what there is:"
            " `loopback-auth status {profile}`",
            profile=profile,
        )
    return None if value is None else str(value)


def _found(document: Mapping[str, Any], field: str) -> Any:
    if field in _TOP:
        return document.get(field)
    if field in _OF_IDENTITY:
        return (document.get("identity") or {}).get(_OF_IDENTITY[field])
    value = (document.get("extra") or {}).get(field)
    return value if isinstance(value, (str, int)) else None
