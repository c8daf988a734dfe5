"""
The proxy that the environment names for a server.

The variables are a custom without a standard. Where programs differ, this follows curl and Python:
a variable in lower case wins over one in capitals, even if it is empty, and a name in `NO_PROXY`
includes its subdomains. As in Go, an entry there may have a port or be a CIDR block.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ...errors import ProxyFailed
from ...oauth.http.status import PROXY_AUTHENTICATION_REQUIRED
from ...oauth.http.url import is_loopback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Address, IPv6Address

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy's address, which may hold a password, and the environment variable that names it."""

    url: str = field(repr=False)
    variable: str

    @property
    def where(self) -> str:
        """Its host and port, without a password."""
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def proxy_for(url: str, environ: Mapping[str, str] | None) -> Proxy | None:
    """
    Return the proxy that *environ* names for *url*; `None` for a direct connection.

    Raises:
        ProxyFailed: The variable's value cannot be used.
    """
    variables = os.environ if environ is None else environ
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host):
        return None
    _, direct = _variable("no_proxy", variables)
    if direct and _is_direct(host, parts.port or _PORTS[parts.scheme], direct):
        return None
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        variable, value = _variable(name, variables)
        if value and not (
            name == "http_proxy" and variable != name and "REQUEST_METHOD" in variables
        ):
            return Proxy(url=_checked(value, variable, host), variable=variable)
        # In a CGI program HTTP_PROXY is the request's header `Proxy`, which anybody may send.
    return None


def proxy_failed(proxy: Proxy, host: str, *, status: int | None, nameless: bool) -> ProxyFailed:
    """
    Return the error for a *proxy* that did not connect us to *host*.

    *status* is that of its answer, if it gave one; *nameless* means that its name is not known.
    """
    why = ": its name is not known" if nameless else f" (status {status})" if status else ""
    wants_password = status == PROXY_AUTHENTICATION_REQUIRED
    return ProxyFailed(
        f"the proxy {proxy.where} ({proxy.variable}) did not connect us to {host}{why}",
        cause="The proxy wants a user name and a password, or different ones."
        if wants_password
        else "",
        fix="set {variable}=http://USER:PASSWORD@HOST:PORT, with %40 for an @ in them"
        if wants_password
        else "",
        host=host,
        variable=proxy.variable,
    )


def _variable(name: str, variables: Mapping[str, str]) -> tuple[str, str]:
    """Return *name* as it is spelled in *variables*, and its value."""
    spelled = (
        name
        if name in variables
        else next((each for each in variables if each.lower() == name), name)
    )
    return spelled, variables.get(spelled, "").strip()


def _checked(value: str, variable: str, host: str) -> str:
    # curl's bare "host:port" means http.
    url = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(url)
        usable = (
            parts.scheme in _PORTS
            and parts.hostname
            and parts.port != 0
            and not re.search(r"\s", url)
        )
    except ValueError:
        usable = False
    if usable:
        return url
    # The value is not quoted: it may hold a password.
    if url.lower().startswith("socks"):
        raise ProxyFailed(
            f"the proxy that {variable} names is a SOCKS proxy",
            cause="This program speaks to HTTP proxies.",
            fix="set https_proxy=http://HOST:PORT, which goes before {variable}; or to reach the"
            " server directly: no_proxy={host}",
            host=host,
            variable=variable,
        )
    raise ProxyFailed(
        f"the proxy that {variable} names is not http://HOST:PORT",
        cause="In a user name or password, characters such as # / ? @ stand as %23 %2F %3F %40; "
        "around the whole, no quotes.",
        fix="correct {variable}, or to reach the server directly: no_proxy={host}",
        host=host,
        variable=variable,
    )


def _is_direct(host: str, port: int, no_proxy: str) -> bool:
    name, address = host.lower().removesuffix("."), _address(host)
    return any(
        _covers(entry, name, address, port) for entry in re.split(r"[\s,]+", no_proxy.lower())
    )


def _covers(entry: str, host: str, address: IPv4Address | IPv6Address | None, port: int) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        return address is not None and _is_in(address, entry)
    # A port may follow a name, an IPv4 address or an IPv6 address in brackets.
    found = re.fullmatch(r"(\[[^\]]*\]|[^:]*):(\d+)|\[?([^\[\]]*)\]?", entry)
    if found is None or (found[2] and int(found[2]) != port):
        return False
    name = (found[1] or found[3] or "").strip("[]")
    if address is not None or ":" in name:
        return address is not None and _address(name) == address
    name = name.removeprefix("*").strip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _address(text: str) -> IPv4Address | IPv6Address | None:
    from ipaddress import ip_address

    try:
        # Without the zone, which names a network interface.
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_in(address: IPv4Address | IPv6Address, block: str) -> bool:
    from ipaddress import ip_network

    try:
        return address in ip_network(re.sub(r"[\[\]]", "", block), strict=False)
    except ValueError:
        return False
