"""`api`: a request with the token; the answer is the result."""

from __future__ import annotations

import os

from ...edge.http.streaming import ResourceRequest, StreamingTransport
from ...edge.http.upload import Upload, upload_of
from ...edge.process.clock import now
from ...edge.process.event_loop import run as run_coroutine
from ...errors import LoopbackAuthError, SignInNeeded, UsageError
from ...flows.api import Authorization, api
from ...flows.diagnosis import diagnose
from ...flows.resources import resources_of
from ...flows.tokens.lifetime import learn_from_refusal, learn_from_success
from ...oauth.resource.address import read_header, read_method
from ...oauth.secret import Secret
from ..access import Access
from ..api_output import JSONAnswer, PrintedAnswer
from ..credential.options import given_token, login_argument, token_arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from ...edge.store.file_store import FileStore
    from ...settings.profile import Profile
    from ..arguments import Parser
    from ..console import Console
    from ..context import Context

SILENCE_S = 120.0
"""How long an API may take to say something: some compute before they answer."""

_FORM, _JSON, _OCTETS = (
    "application/x-www-form-urlencoded",
    "application/json",
    "application/octet-stream",
)


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "address",
        metavar="PATH",
        help="a path below the API's base, or a URL of the profile's own servers",
    )
    parser.profile_option()
    parser.add_argument(
        "-X", "--method", metavar="METHOD", help="the method (default: GET, with -d POST)"
    )
    parser.add_argument(
        "-H",
        "--header",
        metavar="'NAME: VALUE'",
        action="append",
        help="one more header (repeatable)",
    )
    parser.add_argument(
        "-d",
        "--data",
        metavar="DATA",
        help="the body: text, @FILE, or - for standard input;"
        " without a Content-Type from -H it is JSON where it begins"
        " with { or [, else a form if it is text here, and octets from a file",
    )
    parser.add_argument(
        "-i", "--include", action="store_true", help="print status and headers, too"
    )
    token_arguments(parser)
    login_argument(parser)


def run(context: Context) -> int:
    """Send the request and print the answer."""
    arguments = context.arguments
    context.listen_for_interrupts()
    head, console = _head(arguments), context.console
    access, given = Access(context), given_token(context.environ)
    document = {"access_token": given} if given else access.document()
    stored = None if given else document
    profile = context.profile(stored)
    url = resources_of(profile, stored).address(arguments.address)
    renewal = _Renewal(access, document)
    answer = (
        JSONAnswer(console) if console.json else PrintedAnswer(console, include=arguments.include)
    )
    try:
        run_coroutine(
            api(
                _request(arguments, console, url, *head),
                Authorization(
                    profile=profile.name,
                    token=Secret(document["access_token"]),
                    renew=None if given else renewal,
                    is_new=access.has_new_token,
                    expired_session=_expired_session(profile),
                ),
                send=StreamingTransport(
                    context.http(profile.get("ca_bundle"), timeout_s=SILENCE_S)
                ),
                deliver=answer,
                notify=context.notify,
                explain=lambda error, said: diagnose(error, profile, body=said),
            )
        )
    except LoopbackAuthError as error:
        context.add_facts(error)
        return answer.refused(_of_a_given_token(error) if given else error)
    if not given:
        renewal.learn(profile, context.store)
    return answer.finished()


class _Renewal:
    """Refreshes the token of *document* when the API refuses it, and learns how long it lasted."""

    def __init__(self, access: Access, document: Mapping[str, Any]) -> None:
        self._access = access
        self._document = document
        self._refused_at: datetime | None = None
        self._renewed: Mapping[str, Any] | None = None

    async def __call__(self, refused: Secret) -> Secret:
        self._refused_at = now()
        try:
            self._renewed = await self._access.refresh(refused)
        except SignInNeeded as needed:
            self._access.note_refusal(self._document)
            self._renewed = await self._access.signed_in_after(needed)
        return Secret(self._renewed["access_token"])

    def learn(self, profile: Profile, store: FileStore) -> None:
        timeouts_s = profile.provider.session_timeouts if profile.provider else ()
        document, renewed = self._document, self._renewed
        if renewed is None or self._refused_at is None:
            learn_from_success(document, at=now(), timeouts_s=timeouts_s, store=store)
            return
        refused_at = self._refused_at
        learn_from_refusal(
            document, renewed, refused_at=refused_at, timeouts_s=timeouts_s, store=store
        )


def _head(arguments: Namespace) -> tuple[str, list[tuple[str, str]]]:
    """
    Return method and headers of the request, before anything is sent.

    Raises:
        UsageError: One of them is none.
    """
    method = read_method(arguments.method or ("GET" if arguments.data is None else "POST"))
    return method, [read_header(text) for text in arguments.header or []]


def _request(
    arguments: Namespace,
    console: Console,
    url: str,
    method: str,
    headers: list[tuple[str, str]],
) -> ResourceRequest:
    upload = None if arguments.data is None else _upload(arguments.data, console)
    if upload is not None and not any(name.lower() == "content-type" for name, _ in headers):
        headers = [*headers, ("Content-Type", _content_type(arguments.data, upload))]
    return ResourceRequest(method=method, url=url, headers=tuple(headers), upload=upload)


def _expired_session(profile: Profile) -> tuple[str, ...]:
    refusals = profile.provider.refusals if profile.provider else None
    return refusals.expired_session if refusals else ()


def _of_a_given_token(error: LoopbackAuthError) -> LoopbackAuthError:
    if not isinstance(error, SignInNeeded):
        return error
    return SignInNeeded(
        error.message,
        cause="LOOPBACK_AUTH_TOKEN takes the place of the stored sign-in, and cannot be refreshed.",
        fix="set LOOPBACK_AUTH_TOKEN to a valid token, or unset it to use the stored sign-in",
        **error.facts,
    )


def _upload(data: str, console: Console) -> Upload:
    try:
        if data == "-":
            if console.no_input or console.stdin is None:
                raise UsageError(
                    "standard input cannot be read: it is closed, or --no-input was given",
                    cause="-d - takes the body from standard input.",
                    fix="give a file: `loopback-auth api /path -d @FILE -p {profile}`",
                )
            return upload_of(open(console.stdin.fileno(), "rb", buffering=0, closefd=False))
        if data.startswith("@"):
            # Not closed: the request needs it until the process ends.
            return upload_of(open(data[1:], "rb", buffering=0))
    except OSError as error:
        raise UsageError(
            f"the body cannot be read from {'standard input' if data == '-' else data[1:]}:"
            f" {error.strerror}",
            cause="-d @FILE sends that file, -d - standard input.",
            fix="check the file's name: ls -l; text that begins with @"
            " goes through standard input: `loopback-auth api /path -d - -p {profile}`",
        ) from None
    return Upload(os.fsencode(data))


def _content_type(data: str, upload: Upload) -> str:
    """
    Return the type of the body.

    JSON is known by its first character. Other text is a form, as for curl, and of a file nothing
    is known.
    """
    if upload.beginning.lstrip()[:1] in (b"{", b"["):
        return _JSON
    return _OCTETS if data == "-" or data.startswith("@") else _FORM
