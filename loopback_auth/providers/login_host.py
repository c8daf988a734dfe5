"""
Which host to sign in at, from what people have at hand: the address of a page, a name, a typo.

    [login_hosts]
    # A path behind one of these is of a page, and dropped.
    known = ["login.example.com", "{name}.my.example.com"]
    # Here it names the site, and is kept.
    sites = ["{name}.site.example.com"]
    # What is given without https:// -> what is meant.
    [login_hosts.short]
    "test" = "test.example.com"
    "{name}" = "{name}.my.example.com"
    # A host -> the one that is meant.
    [login_hosts.instead]
    "{name}.pages.example.com" = "{name}.my.example.com"
    # A host -> why nobody signs in there.
    [login_hosts.refused]
    "{name}.files.example.com" = "It serves files alone."
    # A host of several tenants -> whom it serves.
    [login_hosts.shared]
    "login.example.com" = "..."

The first that fits counts. `{instance}` is letters and a number (na139), `{name}` one or more
labels (in `short`: one), any other name one label. A host that is in none of the tables is
somebody's own domain, unless it looks like one of these misspelled.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from ..errors import URLRefused
from ..oauth.http.url import check_url, is_loopback
from ..oauth.text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_SHORT = 10
"""The length of a domain up to which too many others that are not misspelled look like it."""

# A label; two hyphens part a name from what belongs to it.
_LABEL = "[a-z0-9]+(?:-[a-z0-9]+)*"
_LABELS = "[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
_INSTANCE = r"[a-z]{2,5}\d{1,4}[a-z]?"


def login_host(given: str, hosts: Mapping[str, Any]) -> tuple[str, str | None]:
    """
    Return the login URL that *given* means, and a note if that is another one.

    *hosts* is a provider's `[login_hosts]`.

    Raises:
        URLRefused: *given* is no address or plain http, nobody signs in there, or it looks like a
            misspelled host of the provider's.
    """
    text = given.strip()
    if meant := _rewritten(text.rstrip("/"), hosts.get("short", {}), name=_LABEL):
        return f"https://{meant}", _note(given, meant)
    if not any(c in text for c in "/.:"):
        return check_url(text, name="login_url"), None
    url = check_url(text if "://" in text else f"https://{text}", name="login_url")
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if is_loopback(host) or _fits(host, hosts.get("sites", ())):
        return url.rstrip("/"), None
    if meant := _rewritten(host, hosts.get("instead", {})):
        return f"https://{meant}", _note(given, meant)
    if _fits(host, hosts.get("known", ())):
        shorter = f"{parts.scheme}://{parts.netloc}"
        return shorter, _note(given, parts.netloc) if parts.path.strip("/") else None
    if reason := _rewritten(host, hosts.get("refused", {})):
        raise _refused(host, reason, hosts)
    _refuse_misspelled(host, hosts)
    return url.rstrip("/"), None


def whom_it_serves(url: str, hosts: Mapping[str, Any]) -> str:
    """Return whom the host of *url* serves if several tenants share it, else an empty text."""
    return str(hosts.get("shared", {}).get((urlsplit(url).hostname or "").lower(), ""))


def own_host(hosts: Mapping[str, Any]) -> str:
    """Return the address of a tenant's own login host, with MYDOMAIN for its name."""
    own = next((template for template in hosts.get("known", ()) if "{name}" in template), "")
    return f"https://{own.replace('{name}', 'MYDOMAIN')}" if own else "URL"


def _note(given: str, meant: str) -> str:
    return f"{one_line(given, limit=120)} is read as {meant}"


def _rewritten(host: str, instead: Mapping[str, str], *, name: str = _LABELS) -> str | None:
    for template, meant in instead.items():
        found = _pattern(template, name=name).fullmatch(host)
        if found:
            return meant.format_map(found.groupdict())
    return None


def _fits(host: str, templates: Iterable[str]) -> bool:
    return any(_pattern(template).fullmatch(host) for template in templates)


def _pattern(template: str, *, name: str = _LABELS) -> Any:
    import re

    labels = {"name": name, "instance": _INSTANCE}
    quoted = re.sub(
        r"\\{(\w+)\\}",
        lambda label: f"(?P<{label[1]}>{labels.get(label[1], _LABEL)})",
        re.escape(template),
    )
    return re.compile(quoted, re.IGNORECASE)


def _refuse_misspelled(host: str, hosts: Mapping[str, Any]) -> None:
    from difflib import get_close_matches

    known = [*hosts.get("known", ()), *hosts.get("sites", ())]
    ends = {_end(template) for template in known}
    long_ends = [end for end in ends if len(end) > _SHORT]
    if _end(host) in ends or get_close_matches(_end(host), long_ends, n=1, cutoff=0.85):
        forms = ", ".join(template.replace("{name}", "NAME") for template in known)
        raise _refused(host, f"It looks like one of these, and is none of them: {forms}.", hosts)


def _refused(host: str, reason: str, hosts: Mapping[str, Any]) -> URLRefused:
    return URLRefused(
        f"{host[:120]} is not a host to sign in at",
        cause=reason,
        fix="give your own: `loopback-auth login {profile} --login-url {own}`",
        own=own_host(hosts),
        name="login_url",
    )


def _end(host: str) -> str:
    return ".".join(host.rsplit(".", 2)[-2:])
