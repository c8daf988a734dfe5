"""`id-token`: what a CI system or a cluster says of the job that runs here."""

from __future__ import annotations

from ...errors import SubjectTokenUnusable
from ...flows.machine.subject_token import GITLAB_VARIABLE, SOURCES, subject_token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..arguments import Parser
    from ..context import Context

_SIGNS = {
    "github": "ACTIONS_ID_TOKEN_REQUEST_URL",
    "gitlab": GITLAB_VARIABLE,
    "azure": "SYSTEM_OIDCREQUESTURI",
}
_FROM = (
    "name where the token is: `loopback-auth id-token --from SOURCE`;"
    " how a job gets one: `loopback-auth help ci`"
)


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "--audience", metavar="AUD", help="whom the token is for (GitHub; others decide in the job)"
    )
    parser.add_argument(
        "--from",
        dest="source",
        metavar="SOURCE",
        help=f"{', '.join(SOURCES)} (default: the CI system that runs this)",
    )
    parser.set_defaults(asks=False)


def run(context: Context) -> int:
    """Print the raw token: it is a secret until it expires, minutes from now."""
    from ...edge.process.event_loop import run as run_coroutine

    arguments, console = context.arguments, context.console
    source = arguments.source or _found(context)
    try:
        token = run_coroutine(subject_token(source, arguments.audience, context.services(None)))
    except SubjectTokenUnusable as error:
        # In the catalogue stands a sign-in with it.
        raise SubjectTokenUnusable(error.message, cause=error.cause, fix=_FROM) from error
    text = token.reveal()
    console.result(text, {"source": source, "id_token": text})
    return 0


def _found(context: Context) -> str:
    found = next((name for name, sign in _SIGNS.items() if context.environ.get(sign)), None)
    if found is None:
        raise SubjectTokenUnusable(
            "no CI system that gives tokens to its jobs was found here",
            fix=_FROM,
        )
    return found
