"""`explain WHAT`: what an error means and what to do next, whatever form it was copied in."""

from __future__ import annotations

from ...errors import LoopbackAuthError, UsageError
from ...explain import Explanation, codes, explanation
from ...flows.diagnosis import read_report
from ...oauth.text import one_line
from ..input_text import pasted
from ..views import show_facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...explain.report import Paste
    from ...settings.profile import Profile
    from ..arguments import Parser
    from ..console import Console
    from ..context import Context

_ABOUT = """\
WHAT is an error's code, or whatever the server, the browser or another tool showed:
`code: description`, a JSON or form body, an HTTP answer with its status, a page's text, its address
or the address that it came back to, the downloaded file called authorize (@FILE). Without WHAT it
is read from standard input, on a terminal up to an empty line. Codes, tokens and passwords in it
are never shown. What is known of the profile is put into the answer.
"""


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.description = f"{parser.description}\n\n{_ABOUT}"
    parser.set_defaults(asks=False)
    parser.add_argument(
        "what", nargs="*", metavar="WHAT", help="the error; - reads it from standard input"
    )
    parser.words_of = "what"
    parser.profile_option("whose values to show (default: the profile that is meant here)")
    parser.add_argument("--list", action="store_true", help="list every code")


def run(context: Context) -> int:
    """Print what the error means; without one, list the codes."""
    arguments, console = context.arguments, context.console
    text = "" if arguments.list else pasted(arguments.what, console)
    if not text.strip():
        return _list(console)
    profile = _profile(context)
    paste = read_report(text, profile)
    found = _explanation(paste, profile, context.environ)
    if found is None:
        raise _unknown(paste, profile)
    callback_urls = _callback_urls(paste, found, profile)
    read = "" if paste.kind == "code" else _read(paste)
    number = f" (pitfall {found.number})" if found.number else ""
    head = f"{found.code}: {found.title}{number}"
    more = [
        *(f"callback url: {one_line(uri)}" for uri in callback_urls),
        *([f"see: loopback-auth {found.see}"] if found.see else []),
    ]
    said = [*([f"read: {read}"] if read else []), f"cause: {found.cause}", f"fix: {found.fix}"]
    console.result(
        "\n  ".join([head, *said, *more]),
        _document(paste, found, callback_urls),
        draw=lambda sheet: sheet.explanation(head, found.cause, found.fix, read=read, more=more),
    )
    return 0


def _list(console: Console) -> int:
    facts = [(code, explanation(code).title) for code in codes()]
    show_facts(facts, {"codes": codes()}, console)
    return 0


def _profile(context: Context) -> Profile | None:
    """Return the profile; `None` where it cannot be had, and the explanation is a general one."""
    try:
        name, store = context.profile_name, context.store
        # The keyring would ask the person something; what a sign-in remembers is not worth that.
        in_file = store.location(name).get("storage") == "file"
        return context.profile(store.load(name) if in_file else None)
    except LoopbackAuthError as error:
        if context.arguments.profile_option:
            raise
        note = one_line(str(error))
        context.console.say(f"Note: {note}; the profile's own values are not shown.")
        return None


def _explanation(
    paste: Paste, profile: Profile | None, environ: Mapping[str, str]
) -> Explanation | None:
    from ...explain.pitfalls import certain_pitfall_for, pitfall_files, pitfall_for
    from ...flows.diagnosis import facts_of

    facts = facts_of(profile) if profile else {"profile": "default"}
    if environ.get("CI"):
        facts["ci"] = "yes"
    if profile and profile.endpoints():
        own = profile.provider.pitfalls if profile.provider else None
        return pitfall_for(paste, pitfalls=own, facts=facts)
    facts = {name: facts[name] for name in ("ci", "profile") if name in facts}
    found = certain_pitfall_for(paste, facts=facts)
    for pitfalls in (None, *pitfall_files()):
        found = found or pitfall_for(paste, pitfalls=pitfalls, facts=facts)
    return found


def _callback_urls(paste: Paste, found: Explanation, profile: Profile | None) -> list[str]:
    from ...flows.diagnosis import redirect_uris, with_a_port

    is_about_them = "redirect-uri" in found.code or paste.error.lower() == "redirect_uri_mismatch"
    if not (is_about_them and profile and profile.endpoints()):
        return []
    own = map(with_a_port, redirect_uris(profile))
    # Some servers take no such address: then the fix names another, and the flag for it.
    return [uri for uri in own if "--redirect-uri" not in found.fix or uri in found.fix]


_FORMS = {
    "line": "",
    "json": "JSON",
    "form": "a form body",
    "error-page": "the address of an error page",
    "callback": "a callback address",
    "answer": "a callback address with a code",
    "url": "an address",
    "http": "an HTTP answer",
    "html": "a web page",
    "tokens": "a token answer",
    "secret": "a code or token, not shown",
}


def _read(paste: Paste) -> str:
    """Return what was understood of the paste: an error's code, description and status alone."""
    said = one_line(": ".join(part for part in (paste.error, paste.description) if part))
    form = ", ".join(
        part
        for part in (_FORMS.get(paste.kind, ""), f"status {paste.status}" if paste.status else "")
        if part
    )
    return f"{said} ({form})" if said and form else said or form


def _document(paste: Paste, found: Explanation, callback_urls: list[str]) -> dict[str, Any]:
    return {
        "code": found.code,
        "number": found.number,
        "title": found.title,
        "cause": found.cause,
        "fix": found.fix,
        "see": found.see,
        "callback_urls": callback_urls,
        "read": {
            "kind": paste.kind,
            "error": paste.error,
            "description": paste.description,
            "status": paste.status,
            "parameters": dict(paste.parameters),
        },
    }


def _unknown(paste: Paste, profile: Profile | None) -> UsageError:
    from ...explain.pitfalls import pitfall_files, words_of
    from ...explain.spelling import meant

    word = paste.error.lower().replace("_", "-")
    own = profile.provider.pitfalls if profile and profile.provider else None
    files = [own] if own else [] if profile and profile.endpoints() else pitfall_files()
    near = meant(word, [*codes(), *(code for name in files for code in words_of(name))])
    # Other things than words may be secrets.
    named = (
        repr(paste.error[:60])
        if word.replace("-", "").replace(" ", "").isalpha() and word.isascii()
        else "that"
    )
    return UsageError(
        f"there is no explanation for {named}",
        cause="It is neither a code of this program nor of the OAuth specifications,"
        " and no error in it was understood.",
        fix="`loopback-auth explain {near}`"
        if near
        else "for every code: `loopback-auth explain --list`",
        near=near,
    )
