"""One format of `export`."""

from __future__ import annotations

from dataclasses import dataclass

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
    *hands_over* the refresh token is for a reader that refreshes by itself. *only_for* is the title
    of the one kind of server whose sign-ins have what it needs.
    """

    reader: str
    write: Callable[[Credential, datetime], Exported]
    hands_over: bool
    only_for: str = ""
