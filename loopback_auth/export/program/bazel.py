"""
A line of .bazelrc.

https://bazel.build/reference/command-line-reference#build-flag--remote_header
"""

from __future__ import annotations

from ...errors import ValueUnquotable
from ..authorization import header
from .export_format import ExportFormat
from .members import access_token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...oauth.credential import Credential


def bazel(credential: Credential) -> str:
    """
    Return the line, which sends the token to the remote cache and executor.

    Raises:
        ValueUnquotable: The token has a character that Bazel takes for its own.
    """
    name, _, value = header(access_token(credential), form="bazel").partition(": ")
    if set(value) & set("\"'\\#"):
        raise ValueUnquotable("the token holds what no line of .bazelrc can", form="bazel")
    return f'common --remote_header="{name}={value}"'


FORMAT = ExportFormat(
    reader="a .bazelrc: the header for a remote cache (a new token each time: credential bazel)",
    write=lambda credential, _at: bazel(credential),
    hands_over=False,
)
