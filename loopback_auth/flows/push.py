"""`push`: what a profile needs elsewhere, sent by the vendor's own program."""

from __future__ import annotations

from ..edge.process.fed_program import Ended, program_path, run_fed, secret_file
from ..errors import CommandNotRun, PushFailed, UsageError
from ..explain.fix import rendered
from ..export.push.target import FILE, Held, signed_in
from ..notices import Warned
from ..oauth.text import one_line
from .diagnosis import flags_again
from .machine.key import has_key, key_of
from .services import client_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from ..export.push.target import Run, Target
    from ..oauth.credential import Credential
    from ..oauth.secret import Secret


_OF_ITS_OWN = (
    "Better for CI is a key, or nothing at all (`loopback-auth help ci`),"
    " or a sign-in of its own: `loopback-auth login {profile}`"
)
_NO_MORE_HERE = "Forget it here, and leave it there: `loopback-auth logout --local {profile}`"


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
    advice = rendered(
        _NO_MORE_HERE if name == "ci" else _OF_ITS_OWN,
        {"profile": "ci", "flags": flags_again(credential)},
    )
    if credential.rotates:
        return Warned(
            code="refresh-token-rotates",
            message="this server replaces a refresh token each time it is used: of the two copies,"
            " here and there, the first that refreshes ends the other, or both. " + advice,
        )
    return Warned(
        code="grant-shared",
        message=f"the sign-in of the profile {name} is used here as well:"
        " signing out here ends it there, too. " + advice,
    )


class Sender:
    """Runs programs of vendors in *environ*, without our variables and those of *withheld*."""

    def __init__(self, environ: Mapping[str, str], withheld: Sequence[str | None]) -> None:
        self._environ = environ
        self._withheld = withheld

    def check(self, target: Target, facts: Mapping[str, Any]) -> None:
        """
        Check that the program of *target* is there, and signed in.

        Raises:
            CommandNotRun: It is not there.
            PushFailed: It is not signed in.
        """
        words = signed_in(target, facts)
        ended = self._run(words, install=target.install)
        if ended.status:
            raise PushFailed(
                f"{target.program} is not signed in, or may not do this: "
                f"{one_line(ended.complaint, limit=800)}",
                cause=f"It was asked first ({' '.join(words)}); nothing was sent.",
                fix="{sign_in}; then: `loopback-auth push {system} {profile}`",
                sign_in=target.sign_in,
                system=target.name,
                profile=facts["profile"],
            )

    def send(self, planned: Sequence[Run]) -> Iterator[Held]:
        """
        Run what is *planned*, and yield each secret that was sent.

        Raises:
            CommandNotRun: A program is not there.
            PushFailed: A program failed; what was yielded before is sent.
        """
        sent: list[str] = []
        for run in planned:
            ended = self._sent(run, run.argv)
            if ended.status and run.create:
                first, ended = ended, self._sent(run, run.create)
                ended = ended._replace(complaint=f"{first.complaint} / {ended.complaint}")
            if ended.status:
                raise _failed(run, ended, sent)
            sent += [held.words for held in run.holds]
            yield from run.holds

    def _sent(self, run: Run, words: Sequence[str]) -> Ended:
        if not run.needs_file:
            return self._run(words, run.given)
        with secret_file(run.given) as path:
            return self._run([word.replace(FILE, path) for word in words])

    def _run(self, words: Sequence[str], given: Secret | None = None, install: str = "") -> Ended:
        path = program_path(words[0], self._environ)
        if path is None:
            missing = CommandNotRun(
                f"there is no program {words[0][:200]} on PATH",
                cause="It sends the secret, and knows where to and as whom."
                " One in this folder has to be named by its full path.",
                fix="install it: {install}" if install else "check its name and PATH",
                install=install,
            )
            missing.exit_code = 127
            raise missing
        try:
            return run_fed((path, *words[1:]), given, self._environ, withheld=self._withheld)
        except OSError as error:
            return Ended(1, error.strerror or str(error))


def _failed(run: Run, ended: Ended, sent: Sequence[str]) -> PushFailed:
    said = ended.complaint
    for held in run.holds:
        said = held.redacted(said)
    return PushFailed(
        f"{run.argv[0]} did not take the {run.holds[0].words} (exit status {ended.status}): "
        f"{one_line(said, limit=800)}",
        cause=f"Sent before it: the {', the '.join(sent)}." if sent else "Nothing was sent.",
        fix="fix what it reports, then run the command again",
    )
