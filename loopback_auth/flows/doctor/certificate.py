"""The doctor's check of an https callback's certificate: if it is good, until when, for whom."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from ...edge.callback.tls.certificate import (
    certificate_files,
    check_certificate,
    server_context,
    until_of,
)
from ...edge.callback.tls.trust import is_trusted, trust
from ...errors import LoopbackAuthError
from ...explain.fix import rendered
from .checks import Check, passed, warned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...settings.profile import Profile

SOON_DAYS = 30
"""A certificate that expires within these is reported."""


def callback_certificate(
    profile: Profile, redirect_uri: str, environ: Mapping[str, str], *, now: datetime | None = None
) -> Check:
    """Return the check of the certificate for the https address *redirect_uri*."""
    name, host = "callback certificate", urlsplit(redirect_uri).hostname or ""
    try:
        files = certificate_files(
            profile.get("callback_cert"), profile.get("callback_key"), environ
        )
        server = server_context(files)
        until = until_of(check_certificate(server, files, host))
    except LoopbackAuthError as error:
        return Check.of(error, name)
    left = (until - (now or datetime.now(UTC))).days
    stores = trust(server, host, environ)
    said = {True: "{} trusts it", False: "{} does not", None: "{} cannot be asked (no certutil)"}
    who = ", ".join(said[state].format(store) for store, state in stores.items())
    seen = f"{files.certificate} is valid for {host} until {until.date()}; {who}"
    if left < SOON_DAYS:
        again = "`loopback-auth callback-cert create --force`; each browser has to trust that again"
        return warned(name, f"{seen} ({left} days)", rendered(again, {}))
    if not is_trusted(stores):
        how = "trust it in your browser: `loopback-auth callback-cert show {profile}`"
        fix = rendered(how, {"profile": profile.name})
        return warned(name, seen, fix)
    return passed(name, seen)
