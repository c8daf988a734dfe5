"""What a protocol is, and the token that it hands over."""

from __future__ import annotations

from ...value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from ...oauth.secret import Secret


class HelperRequest(Value):
    """
    What a tool asks for: the token of the server at *url*.

    No *url* is a request for no token: the tool tells something that does not concern us, and is
    answered with *reply*. *version* is that of the answer, where a tool has several.
    """

    url: str | None
    reply: str = ""
    version: str = ""


class HelperToken(Value):
    """A token that is good until *expires_at*, if that is known."""

    token: Secret
    expires_at: datetime | None = None

    def in_clear(self) -> str:
        """Return the token itself, for the answer and for nothing else."""
        return self.token.reveal()


class Protocol(Value):
    """
    How one tool asks and is answered.

    *read* makes a request of the command's words, its standard input and its environment, or raises
    `ValueError` where they are none. *write* answers with a token. *not_ours* is the whole answer
    where the token is for no such server, with the exit status *not_ours_status*. *reads_stdin* is
    false where the tool leaves it open or has something else there.
    """

    read: Callable[[Sequence[str], str, Mapping[str, str]], HelperRequest]
    write: Callable[[HelperRequest, HelperToken], str]
    not_ours: str = ""
    not_ours_status: int = 0
    reads_stdin: bool = True


def rfc3339(at: datetime) -> str:
    """Return *at* as tools read it: UTC, in whole seconds."""
    from datetime import UTC

    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
