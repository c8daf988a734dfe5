"""`push`: what a profile needs elsewhere, sent by the vendor's own program."""

from __future__ import annotations

from contextlib import ExitStack

from ..edge.process.fed_program import program_path, run_fed, secret_file
from ..errors import CommandNotRun, PushFailed, UsageError
from ..export.push.target import FILE, Held, signed_in
from ..notices import Warned
from ..oauth.text import one_line
from .machine.key import has_key, key_of
from .tokens.refresh import client_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from ..export.push.target import Run, Target
    from ..oauth.credential import Credential


_OF_ITS_OWN = (
    " One of its own: loopback-auth login --profile ci; then push that."
    " Better still, a key or nothing at all: loopback-auth help ci"
)
_NO_MORE_HERE = " Forget it here, and leave it there: loopback-auth logout --local ci"


def secrets_of(credential: Credential, environ: Mapping[str, str]) -> list[Held]:
    """
    Return what the profile of *credential* needs elsewhere.

    Of a machine it is the key or the client's secret, of a person the refresh token, and the
    client's secret where there is one.

    Raises:
        UsageError: There is nothing that would last there, or nothing is needed.
        KeyUnusable: The machine's key is not there.
    """
    secret = client_of(credential, environ).client_secret
    held = [Held(kind="client-secret", secret=secret)] if secret else []
    if has_key(credential.grant):
        return [Held(kind="key", secret=key_of(credential.grant, environ)), *held]
    if credential.grant and held:
        return held
    if credential.grant:
        raise UsageError(
            f"the profile {credential.profile} needs no secret elsewhere",
            cause="Its token is minted from what the CI system itself says about the job.",
            fix="how the job reads it: `loopback-auth help ci`",
        )
    if credential.tokens.refresh_token is None:
        raise UsageError(
            f"the profile {credential.profile} has nothing that would last elsewhere",
            cause="The server gave no refresh token, and the access token ends soon.",
            fix="ask for one: `loopback-auth login {profile} --scope 'openid offline_access'`;"
            " or have a machine of its own sign in: `loopback-auth help ci`",
            profile=credential.profile,
        )
    return [Held(kind="refresh-token", secret=credential.tokens.refresh_token), *held]


def warning_about(credential: Credential) -> Warned | None:
    """Return what to know before the grant of *credential* is used in two places."""
    if credential.grant:
        return None
    name = credential.profile.partition("@")[0]
    advice = _NO_MORE_HERE if name == "ci" else _OF_ITS_OWN
    if credential.rotates:
        return Warned(
            code="refresh-token-rotates",
            message="this server replaces a refresh token each time it is used: of the two copies,"
            f" here and there, the first that refreshes ends the other, or both.{advice}",
        )
    return Warned(
        code="grant-shared",
        message=f"the sign-in of the profile {name} is used here as well:"
        f" signing out here ends it there, too.{advice}",
    )


def check_program(target: Target, facts: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    """
    Check that the program of *target* is there, and signed in.

    Raises:
        CommandNotRun: It is not there.
        PushFailed: It is not signed in.
    """
    if program_path(target.program, environ) is None:
        missing = CommandNotRun(
            f"{target.name} needs the program {target.program}, which is not on PATH",
            cause="A secret is sent by the vendor's own program, which knows where to and as whom.",
            fix="install it: {install}; what would be run:"
            " `loopback-auth push {system} -p {profile} --dry-run`",
            install=target.install,
            system=target.name,
            profile=facts["profile"],
        )
        missing.exit_code = 127
        raise missing
    status, complaint = _run(signed_in(target, facts), None, environ)
    if status:
        raise PushFailed(
            f"{target.program} is not signed in, or may not do this: {one_line(complaint)}",
            cause=f"It was asked first ({' '.join(signed_in(target, facts))}); nothing was sent.",
            fix="{sign_in}; then: `loopback-auth push {system} -p {profile}`",
            sign_in=target.sign_in,
            system=target.name,
            profile=facts["profile"],
        )


def send(
    planned: Sequence[Run], environ: Mapping[str, str], *, withheld: Sequence[str | None]
) -> Iterator[Held]:
    """
    Run what is *planned*, and yield each secret that was sent.

    Raises:
        PushFailed: A program failed; what was yielded before is sent.
    """
    sent: list[str] = []
    for run in planned:
        with ExitStack() as stack:
            words, given = run.argv, run.given
            create = run.create
            path = stack.enter_context(secret_file(given)) if run.needs_file else ""
            attempts = [
                tuple(word.replace(FILE, path) for word in each) for each in (words, create) if each
            ]
            complaints: list[str] = []
            for argv in attempts:
                status, complaint = _run(argv, None if path else given, environ, withheld=withheld)
                if not status:
                    break
                complaints.append(complaint)
            else:
                raise _failed(run, complaints, sent)
        sent += [held.kind for held in run.holds]
        yield from run.holds


def _run(
    argv: Sequence[str], given: Any, environ: Mapping[str, str], *, withheld: Sequence[Any] = ()
) -> tuple[int, str]:
    path = program_path(argv[0], environ)
    if path is None:
        missing = CommandNotRun(
            f"{argv[0][:200]} was not run: there is no such command on PATH",
            cause="The first word after -- is the program; one in this folder needs its full path.",
            fix="check its name and PATH",
        )
        missing.exit_code = 127
        raise missing
    try:
        return run_fed((path, *argv[1:]), given, environ, withheld=withheld)
    except OSError as error:
        return 1, str(error.strerror or error)


def _failed(run: Run, complaints: Sequence[str], sent: Sequence[str]) -> PushFailed:
    said = " / ".join(complaint.strip() for complaint in complaints if complaint.strip())
    for held in run.holds:
        said = said.replace(held.secret.reveal(), "(the secret)")
    before = f" Sent before it: the {', the '.join(sent)}." if sent else " Nothing was sent."
    return PushFailed(
        f"{run.argv[0]} did not take the {run.holds[0].kind}: {one_line(said, limit=800)}",
        cause="It says so itself." + before,
        fix="put right what it says, and run the command again",
    )
