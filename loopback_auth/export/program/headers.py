"""The token as an Authorization header."""

from __future__ import annotations

from ..authorization import header
from .export_format import ExportFormat
from .members import access_token

FORMAT = ExportFormat(
    reader="curl -H @-, and other programs that read headers, one a line",
    write=lambda credential, _at: header(access_token(credential)),
    hands_over=False,
)
