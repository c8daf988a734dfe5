"""The token as a line for `curl --config`."""

from __future__ import annotations

from ..authorization import curl_config
from .export_format import ExportFormat
from .members import access_token

FORMAT = ExportFormat(
    reader="curl -K -: the Authorization header as a line of its configuration",
    write=lambda credential, _at: curl_config(access_token(credential)),
    hands_over=False,
)
