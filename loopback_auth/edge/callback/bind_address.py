"""Where to listen when the browser comes by another way: a port forward, a reverse proxy."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from ...errors import ListenError, UsageError
from ...oauth.http.url import is_loopback, loopback_addresses, port_of

_ALL = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - only listened on when it is named
"""The addresses that mean all of their family, with the loopback address among these."""

_PORTS = range(65536)


@dataclass(frozen=True, slots=True, kw_only=True)
class BindAddress:
    """A literal address, and a port; without one that of the redirect URI."""

    host: str
    port: int | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether only programs of this machine reach it."""
        return is_loopback(self.host)

    def addresses(self, redirect_uri: str) -> list[str]:
        """
        Return the addresses to hold on the port.

        Where *redirect_uri* names the same port of this machine, those of its host are among them:
        another program would receive the code there (RFC 8252 section 8.3).
        """
        parts = urlsplit(redirect_uri)
        own = loopback_addresses(parts.hostname or "") if self.port in (None, parts.port) else ()
        held = (self.host, _ALL.get(self.host))
        return [self.host, *(address for address in own if address not in held)]

    def port_for(self, redirect_uri: str) -> int:
        """
        Return the port to listen on; 0 is any.

        Raises:
            UsageError: None is named, and that of *redirect_uri* is another machine's.
        """
        parts = urlsplit(redirect_uri)
        if self.port is not None:
            return self.port
        if not is_loopback(parts.hostname or ""):
            raise UsageError(
                f"--bind {self.host} names no port",
                cause=f"The redirect URI leads to {parts.hostname}, so its port is not one of this"
                " machine.",
                fix="name the port that the proxy forwards to, such as --bind 127.0.0.1:3000",
            )
        return port_of(redirect_uri)

    def not_here(self) -> ListenError:
        """Return the error for an address that this machine does not have."""
        every = "[::]" if ":" in self.host else "0.0.0.0"  # noqa: S104 - proposed by name
        return ListenError(
            f"cannot listen on {self.host}: this machine has no such address",
            cause="--bind takes an address of one of this machine's own networks, or all of them.",
            fix="listen on all of them: `loopback-auth login {profile} --bind {every}`; or, where"
            " the browser is on this machine: `loopback-auth login {profile}`",
            every=every if self.port is None else f"{every}:{self.port}",
        )


def read_bind_address(text: str) -> BindAddress:
    """
    Return what `--bind` means by *text*: `0.0.0.0`, `127.0.0.1:3000`, `[::]:3000`.

    Raises:
        UsageError: It is no literal address; a name would mean what a resolver says.
    """
    from ipaddress import ip_address

    host, port = text, None
    bracketed, is_bracketed, rest = text.removeprefix("[").partition("]")
    if text.startswith("[") and is_bracketed:
        host, port = bracketed, rest.removeprefix(":") if rest else None
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    host = "127.0.0.1" if host == "localhost" else host
    is_port = port is None or (port.isascii() and port.isdecimal() and int(port) in _PORTS)
    try:
        if is_port:
            return BindAddress(host=str(ip_address(host)), port=int(port) if port else None)
    except ValueError:
        pass
    raise UsageError(
        "--bind takes an address of this machine, with a port or without",
        cause="This program listens there besides the redirect URI,"
        " so it must be an address, not a name.",
        fix="such as --bind 0.0.0.0, --bind 127.0.0.1:3000 or --bind [::]:3000;"
        " what it is for: `loopback-auth help remote`",
    )
