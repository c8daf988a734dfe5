"""`status`: who is signed in, to what, for how long, and where each setting came from."""

from __future__ import annotations

from ...errors import SignInNeeded
from ...oauth.text import one_line, short
from ..views import (
    expiry_in_words,
    from_home,
    location_in_words,
    plain_facts,
    settings_view,
    sign_in_document,
    use_by_in_words,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ..arguments import Parser
    from ..context import Context
    from ..terminal.sheet import Sheet


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.profile_argument()


def run(context: Context) -> int:
    """Print what is known of the sign-in, without its tokens."""
    name = context.profile_name
    if context.environ.get("LOOPBACK_AUTH_TOKEN", "").strip():
        context.console.say(
            "LOOPBACK_AUTH_TOKEN is set: `token`, `exec`, `env` and `api` use that token,"
            " not this sign-in."
        )
    document = context.store.load(name)
    profile = context.profile(document)
    if document is None:
        raise SignInNeeded(f"nobody is signed in to the profile {name}", profile=name)
    details = profile.provider.details_of(document.get("extra") or {}) if profile.provider else {}
    sign_in = {
        **sign_in_document(name, document, context.store, provider_of=context.provider),
        "details": details,
    }
    sign_in["chosen_by"] = context.chosen.reason
    facts, settings = settings_view(profile)
    about = _facts(sign_in, context.chosen.remark, expiry_in_words(sign_in))

    def draw(sheet: Sheet) -> str:
        own = [(label, context.console.shorten(value)) for label, value in about]
        rows = [*own, ("", ""), *own_settings(facts, settings)]
        return sheet.facts([(name, from_home(value, context.environ)) for name, value in rows])

    context.console.result(
        f"{plain_facts(about)}\n\n{plain_facts(facts)}",
        {**sign_in, "settings": settings},
        draw=draw,
    )
    return 0


def _facts(sign_in: Mapping[str, Any], remark: str, token: str) -> list[tuple[str, str]]:
    who = (
        sign_in["minted_for"]
        or (sign_in["identity"] or {}).get("name")
        or "(the server did not say who you are)"
    )
    return [
        ("Profile", f"{sign_in['profile']}{remark}"),
        ("Signed in as", one_line(str(who))),
        ("At", sign_in["issuer"] or sign_in["host"]),
        *((name, str(value)) for name, value in sign_in["details"].items()),
        ("Scopes", one_line(sign_in["scope"] or "") or "(as the client has them)"),
        ("Token", token),
        *([("Sign-in", use_by_in_words(sign_in))] if sign_in["use_by"] else []),
        ("Stored in", location_in_words(sign_in)),
    ]


def own_settings(
    facts: Sequence[tuple[str, str]], settings: Mapping[str, Mapping[str, str]]
) -> list[tuple[str, str]]:
    """
    Return those of a `settings_view` that are the person's: a provider's endpoints are not.

    A client ID that is longer than a line is shown by its beginning; `config show` has all of it.
    """
    client_id = settings.get("client_id", {}).get("value", "")
    return [
        (name, value.replace(client_id, short(client_id)) if name == "client_id" else value)
        for name, value in facts
        if name == "redirect_uris" or not settings[name]["from"].startswith("the provider ")
    ]
