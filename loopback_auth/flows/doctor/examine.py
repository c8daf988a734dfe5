"""The examination: every check of the doctor, in the order in which one allows the next."""

from __future__ import annotations

from ...errors import LoopbackAuthError
from .checks import Check
from .machine import checks_here
from .network import checks_of_network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...oauth.http.transport import Transport
    from .checks import Report, Subject

INTERVAL_S = 10.0
"""Between two pre-flights while a new app becomes known, which takes minutes."""


async def examine(
    subject: Subject,
    report: Report,
    *,
    transport: Transport,
    wait_s: float = 0,
    interval_s: float = INTERVAL_S,
) -> None:
    """
    Make every check of *subject* and add each to *report*.

    With *wait_s* above 0 the pre-flight is repeated every *interval_s* for as long while the server
    does not know the app yet.
    """
    redirect_uris = checks_here(subject, report)
    try:
        await checks_of_network(
            subject,
            report,
            redirect_uris=redirect_uris,
            transport=transport,
            wait_s=wait_s,
            interval_s=interval_s,
        )
    except LoopbackAuthError as error:
        report.add(Check.of(error, "request"))
