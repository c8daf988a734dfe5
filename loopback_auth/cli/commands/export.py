"""`export`: the whole sign-in in the words of the program that will use it."""

from __future__ import annotations

from dataclasses import replace

from ...edge.process.clock import now
from ...errors import UsageError
from ...export.program.formats import EXPORT_FORMATS, text_of
from ...flows.services import client_of
from ...notices import Warned
from ...oauth.credential import Credential
from ..access import Access
from ..credential.options import (
    check_output,
    given_token,
    output_arguments,
    token_arguments,
    write_output,
)
from ..views import show_facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...export.program.export_format import Exported
    from ..arguments import Parser
    from ..console import Console
    from ..context import Context


_OWN_FILES = {
    "template": "a file of yours that says {access_token}: --template FILE",
    "file": "your JSON, TOML or .env file, whose other values stay: --set NAME=FIELD --output FILE",
}
"""Files of the person's own, which are read before they are written."""


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "form",
        metavar="FORMAT",
        nargs="?",
        choices=(*EXPORT_FORMATS, *_OWN_FILES),
        help=f"who will read it: {', '.join((*EXPORT_FORMATS, *_OWN_FILES))}; --list tells more",
    )
    parser.profile_argument()
    parser.add_argument("--list", action="store_true", help="list the formats")
    output_arguments(parser)
    parser.add_argument(
        "--template", metavar="FILE", help="template: the file that says {access_token}"
    )
    parser.add_argument(
        "--set",
        metavar="NAME=FIELD",
        action="append",
        help="file: write that field of the sign-in there (repeatable; auth.token=access_token)",
    )
    token_arguments(parser)


def run(context: Context) -> int:
    """Hand out the sign-in in the format, or list the formats."""
    arguments, console = context.arguments, context.console
    if arguments.list:
        _list(console)
        return 0
    form: str | None = arguments.form
    if form is None:
        raise UsageError(
            f"which format? There are: {', '.join(EXPORT_FORMATS)}",
            cause="A format is made for one program.",
            fix="which is for what: `loopback-auth export --list`; for any other program:"
            " `loopback-auth env {profile}`",
        )
    _check_stored_is_meant(context.environ)
    check_output(arguments)
    if form == "file":
        # The copy beside it may hold a secret that the file had before.
        check_output(arguments, suffix=".bak")
    exported: Exported
    if form in _OWN_FILES:
        exported, credential = _own_file(form, context)
    else:
        credential = _credential(context)
        exported = EXPORT_FORMATS[form].write(credential, now())
        if EXPORT_FORMATS[form].hands_over and credential.rotates:
            context.notify(_rotates(credential.profile))
    _hand_out(exported, context, profile=credential.profile)
    return 0


def _own_file(form: str, context: Context) -> tuple[str, Credential]:
    """Return the content of a file of the person's own with the sign-in in it."""
    # Late, with what reads such files.
    from ...export.program.members import fields
    from ..credential.own_files import filled_template, merged_file

    arguments = context.arguments
    if form == "template":
        path = _needed(arguments.template, "--template FILE", form)
        credential = _credential(context)
        return filled_template(path, fields(credential)), credential
    path = _needed(arguments.output, "--output FILE", form)
    asked = _needed(arguments.set, "--set NAME=FIELD", form)
    credential = _credential(context)
    return merged_file(path, asked, fields(credential)), credential


def _needed(value: Any, option: str, form: str) -> Any:
    if not value:
        raise UsageError(
            f"export {form} needs {option}",
            cause=f"It is for {_OWN_FILES[form]}.",
            fix="`loopback-auth export --list`",
        )
    return value


def _list(console: Console) -> None:
    readers = {
        name: f"{form.only_for}: {form.reader}" if form.only_for else form.reader
        for name, form in EXPORT_FORMATS.items()
    } | _OWN_FILES
    show_facts(readers.items(), {"formats": readers}, console)


def _check_stored_is_meant(environ: Mapping[str, str]) -> None:
    if given_token(environ):
        raise UsageError(
            "LOOPBACK_AUTH_TOKEN is set, and an export needs more than a token",
            cause="It takes the place of all that is stored: client, refresh token,"
            " the server's address.",
            fix="unset LOOPBACK_AUTH_TOKEN to export the stored sign-in",
        )


def _credential(context: Context) -> Credential:
    """Return the sign-in with a good token, and with the client's secret wherever that is kept."""
    access = Access(context)
    credential = Credential.from_document(access.document())
    # A file that was copied to another name still says the old one.
    client = client_of(credential, context.environ)
    settings = dict(credential.settings)
    if settings.get("port") and not settings.get("redirect_uris"):
        # The address in use: the provider's, with the port that was given.
        settings["redirect_uris"] = context.profile(credential.to_document()).redirect_uris
    return replace(credential, profile=access.profile, client=client, settings=settings)


def _rotates(profile: str) -> Warned:
    return Warned(
        code="refresh-token-rotates",
        message="this server replaces a refresh token each time it is used:"
        " the exported one works once, for whoever is first, and"
        f" then the profile {profile} needs a new sign-in; turn rotation off for the app,"
        " or sign in once more under a name of its"
        " own for that program",
    )


def _hand_out(exported: Exported, context: Context, *, profile: str) -> None:
    arguments, console = context.arguments, context.console
    about = {"format": arguments.form, "profile": profile}
    if arguments.output is not None:
        # A file that was merged into was read, and what it had is beside it.
        force = arguments.force or arguments.form == "file"
        write_output(text_of(exported), context, about, force=force)
        return
    if not console.json and console.shows_result:
        console.say("This is a secret. To keep it off the screen: --output FILE, or a pipe.")
    console.result(text_of(exported), {**about, "export": exported})
