"""
Putting a profile together: flag > environment > project file > config.toml > the last sign-in >
provider.

Every setting remembers where it came from, for `status` and `config show`. And nothing meant for
one server is ever sent to another: the source that says where to sign in (`provider`, `issuer` or
an endpoint) shuts out lower ones that say otherwise.
"""

from __future__ import annotations

import os

from ..errors import ProviderUnknown, StoreDamaged, URLRefused, UsageError
from ..oauth.secret import Secret
from ..oauth.text import one_line
from ..value import replace
from .profile import Profile
from .setting import LAST_SIGN_IN, Setting
from .table import ALIASES, SECRETS, SETTINGS
from .unused import unused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from ..providers import Provider
    from .config_toml import Config

_WHERE = ("provider", "issuer", "authorization_endpoint", "token_endpoint")


def resolve(
    name: str,
    *,
    find_provider: Callable[[str], Provider],
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    project: Mapping[str, tuple[Any, str]] | None = None,
    config: Config | None = None,
    stored: Mapping[str, Any] | None = None,
) -> Profile:
    """
    Return the profile *name*, put together from all sources that are given.

    *flags* hold settings under their canonical names; *stored* is the document of the last sign-in.
    *project* is what a trusted project file says; nothing looks for one here.

    Raises:
        UsageError: A setting has a value that it cannot have.
        ProviderUnknown: There is no provider of that name.
        ConfigError: The provider's file cannot be used.
    """
    sources: list[dict[str, tuple[Any, str]]] = [
        {key: (v, SETTINGS[key].flag) for key, v in (flags or {}).items() if v is not None},
        from_environment(environ or {}),
        dict(project or {}),
        config.profile(name) if config else {},
        _remembered(stored or {}),
    ]
    settings, used = _combined(
        [{key: (SETTINGS[key].kind.meant(v), at) for key, (v, at) in s.items()} for s in sources]
    )
    _check_choices(settings)
    provider = _provider(settings.get("provider"), find_provider)
    notes = [*_notes(settings, sources), *_settle_login_url(settings, provider)]
    for key, why, _ in unused(settings, provider):
        # Where one is an option, it is refused: `Profile.check_server`.
        if not settings[key].source.startswith("--") and settings[key].source != LAST_SIGN_IN:
            notes.append(f"{key} ({settings[key].source}) has no use here: {why}")
    return Profile(
        name=name,
        notes=tuple(notes),
        settings=settings,
        provider=provider,
        remembered=stored or {} if used[-1] else {},
    )


def _provider(named: Setting | None, find_provider: Callable[[str], Provider]) -> Provider | None:
    try:
        return find_provider(named.value) if named else None
    except ProviderUnknown as error:
        near = error.facts["near"]
        if not near or named is None or named.source.startswith("--"):
            raise
        raise ProviderUnknown(
            error.message,
            cause=error.cause,
            fix="did you mean {near}? Change it: {source}",
            near=near,
            source=named.source,
        ) from None


def _notes(
    settings: Mapping[str, Setting], sources: Sequence[Mapping[str, tuple[Any, str]]]
) -> Iterator[str]:
    """Yield a note of each of *settings* that is used in another way than it was given."""
    for name, setting in settings.items():
        given = sources[setting.rank][name][0]
        meant = SETTINGS[name].kind.meant(given)
        source = setting.source
        what = source if source.startswith("--") else f"{name} ({source})"
        if isinstance(meant, tuple) and meant != given:
            yield f"{what} is read as: {one_line(' '.join(meant))}"
        elif isinstance(meant, str) and given not in meant:
            # Not shown: what is pasted in the wrong place may be a secret.
            yield f"{what} is used without what was pasted around it"
        if name == "client_id" and " " in meant and ".toml:" in source:
            yield f"{what} contains a space, which is rare: look whether it belongs there"
        if name == "scope" and any("," in word for word in meant):
            yield f"{what} contains commas; most servers want spaces between scopes"


def _settle_login_url(settings: dict[str, Setting], provider: Provider | None) -> tuple[str, ...]:
    """
    Replace what was given as `login_url` by the host to sign in at.

    Return a note where that is another host.
    """
    given = settings.get("login_url")
    if given is None or provider is None or not provider.takes_login_url:
        return ()
    from ..providers.login_host import login_host

    # An issuer, or an endpoint below it, that was pasted as the host.
    named = (provider.settings_at(given.value) or {}).get("login_url", given.value)
    try:
        url, note = login_host(named, provider.login_hosts)
    except URLRefused as error:
        if "own" in error.facts:
            raise
        # `config show`, which would say where it is from, ends here itself.
        raise URLRefused(
            f"{error.message} ({given.source})",
            cause=error.cause,
            fix="give the right one: `loopback-auth login {profile} --login-url URL`",
            name="login_url",
        ) from None
    settings["login_url"] = replace(given, value=url)
    return (note,) if note else ()


def from_settings(name: str, **settings: Any) -> Profile:
    """
    Return the profile called *name*, which is made of *settings* alone.

    Their names are those of config.toml; `loopback-auth help config` has the list.

        from_settings("work", issuer="https://id.example.com", client_id="my-cli", port=8765)

    Neither the environment nor any file is read. `client_secret` is text or a `Secret`.

    Raises:
        UsageError: A setting does not exist, or cannot have that value.
    """
    from ..providers import load_provider

    if isinstance(settings.get("client_secret"), str):
        # At once: debuggers and `pytest -l` print the local variables of an error's frames.
        settings["client_secret"] = Secret(settings["client_secret"])
    flags = {}
    for key, value in settings.items():
        setting = ALIASES.get(key, key)
        try:
            flags[setting] = _given(setting, value)
        except (KeyError, ValueError):
            raise UsageError(
                f"{key} is not a setting of a profile, or cannot have that value",
                cause="Settings are named as in config.toml.",
                fix="they are listed by `loopback-auth help config`",
            ) from None
    return resolve(name, flags=flags, find_provider=load_provider)


def _given(setting: str, value: object) -> object:
    if setting != "client_secret":
        given = os.fspath(value) if isinstance(value, os.PathLike) else value
        return SETTINGS[setting].kind.check(given)
    if isinstance(value, Secret) and value:
        return value
    return Secret(SETTINGS[setting].kind.check(value))


def _combined(
    sources: Sequence[dict[str, tuple[Any, str]]],
) -> tuple[dict[str, Setting], list[bool]]:
    """Return the settings of *sources*, the closest first, and of each source if it was used."""
    settings: dict[str, Setting] = {}
    where: dict[str, Any] | None = None
    used = []
    for rank, source in enumerate(sources):
        says = {key: source[key][0] for key in _WHERE if key in source}
        # A sign-in elsewhere: its client, secret and scopes are that server's business.
        used.append(not (where and says and not _is_same_server(where, says)))
        for key, (value, origin) in source.items():
            # Where tokens are kept is this machine's business, whichever server they are from.
            if not used[-1] and key != "storage":
                continue
            known = settings.get(key)
            if known is not None and key == "parameters":
                # The closer source wins name by name.
                settings[key] = replace(known, value={**value, **known.value})
            elif known is None and not (where and key in _WHERE):
                settings[key] = Setting(value=value, source=origin, rank=rank)
        where = where or says or None
    return settings, used


def _is_same_server(where: Mapping[str, Any], says: Mapping[str, Any]) -> bool:
    return all(says.get(key, value) == value for key, value in where.items()) and any(
        key in says for key in where
    )


def from_environment(environ: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    """
    Return the settings that `LOOPBACK_AUTH_<SETTING>` variables have, each with its variable.

    The client's secret is not read: its variable becomes `client_secret_env`. So is a key of the
    variable LOOPBACK_AUTH_KEY.

    Raises:
        UsageError: A variable has a value that its setting cannot have.
    """
    found: dict[str, tuple[Any, str]] = {}
    for name in (*SETTINGS, *ALIASES):
        variable = f"LOOPBACK_AUTH_{name.upper()}"
        text = environ.get(variable)
        if not text:
            continue
        setting = SETTINGS[ALIASES.get(name, name)]
        if setting.name == "client_secret":
            found["client_secret_env"] = (variable, variable)
            continue
        try:
            found[setting.name] = (setting.kind.read(text), variable)
        except ValueError as error:
            raise UsageError(
                f"{variable} must be {error}",
                cause="Every setting can come from the environment,"
                " in the form it has in config.toml.",
                fix="correct or unset {variable}",
                variable=variable,
            ) from None
    if environ.get("LOOPBACK_AUTH_KEY") and not found.keys() & {"key_env", "key_file"}:
        found["key_env"] = ("LOOPBACK_AUTH_KEY", "LOOPBACK_AUTH_KEY")
    return found


def _remembered(stored: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
    client, settings = stored.get("client") or {}, stored.get("settings") or {}
    found: dict[str, tuple[Any, str]] = {}
    for key in (key for key in settings if key in SETTINGS and key not in SECRETS):
        try:
            found[key] = (SETTINGS[key].kind.check(settings[key]), LAST_SIGN_IN)
        except ValueError as error:
            if "access_token" not in stored:
                # What is left of a sign-in keeps nobody from the next one.
                continue
            name = stored.get("profile")
            raise StoreDamaged(
                f"the stored sign-in to the profile {name} remembers a setting that is not {error}",
                profile=name,
            ) from None
    if client.get("client_secret"):
        found["client_secret"] = (Secret(client["client_secret"]), LAST_SIGN_IN)
    for key in ("client_secret_env", "client_secret_file"):
        if client.get(key):
            found[key] = (client[key], LAST_SIGN_IN)
    return found


def _check_choices(settings: Mapping[str, Setting]) -> None:
    for name, setting in settings.items():
        choices = SETTINGS[name].choices
        if choices and setting.value not in choices:
            from ..explain.spelling import choice_meant

            near = choice_meant(setting.value, choices)
            is_typed = setting.source.startswith("--")
            change = "`loopback-auth login {profile} {source} {near}`"
            raise UsageError(
                f"{name} must be one of {', '.join(choices)} ({setting.source})",
                cause="Other values are not supported, or are not safe.",
                fix="did you mean {near}? " + (change if is_typed else "Change it: {source}")
                if near
                else "change it: {source}",
                source=setting.source,
                near=near,
            )
