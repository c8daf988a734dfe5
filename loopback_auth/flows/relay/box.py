"""
The other machine of a sign-in, reached by ssh: it begins the sign-in, and redeems the code.

State and code travel through pipes, and are in no command line. What that machine prints is text
of a stranger: it is read as strict JSON, and shown as one line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote
from urllib.parse import urlsplit

from ...edge.process.event_loop import event_loop_started
from ...edge.store.file_store import check_profile_name
from ...errors import RemoteSignInFailed, UsageError
from ...oauth.authorize.relayed import read_authorize_url
from ...oauth.http.strict_json import strict_json
from ...oauth.text import one_line
from .relay_session import Finished

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...edge.process.remote_command import Output
    from ...oauth.authorize.relayed import RelayedAnswer, RelayedRequest

COMMAND = "loopback-auth"
"""What the other machine's shell is asked to run."""

EXCHANGE_S = 60.0
"""The time for the other machine to redeem the code."""

# ssh would take a word that begins with - for an option, such as -oProxyCommand=...
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*|[0-9A-Fa-f:]+(?:%[A-Za-z0-9]+)?")
_NOT_FOUND, _NO_CONNECTION = 127, 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """
    `ssh://[USER@]HOST[:PORT]/PROFILE`.

    *command* is a line for its shell, which the person has written.
    """

    host: str
    profile: str
    user: str = ""
    port: int | None = None
    command: str = COMMAND

    def argv(self, ssh: str, *words: str) -> list[str]:
        """Return the command line of *ssh* that has the other machine run our *words*."""
        options = [*(("-p", str(self.port)) if self.port else ())]
        options += ["-l", self.user] if self.user else []
        # One word, which its shell takes apart.
        line = " ".join((self.command, *map(quote, words)))
        return [ssh, "-T", *options, "--", self.host, line]


def read_box(text: str, *, command: str = COMMAND) -> Box:
    """
    Return the machine and the profile that *text* names.

    Raises:
        UsageError: It is no such address, or a word of it would be an option of ssh.
    """
    try:
        parts = urlsplit(text)
        host, port, user = parts.hostname or "", parts.port, parts.username or ""
    except ValueError:
        host, port, user, parts = "", None, "", urlsplit("")
    profile = parts.path.removeprefix("/")
    # urlsplit drops line breaks and tabs.
    is_plain = text.isprintable() and not (
        parts.query or parts.fragment or parts.password is not None or port == 0
    )
    # As it was written: urlsplit makes it lower case, and ssh's own aliases may not be.
    written = parts.netloc.rpartition("@")[2]
    host = written[: len(host)] if written.lower().startswith(host) else host
    names = (host, *((user,) if user or "@" in parts.netloc else ()))
    if parts.scheme != "ssh" or not is_plain or not all(map(_NAME.fullmatch, names)):
        raise UsageError(
            "that is not a machine to sign in on",
            cause="It is ssh://HOST/PROFILE; user names and hosts have letters, digits and . _ -,"
            " and begin with no dash.",
            fix="such as `loopback-auth relay ssh://HOST/PROFILE`; the user and the port may stand"
            " in your ssh configuration, too",
        )
    profile = check_profile_name(profile or "default")
    return Box(host=host, profile=profile, user=user, port=port, command=command)


async def begin(box: Box, environ: Mapping[str, str], *, timeout_s: float) -> RelayedRequest:
    """
    Have *box* begin a sign-in by hand, and return its request.

    Raises:
        RemoteSignInFailed: It did not; the exit status is the one of *box* where it has one.
        URLRefused: Its address is none that may be opened here.
    """
    words = ("login", box.profile, "--manual", "--json")
    document = await _document(box, words, environ, stdin=b"", timeout_s=timeout_s)
    return read_authorize_url(str(document.get("url")))


async def finish(
    box: Box, answer: RelayedAnswer, environ: Mapping[str, str], *, switch_account: bool
) -> Finished:
    """
    Have *box* redeem *answer*, and return who is signed in there.

    Raises:
        RemoteSignInFailed: It did not.
    """
    more = ("--switch-account",) if switch_account else ()
    document = await _document(
        box,
        ("exchange", box.profile, "--json", *more),
        environ,
        stdin=answer.url.reveal().encode() + b"\n",
        timeout_s=EXCHANGE_S,
    )
    identity = document.get("identity")
    name = identity.get("name") if isinstance(identity, dict) else ""
    return Finished(machine=box.host, profile=box.profile, name=one_line(str(name or "")))


async def _document(
    box: Box,
    words: tuple[str, ...],
    environ: Mapping[str, str],
    *,
    stdin: bytes,
    timeout_s: float,
) -> Mapping[str, Any]:
    from shutil import which

    ssh = which("ssh", path=environ.get("PATH"))
    if ssh is None:
        raise RemoteSignInFailed(
            "there is no ssh here",
            cause="The other machine is reached by the program ssh, which is not in PATH.",
            fix="install OpenSSH; or do both halves by hand: `loopback-auth help remote`",
        )
    await event_loop_started()
    from ...edge.process.remote_command import run_remote

    try:
        output = await run_remote(
            box.argv(ssh, *words), stdin=stdin, timeout_s=timeout_s, environ=environ
        )
    except TimeoutError:
        raise _failed(box, f"did not answer within {timeout_s:g} s") from None
    except OSError as error:
        raise _failed(box, f"could not be asked: {error.strerror}") from None
    try:
        # The last line: a shell's settings may print a greeting before it.
        document = strict_json(output.stdout.strip().rpartition(b"\n")[2])
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise _no_document(box, output)
    if said := document.get("error"):
        raise _refused(box, said if isinstance(said, dict) else {})
    return document


def _refused(box: Box, error: Mapping[str, Any]) -> RemoteSignInFailed:
    """Return the *error* that the other machine reports, with its exit status."""
    message, cause, fix = (
        one_line(str(error.get(name, "")), limit=600) for name in ("message", "cause", "fix")
    )
    words = f"{box.host} says: {message}"
    raised = RemoteSignInFailed(
        words, cause=cause, fix="on {host}: {said}", host=box.host, said=fix
    )
    status = error.get("exit_code")
    if type(status) is int and status in range(1, 8):
        raised.exit_code = status
    return raised


def _no_document(box: Box, output: Output) -> RemoteSignInFailed:
    lines = output.stderr.decode("utf-8", "replace").strip().splitlines()
    said = f": {one_line(lines[-1])}" if lines else ""
    if output.status == _NOT_FOUND:
        return RemoteSignInFailed(
            f"{box.host} has no {one_line(box.command, limit=60)} that ssh finds{said}",
            cause="A shell that ssh starts for one command reads few of the files that set PATH.",
            fix="name it as it is there:"
            " `loopback-auth relay {target} --remote-command .local/bin/loopback-auth`",
            target=_target(box),
        )
    if output.status == _NO_CONNECTION:
        return _failed(box, f"cannot be reached by ssh{said}")
    return _failed(box, f"answered with something else than a sign-in ({output.status}){said}")


def _failed(box: Box, what: str) -> RemoteSignInFailed:
    return RemoteSignInFailed(f"{box.host} {what}", host=box.host)


def _target(box: Box) -> str:
    user, port = f"{box.user}@" if box.user else "", f":{box.port}" if box.port else ""
    host = f"[{box.host}]" if ":" in box.host else box.host
    return f"ssh://{user}{host}{port}/{box.profile}"
