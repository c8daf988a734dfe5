"""The table of the formats of `export`."""

from __future__ import annotations

import json
from dataclasses import dataclass

from .postman import postman
from .sfdx_url import sfdx_url
from .simple_salesforce import simple_salesforce
from .singer import singer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Any

    from ...oauth.credential import Credential

    Exported = str | Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFormat:
    """
    One format; *reader* says in words who reads it.

    *write* is called with the sign-in, including the client's secret, and the time. A format that
    *hands_over* the refresh token is for a reader that refreshes by itself.
    """

    reader: str
    write: Callable[[Credential, datetime], Exported]
    hands_over: bool


EXPORT_FORMATS: Mapping[str, ExportFormat] = {
    "sfdx-url": ExportFormat(
        reader="Salesforce CLI: sf org login sfdx-url --sfdx-url-stdin",
        write=lambda credential, _at: sfdx_url(credential),
        hands_over=True,
    ),
    "postman": ExportFormat(
        reader='Postman and newman: an environment for the collection "Salesforce Platform APIs"',
        write=lambda credential, at: postman(credential, exported_at=at),
        hands_over=True,
    ),
    "simple-salesforce": ExportFormat(
        reader="Python's simple-salesforce: its keyword arguments, as JSON",
        write=lambda credential, _at: simple_salesforce(credential),
        hands_over=False,
    ),
    "singer": ExportFormat(
        reader="Singer's tap-salesforce, Meltano, PipelineWise: the sign-in's part of config.json",
        write=lambda credential, _at: singer(credential),
        hands_over=True,
    ),
}
"""The formats by their names."""


def text_of(exported: Exported) -> str:
    """Return the text that is written to standard output or a file."""
    return exported if isinstance(exported, str) else json.dumps(exported, indent=2)
