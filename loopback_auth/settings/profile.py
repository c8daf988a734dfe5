"""
A profile, put together: flag > environment > config.toml > the last sign-in > provider > discovery.

Every setting remembers where it came from, for `status` and `config show`, and so that nothing
meant for one server is ever sent to another: the source that says where to sign in (`provider`,
`issuer` or an endpoint) shuts out lower ones that say otherwise.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

from ..edge.callback.listeners import check_redirect_uri, with_port
from ..edge.files.client_secrets import read_client_secret
from ..edge.files.home import variable
from ..errors import NotConfigured, StoreDamaged, UsageError
from ..oauth.credential import learned_lifetime
from ..oauth.http.url import check_url
from ..oauth.metadata import ENDPOINTS, Client, server_metadata
from ..oauth.secret import Secret
from .config_toml import ALIASES, PORTS, SETTINGS, TABLE, checked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from ..oauth.metadata import ServerMetadata
    from ..providers import Provider
    from .config_toml import Config

DEFAULT_REDIRECT_URI = "http://127.0.0.1:0/callback"
"""RFC 8252 section 7.3: a loopback literal and any port."""

DEFAULT_SCOPE = ("openid", "profile", "email", "offline_access")
"""Asked for at an OpenID provider, as far as it lists them."""

_WHERE = ("provider", "issuer", "authorization_endpoint", "token_endpoint")
_SECRETS = ("client_secret", "client_secret_env", "client_secret_file")
_AUTH_METHODS = ("none", "client_secret_basic", "client_secret_post")
_RESPONSE_MODES = ("query", "form_post")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """
    A value, and where it came from in words (`--client-id`, `config.toml:7`); a lower *rank* was
    asked first.
    """

    value: Any = field(repr=False)
    source: str
    rank: int = field(default=0, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """
    One login of the user, as all sources together describe it; *notes* tell what was understood in
    another way than given.
    """

    name: str
    settings: Mapping[str, Setting]
    provider: Provider | None = None
    notes: tuple[str, ...] = ()
    remembered: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def get(self, name: str, default: Any = None) -> Any:
        """Give the value of a setting."""
        setting = self.settings.get(name)
        return default if setting is None else setting.value

    def endpoints(self) -> dict[str, Any]:
        """Give the server's metadata that is known without asking the server."""
        known = self.provider.server_for(self.get("login_url")) if self.provider else {}
        given = {name: self.get(name) for name in ("issuer", *ENDPOINTS) if self.get(name)}
        return {**known, **given}

    def check_server(self) -> None:
        """Raise `NotConfigured` where nothing says where to sign in."""
        if not self.endpoints():
            raise NotConfigured(
                f"nothing says where to sign in to the profile {self.name}", profile=self.name
            )

    def known_server(self) -> ServerMetadata | None:
        """Give the server if it can be used without discovery."""
        document = self.endpoints()
        complete = "authorization_endpoint" in document and "token_endpoint" in document
        return server_metadata(document) if complete else None

    def remembered_server(self) -> ServerMetadata | None:
        """
        Return what discovery said at the last sign-in, if it was of the same issuer; an endpoint
        that is set now counts.
        """
        document, given = self.remembered.get("server") or {}, self.endpoints()
        issuer = given.get("issuer")
        return (
            server_metadata({**document, **given})
            if issuer and document.get("issuer") == issuer
            else None
        )

    def client(self, environ: Mapping[str, str] | None = None) -> Client:
        """
        Give the client; reads its secret from the environment variable or the file that
        was named.
        """
        client_id = self.get("client_id")
        if not client_id:
            label = self.provider.client_id_label if self.provider else ""
            label = f" ({label})" if label else ""
            raise NotConfigured(
                f"the profile {self.name} has no client_id",
                cause=f"The server knows this program by the client ID{label} of an app registered there.",
                fix=f"loopback-auth login {self.name} --client-id ID",
            )
        secret, method = self._client_secret(environ), self.get("token_endpoint_auth_method")
        if secret is None and method and method != "none":
            raise NotConfigured(
                f"the profile {self.name} authenticates with {method}, and has no client secret",
                cause="Only `none`, a public client's method, needs no secret.",
                fix=f"loopback-auth login {self.name} --client-secret-prompt (or -stdin, -env NAME, -file FILE)",
            )
        return Client(
            client_id=client_id,
            client_secret=secret,
            token_endpoint_auth_method=self._auth_method(),
        )

    def _auth_method(self) -> str | None:
        given = self.get("token_endpoint_auth_method")
        return given or (self.provider.token_endpoint_auth_method if self.provider else None)

    def _client_secret(self, environ: Mapping[str, str] | None) -> Secret | None:
        given = [(self.settings[name].rank, name) for name in _SECRETS if name in self.settings]
        if not given:
            return None
        name = min(given)[1]
        value = self.get(name)
        if name == "client_secret":
            secret: Secret = value
            return secret
        return (
            _secret_from_environment(value, environ)
            if name.endswith("env")
            else read_client_secret(value)
        )

    @property
    def client_secret_env(self) -> str | None:
        """The environment variable that holds the secret, when that is how it was given."""
        given = [(self.settings[name].rank, name) for name in _SECRETS if name in self.settings]
        return (
            self.get("client_secret_env")
            if given and min(given)[1] == "client_secret_env"
            else None
        )

    @property
    def redirect_uris(self) -> list[str]:
        """The registered addresses to try, in order; a port that was asked for replaces theirs."""
        uris, port = self.settings.get("redirect_uris"), self.settings.get("port")
        addresses = (
            uris.value
            if uris
            else (self.provider.redirect_uris if self.provider else (DEFAULT_REDIRECT_URI,))
        )
        addresses = [check_redirect_uri(address) for address in addresses]
        # A redirect URI given closer to the person than the port means what it says.
        if port and not (uris and uris.rank < port.rank):
            addresses = [
                with_port(address, number) for number in port.value for address in addresses[:1]
            ]
        return addresses

    @property
    def registered_redirect_uri(self) -> str:
        """
        The first registered address, wherever it is: for a sign-in that nobody here
        listens for.
        """
        uris = self.settings.get("redirect_uris")
        return check_url(uris.value[0], name="redirect_uri") if uris else self.redirect_uris[0]

    def scope_for(self, server: ServerMetadata) -> str:
        """
        Give the scope to ask for: as set, else the provider's, else what an OpenID provider lists
        of the usual four.
        """
        if (given := self.get("scope")) is not None:
            return " ".join(given)
        if self.provider and self.provider.scope is not None:
            return self.provider.scope
        listed = server.scopes_supported or ()
        return (
            " ".join(name for name in DEFAULT_SCOPE if name in listed) if "openid" in listed else ""
        )

    def parameters_for(self, scope: str) -> tuple[tuple[str, str], ...]:
        """
        Give the extra parameters of a request for *scope*.

        OpenID Connect Core section 11: a server ignores offline_access unless the person is asked
        for consent. A provider file says for itself what its server needs.
        """
        asked = (
            {"prompt": "consent"} if not self.provider and "offline_access" in scope.split() else {}
        )
        given = {
            **asked,
            **(self.provider.parameters if self.provider else {}),
            **self.get("parameters", {}),
        }
        return tuple((name, each) for name, value in given.items() for each in values_of(value))

    @property
    def login_hint(self) -> str:
        """The user name that was given for the sign-in page."""
        values = values_of((self.get("parameters") or {}).get("login_hint") or "")
        return values[-1] if values else ""

    def to_remember(self) -> dict[str, Any]:
        """
        Give the settings that a later bare `login` needs; secrets and what belongs to one run are
        not among them.
        """
        # Nor api_base: who takes it out of config.toml takes that server off the list of those that
        # get the token.
        left_out = {*_SECRETS, "api_base", "browser", "timeout", "storage"}
        values = {
            name: setting.value for name, setting in self.settings.items() if name not in left_out
        }
        if self.provider and self.provider.access_token_lifetime:
            values.setdefault("access_token_lifetime", self.provider.access_token_lifetime)
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}

    def learned_lifetime_s(self, client_id: str) -> int | None:
        """
        Return how long tokens of the client last at most, as the last sign-in learned; a lifetime
        that is set anew starts over.
        """
        last, lifetime = self.remembered, "access_token_lifetime"
        is_same = (last.get("client") or {}).get("client_id") == client_id and (
            (last.get("settings") or {}).get(lifetime) == self.to_remember().get(lifetime)
        )
        return learned_lifetime(last) if is_same else None


def values_of(parameter: str | Sequence[str]) -> list[str]:
    """Return the values of a parameter, which may have several."""
    return [parameter] if isinstance(parameter, str) else list(parameter)


def resolve(
    name: str,
    *,
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    config: Config,
    stored: Mapping[str, Any] | None,
    find_provider: Callable[[str], Provider],
) -> Profile:
    """
    Put the profile *name* together.

    *flags* hold settings under their canonical names; *stored* is the document of the last sign-in.
    Raises `UsageError` for a value that no setting of its name can have, `ProviderUnknown`,
    `ConfigError`.
    """
    sources: list[dict[str, tuple[Any, str]]] = [
        {key: (value, _flag_name(key)) for key, value in flags.items() if value is not None},
        from_environment(environ),
        config.profile(name),
        _remembered(stored or {}),
    ]
    settings, used = _combined(sources)
    _check_choice(settings, "token_endpoint_auth_method", _AUTH_METHODS)
    _check_choice(settings, "response_mode", _RESPONSE_MODES)
    named = settings.get("provider")
    provider = find_provider(named.value) if named else None
    return Profile(
        name=name,
        notes=_settle_login_url(settings, provider),
        settings=settings,
        provider=provider,
        remembered=stored or {} if used[-1] else {},
    )


def _settle_login_url(settings: dict[str, Setting], provider: Provider | None) -> tuple[str, ...]:
    """
    Put the host to sign in at in the place of what was given for it; say so where it is another
    one.
    """
    given = settings.get("login_url")
    if given is None or provider is None or not provider.login_hosts:
        return ()
    from ..providers.login_host import login_host

    url, note = login_host(given.value, provider.login_hosts)
    settings["login_url"] = replace(given, value=url)
    return (note,) if note else ()


def from_settings(name: str, **settings: Any) -> Profile:
    """
    Make a profile from *settings* alone, named as in config.toml: `issuer`, `client_id`, `scope`,
    `port`, ...

    Neither the environment nor any file is looked at. `client_secret` is text or a `Secret`. Raises
    `UsageError` for a setting that does not exist or cannot have that value.
    """
    from ..providers import load_provider
    from .config_toml import parse_config

    flags = {}
    for key, value in settings.items():
        setting = ALIASES.get(key, key)
        try:
            flags[setting] = _given(setting, value)
        except (KeyError, ValueError):
            raise UsageError(
                f"{key} is no setting of a profile, or cannot have that value",
                cause="Settings are named as in config.toml.",
                fix="loopback-auth help config lists them",
            ) from None
    return resolve(
        name,
        flags=flags,
        environ={},
        config=parse_config("", ""),
        stored=None,
        find_provider=load_provider,
    )


def _given(setting: str, value: object) -> object:
    if setting != "client_secret":
        return checked(
            os.fspath(value) if isinstance(value, os.PathLike) else value, SETTINGS[setting]
        )
    if isinstance(value, Secret) and value:
        return value
    return Secret(checked(value, SETTINGS[setting]))


def _combined(
    sources: Sequence[dict[str, tuple[Any, str]]],
) -> tuple[dict[str, Setting], list[bool]]:
    settings: dict[str, Setting] = {}
    where: dict[str, Any] | None = None
    used = []
    for rank, source in enumerate(sources):
        says = {key: source[key][0] for key in _WHERE if key in source}
        # A sign-in elsewhere: its client, secret and scopes are that server's business.
        used.append(not (where and says and not _same_place(where, says)))
        if not used[-1]:
            # Where tokens are kept is this machine's business, whichever server they are from.
            source = {key: source[key] for key in source if key == "storage"}  # noqa: PLW2901 - what is left of it
        for key, (value, origin) in source.items():
            if key == "parameters" and key in settings:
                value = {**value, **settings[key].value}  # noqa: PLW2901 - the closer source wins name by name
                settings[key] = Setting(
                    value=value, source=settings[key].source, rank=settings[key].rank
                )
            elif not (where and key in _WHERE):
                settings.setdefault(key, Setting(value=value, source=origin, rank=rank))
        where = where or says or None
    return settings, used


def _same_place(where: Mapping[str, Any], says: Mapping[str, Any]) -> bool:
    return all(says.get(key, value) == value for key, value in where.items()) and any(
        key in says for key in where
    )


def from_environment(environ: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    """
    Read `LOOPBACK_AUTH_<SETTING>`; the secret itself may be there, and is then remembered by its
    variable's name.
    """
    found: dict[str, tuple[Any, str]] = {}
    for name in (*SETTINGS, *ALIASES):
        variable = f"LOOPBACK_AUTH_{name.upper()}"
        text = environ.get(variable)
        if not text:
            continue
        canonical = ALIASES.get(name, name)
        if canonical == "client_secret":
            found["client_secret_env"] = (variable, variable)
            continue
        try:
            found[canonical] = (_from_text(text, SETTINGS[canonical]), variable)
        except ValueError:
            raise UsageError(
                f"{variable} must be {SETTINGS[canonical]}",
                cause="Every setting can come from the environment, in the form it has in config.toml.",
                fix=f"correct or unset {variable}",
            ) from None
    return found


def repeatable(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Collect the values of each name, in their order."""
    collected: dict[str, list[str]] = {}
    for name, value in pairs:
        collected.setdefault(name, []).append(value)
    return collected


def _from_text(text: str, kind: str) -> Any:
    if kind == PORTS:
        return checked([int(number) for number in text.replace(",", " ").split()], kind)
    if kind == TABLE:
        return checked(
            repeatable(parse_qsl(text, keep_blank_values=True, strict_parsing=True)), kind
        )
    if text in ("true", "false") and kind.startswith("true"):
        return text == "true"
    return checked(text, kind)


def _remembered(stored: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
    source = "the last sign-in"
    client, settings = stored.get("client") or {}, stored.get("settings") or {}
    try:
        found = {
            key: (checked(value, SETTINGS[key]), source)
            for key, value in settings.items()
            if key in SETTINGS and key not in _SECRETS
        }
    except ValueError as error:
        name = stored.get("profile")
        raise StoreDamaged(
            f"the stored sign-in to the profile {name} remembers a setting that is not {error}",
            profile=name,
        ) from None
    if client.get("client_secret"):
        found["client_secret"] = (Secret(client["client_secret"]), source)
    if client.get("client_secret_env"):
        found["client_secret_env"] = (client["client_secret_env"], source)
    return found


def _flag_name(setting: str) -> str:
    names = {
        "redirect_uris": "--redirect-uri",
        "parameters": "--param",
        "trust_hosts": "--trust-host",
    }
    return names.get(setting, "--" + setting.replace("_", "-"))


def _check_choice(settings: Mapping[str, Setting], name: str, choices: Iterable[str]) -> None:
    setting = settings.get(name)
    if setting and setting.value not in choices:
        raise UsageError(
            f"{name} must be one of {', '.join(choices)} ({setting.source})",
            cause="Other values are not supported, or are not safe.",
            fix=f"change it at {setting.source}",
        )


def _secret_from_environment(name: str, environ: Mapping[str, str] | None) -> Secret:
    value = variable(name, environ)
    if not value:
        raise UsageError(
            f"the client secret should be in the environment variable {name}, which is not set",
            cause="The profile names that variable as the place of the secret.",
            fix=f"set {name} in this shell, or give the secret again with --client-secret-prompt",
        )
    return Secret(value)
