"""`explain CODE`: what an error means and what to do next."""

from __future__ import annotations

from ..errors import UsageError
from ..explain import codes, explanation, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from .arguments import Parser
    from .console import Console


def arguments(parser: Parser) -> None:
    parser.add_argument(
        "code",
        nargs="?",
        metavar="CODE",
        help="an error's code, as invalid_grant or port-in-use; none lists all",
    )


def run(arguments: Namespace, console: Console) -> int:
    if not arguments.code:
        console.result(
            "\n".join(f"{code:<32} {explanation(code).title}" for code in codes()), {"codes": codes()}
        )
        return 0
    code = find(arguments.code)
    if code is None:
        raise _unknown(arguments.code)
    told = explanation(code)
    see = f"\n  see: loopback-auth {told.see}" if told.see else ""
    console.result(
        f"{code}: {told.title}\n  cause: {told.cause}\n  fix: {told.fix}{see}",
        {"code": code, "title": told.title, "cause": told.cause, "fix": told.fix, "see": told.see},
    )
    return 0


def _unknown(code: str) -> UsageError:
    from difflib import get_close_matches

    near = get_close_matches(code.lower().replace("_", "-"), codes(), n=1, cutoff=0.5)
    return UsageError(
        f"there is no explanation for {code[:60]!r}",
        cause="It is neither a code of this program nor of the OAuth specifications.",
        fix=f"loopback-auth explain {near[0]}" if near else "loopback-auth explain   lists every code",
    )
