"""The person who signed in, as the claims of an ID token or of userinfo name them."""

from __future__ import annotations

from dataclasses import dataclass, field

from .text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

NAME_CLAIMS = ("preferred_username", "email", "name", "login", "username", "sub")
"""The claims in which a person's name is looked for, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The person who signed in: *subject* is stable, *name* is for people to read."""

    subject: str
    name: str
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)


def read_identity(
    claims: Mapping[str, Any], *, names: Sequence[str] = NAME_CLAIMS
) -> Identity | None:
    """
    Return the person whom *claims*, of an ID token or of userinfo, name; `None` if they name none.

    The first of *names* that is a claim with a value is the person's name.
    """
    found = [
        one_line(str(claims[n]), limit=120)
        for n in names
        if isinstance(claims.get(n), (str, int)) and claims[n]
    ]
    subject = claims.get("sub", claims.get("id", found[0] if found else None))
    if subject is None or not found:
        return None
    return Identity(subject=one_line(str(subject)), name=found[0], claims=claims)
