"""A profile as all its sources together describe it; `resolve` puts it together."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..edge.callback.listeners import check_redirect_uri, with_port
from ..errors import NotConfigured, UsageError
from ..oauth.http.url import check_url, is_loopback
from ..oauth.metadata import ENDPOINTS, Client, server_metadata
from ..oauth.token.lifetime import learned_lifetime
from ..value import Value, field
from .client import check_client_id, client_secret_of, lasting_file
from .setting import LAST_SIGN_IN
from .table import MACHINE_FLOWS, SECRETS, SETTINGS
from .unused import refuse_unused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ..oauth.metadata import ServerMetadata
    from ..oauth.secret import Secret
    from ..providers import Provider
    from .setting import Setting

DEFAULT_REDIRECT_URI = "http://127.0.0.1:0/callback"
"""RFC 8252 section 7.3: a loopback literal and any port."""

_CLIENT = "`loopback-auth login {profile} --client-id ID`"
_CLIENT_AND_SERVER = "`loopback-auth login {profile} --issuer URL --client-id ID`"

DEFAULT_SCOPE = ("openid", "profile", "email", "offline_access")
"""Asked for at an OpenID provider, as far as it lists them."""


class Profile(Value):
    """
    Where to sign in, as which client, and for what; `from_settings` makes one.

    *notes* say what was understood in another way than given. *remembered* is the document of the
    last sign-in, where that was at the same server.
    """

    name: str
    settings: Mapping[str, Setting]
    provider: Provider | None = None
    notes: tuple[str, ...] = ()
    remembered: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of the setting *name*, or *default* where it is not set."""
        setting = self.settings.get(name)
        return default if setting is None else setting.value

    @property
    def is_machine(self) -> bool:
        """Whether nobody signs in: its tokens are minted."""
        return self.get("flow") in MACHINE_FLOWS

    @property
    def mints_unasked(self) -> bool:
        """Whether it is a machine's by its configuration, and not by a sign-in that was ended."""
        return self.is_machine and self.settings["flow"].source != LAST_SIGN_IN

    def endpoints(self) -> dict[str, Any]:
        """Return the server's metadata that is known without asking the server."""
        known = self.provider.server_for(self.get("login_url")) if self.provider else {}
        given = {name: self.get(name) for name in ("issuer", *ENDPOINTS) if self.get(name)}
        return {**known, **given}

    def check_server(self) -> None:
        """
        Check that something says where to sign in, and no option something else.

        Raises:
            NotConfigured: Nothing does.
            UsageError: An option is of no use.
        """
        refuse_unused(self.settings, self.provider, profile=self.name)
        if not self.endpoints():
            if self.provider:
                raise self.provider.issuer_missing(self.name)
            raise NotConfigured(
                f"nothing says where to sign in to the profile {self.name}", profile=self.name
            )

    def known_server(self) -> ServerMetadata | None:
        """Return the server if it can be used without discovery."""
        document = self.endpoints()
        ends = {"authorization_endpoint", "token_endpoint"}
        needed = {"token_endpoint"} if self.is_machine else ends
        if not needed <= document.keys():
            return None
        return server_metadata(document, is_machine=self.is_machine)

    def remembered_server(self) -> ServerMetadata | None:
        """
        Return what discovery said at the last sign-in, if that was of the same issuer.

        An endpoint that is set now takes the place of the remembered one.
        """
        document, given = self.remembered.get("server") or {}, self.endpoints()
        issuer = given.get("issuer")
        if not issuer or document.get("issuer") != issuer:
            return None
        return server_metadata({**document, **given}, is_machine=self.is_machine)

    def client(self, environ: Mapping[str, str] | None = None) -> Client:
        """
        Return the client, with its secret from the variable or file that was named.

        Raises:
            NotConfigured: There is no client ID, or no secret though the method needs one.
            UsageError: The variable is not set.
            LoopbackAuthError: The file cannot be used.
        """
        client_id = self.get("client_id")
        if not client_id:
            label = self.provider.client_id_label if self.provider else ""
            label = f" ({label})" if label else ""
            raise NotConfigured(
                f"the profile {self.name} has no client_id",
                cause=f"The server knows this program by the client ID{label}"
                " of an app registered there.",
                fix=_CLIENT if self.provider or self.endpoints() else _CLIENT_AND_SERVER,
                profile=self.name,
            )
        check_client_id(client_id, self.settings["client_id"].source)
        secret = self._client_secret(environ)
        method = self.get("token_endpoint_auth_method")
        if method == "private_key_jwt" and not self.is_machine:
            raise NotConfigured(
                f"the profile {self.name} authenticates with {method}, but is for a person",
                cause="Only machine profiles sign with a key here.",
                fix="`loopback-auth login {profile} --token-endpoint-auth-method none`",
                profile=self.name,
            )
        how = method or ("a client secret" if self._has_lost_its_secret(client_id) else "none")
        if secret is None and how not in ("none", "private_key_jwt"):
            raise NotConfigured(
                f"the profile {self.name} authenticates with {how}, and has no client secret",
                cause="Only `none`, a public client's method, needs no secret.",
                fix="`loopback-auth login {profile} --client-secret-prompt`"
                " (or -stdin, -env NAME, -file FILE)",
                profile=self.name,
            )
        return Client(
            client_id=client_id,
            client_secret=secret,
            token_endpoint_auth_method=self._auth_method(),
        )

    def _has_lost_its_secret(self, client_id: str) -> bool:
        """Return whether that client had a secret here, which a sign-out did not leave."""
        client = self.remembered.get("client", {})
        return bool(self.remembered.get("lacks_secret") and client.get("client_id") == client_id)

    def _client_secret(self, environ: Mapping[str, str] | None) -> Secret | None:
        if (given_as := self._given_as) is None:
            return None
        try:
            return client_secret_of(given_as, self.settings[given_as], environ)
        except UsageError as error:
            error.facts.setdefault("profile", self.name)
            raise

    @property
    def has_client_secret(self) -> bool:
        """Whether something says what or where the client's secret is."""
        return self._given_as is not None

    @property
    def assertion_audience(self) -> str | None:
        """Whom an assertion is for, where the provider says that it is not the token endpoint."""
        return self.provider.audience_for(self.get("login_url")) if self.provider else None

    def _auth_method(self) -> str | None:
        given = self.get("token_endpoint_auth_method")
        if not given and self.get("flow") == "client-credentials":
            # RFC 7523 section 2.2: the key is all that such a client has.
            given = "private_key_jwt" if self.get("key_file") or self.get("key_env") else None
        return given or (self.provider.token_endpoint_auth_method if self.provider else None)

    @property
    def _given_as(self) -> str | None:
        """The closest setting of `SECRETS`."""
        return self.closest(*SECRETS)

    def closest(self, *names: str) -> str | None:
        """Return which setting of *names* was given closest to the person; the first of equals."""
        given = [name for name in names if name in self.settings]
        return min(given, key=lambda name: self.settings[name].rank, default=None)

    @property
    def client_secret_env(self) -> str | None:
        """The environment variable that holds the secret, when that is how it was given."""
        is_used = self._given_as == "client_secret_env"
        return self.get("client_secret_env") if is_used else None

    def client_secret_file(self, environ: Mapping[str, str] | None = None) -> str | None:
        """Return the file of the secret, when it was given that way and can be read again."""
        is_used = self._given_as == "client_secret_file"
        return lasting_file(self.get("client_secret_file"), environ) if is_used else None

    @property
    def redirect_uris(self) -> list[str]:
        """The registered addresses to try, in order; a port that was asked for replaces theirs."""
        uris, port = self.settings.get("redirect_uris"), self.settings.get("port")
        usual = self.provider.redirect_uris if self.provider else (DEFAULT_REDIRECT_URI,)
        addresses = [check_redirect_uri(address) for address in (uris.value if uris else usual)]
        # A redirect URI given closer to the person than the port means what it says.
        if port and not (uris and uris.rank < port.rank):
            first = addresses[:1]
            return [with_port(address, number) for number in port.value for address in first]
        return addresses

    @property
    def registered_redirect_uri(self) -> str:
        """The first registered address, on any machine: for a sign-in that nobody listens for."""
        uris = self.settings.get("redirect_uris")
        return check_url(uris.value[0], name="redirect_uri") if uris else self.redirect_uris[0]

    @property
    def redirect_uris_elsewhere(self) -> list[str]:
        """The addresses to try where `--bind` says where to listen: that of a proxy, too."""
        uris = self.settings.get("redirect_uris")
        if not uris or self.get("port") or is_loopback(urlsplit(uris.value[0]).hostname or ""):
            return self.redirect_uris
        return [check_url(uris.value[0], name="redirect_uri")]

    def scope_for(self, server: ServerMetadata) -> str:
        """
        Return the scope to ask for: as set, else the provider's, else what *server* lists of
        `DEFAULT_SCOPE`, if it is an OpenID provider.
        """
        if (given := self.get("scope")) is not None:
            return " ".join(given)
        if self.provider and self.provider.scope is not None:
            return self.provider.scope
        listed = server.scopes_supported or ()
        if "openid" not in listed:
            return ""
        return " ".join(name for name in DEFAULT_SCOPE if name in listed)

    def parameters_for(self, scope: str) -> tuple[tuple[str, str], ...]:
        """
        Return the extra parameters of a request for *scope*.

        OpenID Connect Core section 11: a server ignores offline_access unless the person is asked
        for consent. A provider file says for itself what its server needs.
        """
        if self.provider:
            usual = self.provider.parameters
        else:
            usual = {"prompt": "consent"} if "offline_access" in scope.split() else {}
        given = {**usual, **self.get("parameters", {})}
        return tuple((name, each) for name, value in given.items() for each in values_of(value))

    @property
    def login_hint(self) -> str:
        """The user name that was given for the sign-in page."""
        values = values_of((self.get("parameters") or {}).get("login_hint") or "")
        return values[-1] if values else ""

    def to_remember(self) -> dict[str, Any]:
        """
        Return the settings that a later bare `login` needs, without secrets and what belongs to one
        run.
        """
        values = {
            name: setting.value
            for name, setting in self.settings.items()
            if SETTINGS[name].is_remembered
        }
        if self.provider and self.provider.access_token_lifetime:
            values.setdefault("access_token_lifetime", self.provider.access_token_lifetime)
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}

    def learned_lifetime_s(self, client_id: str) -> int | None:
        """
        Return how long tokens of the client last at most, as was learned in the last sign-in.

        A lifetime that is set again starts over.
        """
        last, lifetime = self.remembered, "access_token_lifetime"
        is_same = (last.get("client") or {}).get("client_id") == client_id and (
            (last.get("settings") or {}).get(lifetime) == self.to_remember().get(lifetime)
        )
        return learned_lifetime(last) if is_same else None


def values_of(parameter: str | Sequence[str]) -> list[str]:
    """Return the values of a parameter, which may have several."""
    return [parameter] if isinstance(parameter, str) else list(parameter)
