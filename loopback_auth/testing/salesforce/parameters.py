"""The parameters of a request, and the scope that follows from them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..http.records import Request
    from .state import State


def first_values(request: Request) -> dict[str, str]:
    """
    Return the parameters of query and body, the body's where both have one.

    Salesforce reads forms of both kinds.
    """
    everywhere = (request.query, request.form, request.parts)
    return {name: values[0] for fields in everywhere for name, values in fields.items() if values}


def scope_of(state: State, sent: Mapping[str, str]) -> str:
    """Return the scope that is asked for; without one, all that the app has."""
    app = state.apps[sent["client_id"]]
    asked = sent.get("scope", "").split() or app.scopes
    return " ".join(name for name in asked if name in app.scopes or not app.ignores_other_scopes)
