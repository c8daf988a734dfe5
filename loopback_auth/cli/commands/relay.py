"""`relay`: the browser's half of a sign-in that was started on another machine."""

from __future__ import annotations

from functools import partial

from ...edge.process.event_loop import run as run_coroutine
from ...errors import UsageError
from ...flows.login.browser import TIMEOUT_S
from ...oauth.text import one_line
from ..input_text import answer_unseen, check_terminal, refuse_secret_argument, terminal_of
from ..prompts import confirm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...flows.relay.box import Box
    from ...flows.relay.relay import Finish
    from ...oauth.authorize.relayed import RelayedAnswer, RelayedRequest
    from ..arguments import Parser
    from ..console import Console
    from ..context import Context

_QUESTION = "The address that the other machine printed (not shown): "


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "target",
        nargs="?",
        metavar="ssh://HOST/PROFILE",
        help="begin and finish the sign-in there, by ssh; without it, the address is asked for",
    )
    parser.add_argument(
        "--timeout",
        metavar="TIME",
        help="how long to wait for the browser, such as 90s or 15m (default: 5m)",
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address only")
    parser.add_argument(
        "--remote-command",
        metavar="COMMAND",
        help="what runs loopback-auth there, if the shell that ssh starts does not find it",
    )
    parser.add_argument(
        "--switch-account",
        action="store_true",
        help="let another account replace the one in the profile there",
    )


def run(context: Context) -> int:
    """Open the sign-in's page here, and pass its answer on."""
    arguments, console = context.arguments, context.console
    context.listen_for_interrupts()
    target = arguments.target
    refuse_secret_argument((target or "").removeprefix("ssh://"), "relay")
    timeout_s = _timeout_s(arguments.timeout)
    check_terminal(console, "relay", target)
    if target is None:
        text = answer_unseen(_QUESTION, console, command="relay")
        from ...oauth.authorize.relayed import read_authorize_url

        answer = _caught(read_authorize_url(text), context, timeout_s)
        _print(answer, console)
        return 0
    from ...flows.relay.box import COMMAND, begin, finish, read_box

    box = read_box(target, command=arguments.remote_command or COMMAND)
    console.say(f"Asking {box.host} to begin a sign-in to its profile {box.profile}...")
    request = run_coroutine(begin(box, context.environ, timeout_s=timeout_s))
    done = partial(finish, box, environ=context.environ, switch_account=arguments.switch_account)
    _caught(request, context, timeout_s, box=box, finish=done)
    console.erase_line()
    console.say(f"{box.host} is signed in, to its profile {box.profile}; no token came here.")
    return 0


def _timeout_s(text: str | None) -> float:
    from ...settings.kinds import DURATION

    try:
        return float(DURATION.read(text)) if text else TIMEOUT_S
    except ValueError as error:
        raise UsageError(
            f"--timeout must be {error}",
            cause="It bounds the wait for the browser.",
            fix="`loopback-auth relay --timeout 15m`",
        ) from None


def _caught(
    request: RelayedRequest,
    context: Context,
    timeout_s: float,
    *,
    box: Box | None = None,
    finish: Finish | None = None,
) -> RelayedAnswer:
    from ...flows.relay.relay import relay

    console = context.console

    def show(url: str) -> None:
        console.say("If no browser opens, open this address in one of this machine:")
        console.insist(url)

    return run_coroutine(
        relay(
            request,
            may_go_on=lambda: _may_go_on(request, console, box),
            show=show,
            opens=not context.arguments.no_browser,
            notify=context.notify,
            timeout_s=timeout_s,
            finish=finish,
            environ=context.environ,
        )
    )


def _may_go_on(request: RelayedRequest, console: Console, box: Box | None) -> bool:
    where = f"{box.host}, profile {box.profile}" if box else "the machine that made this address"
    console.say(f"Sign-in page:  {one_line(request.host)}")
    console.say(f"Client:        {one_line(request.client_id)}")
    console.say(f"Scopes:        {one_line(request.scope, limit=600) or '(the usual ones)'}")
    console.say(f"Comes back to: {one_line(request.redirect_uri)} (here)")
    console.say(f"The tokens go to {where}: whoever controls it can act as you.")
    question = "Go on only if you started this sign-in yourself. Did you? [y/N] "
    from ...edge.interaction.typed_ahead import discard_typed

    with terminal_of(console) as terminal:
        discard_typed(terminal.fileno())
        return confirm(question, console, terminal=terminal)


def _print(answer: RelayedAnswer, console: Console) -> None:
    console.erase_line()
    if answer.error:
        console.say(f"The server refused: {answer.error}.")
    console.say("Paste this on the other machine, into the login that waits or loopback-auth")
    console.say("deliver there; for login --manual, into loopback-auth exchange:")
    url = answer.url.reveal()
    console.result(url, {"callback_url": url})
