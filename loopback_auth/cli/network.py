"""The HTTP client as the environment and the sign-in ask for it."""

from __future__ import annotations

from ..edge.files.home import variable
from ..errors import UsageError
from ..settings.config_toml import seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..edge.http.client import HttpTransport
    from ..edge.store.file_store import FileStore
    from ..flows.services import Services
    from ..oauth.http.transport import Transport
    from ..seams import Notify
    from ..settings.profile import Profile


def transport_for(
    ca_bundle: str | None, talk: Notify, environ: Mapping[str, str] | None
) -> Transport:
    """
    Make the HTTP client that the environment asks for, trusting *ca_bundle* besides the system, and
    telling what it does.
    """
    from ..flows.trace import traced

    return traced(http_transport(ca_bundle, environ), talk)


def services_for(
    profile: Profile,
    store: FileStore,
    talk: Notify,
    environ: Mapping[str, str] | None,
) -> Services:
    """Return what a sign-in to *profile* needs: *store*, that client, and who is told."""
    from ..flows.services import Services

    transport = transport_for(profile.get("ca_bundle"), talk, environ)
    return Services(store=store, transport=transport, notify=talk, environ=environ)


def http_transport(
    ca_bundle: str | None, environ: Mapping[str, str] | None, *, usual_s: float | None = None
) -> HttpTransport:
    """
    Make that client, which tells nothing; *usual_s* is its time limit unless the environment says
    otherwise.
    """
    from ..edge.http.client import TOTAL_S, HttpTransport

    bound = variable("LOOPBACK_AUTH_HTTP_TIMEOUT", environ)
    try:
        timeout_s = seconds(bound) if bound else usual_s or TOTAL_S
    except ValueError:
        raise UsageError(
            "LOOPBACK_AUTH_HTTP_TIMEOUT must be a number of seconds",
            cause="It bounds each HTTP request.",
            fix="unset it, or set it to a number such as 30",
        ) from None
    return HttpTransport(timeout_s=timeout_s, ca_bundle=ca_bundle, environ=environ)


def trusted(document: Mapping[str, Any] | None) -> str | None:
    """Give the certificates that a stored sign-in trusted: what follows goes to the same server."""
    settings = (document or {}).get("settings") or {}
    bundle = settings.get("ca_bundle")
    return bundle if isinstance(bundle, str) else None
