"""The diagnosis of an error: which pitfall it is, filled with what is known of the profile."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from ..edge.callback.listeners import with_port
from ..errors import LoopbackAuthError, UsageError
from ..oauth.http.url import port_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any, ParamSpec, TypeVar

    from ..explain.fix import Flags
    from ..explain.report import Paste
    from ..oauth.credential import Credential
    from ..settings.profile import Profile

    P = ParamSpec("P")
    T = TypeVar("T")


USUAL_PORT = 8765
"""The port of the manual's examples."""

PASSED = "passed"
"""The value of the fact `preflight`, if it is known."""


def facts_of(
    profile: Profile, *, redirect_uri: str = "", preflight_passed: bool = False
) -> dict[str, object]:
    """
    Return the values by which an explanation is chosen and filled; none is a secret or unknown.

    *redirect_uri* is the one in use, if a sign-in has chosen one already. *preflight_passed* says
    that the server showed its sign-in page to a request without the browser's cookies.
    """
    login_url, provider = _login_url(profile), profile.provider
    scope, registered = profile.get("scope"), next(iter(redirect_uris(profile)), "")
    facts = {
        "profile": profile.name,
        "client_id": profile.get("client_id"),
        "redirect_uri": redirect_uri or registered,
        "fixed_redirect_uri": with_a_port(registered) if registered else "",
        "login_url": login_url,
        "host": urlsplit(login_url).netloc,
        "scope": " ".join(scope) if scope is not None else (provider.scope if provider else ""),
        "username": _username(profile),
        "flow": profile.get("flow"),
        "preflight": PASSED if preflight_passed else "",
        "flags": flags_of(profile),
    }
    return {name: value for name, value in facts.items() if value}


_OWN_FLAGS = {"prompt": "--prompt", "login_hint": "--account"}
"""Parameters of the request that have flags of their own."""


def flags_of(profile: Profile) -> Flags:
    """
    Return the flags that this run was given and that the next one would not know by itself.

    A sign-in that fails remembers nothing: what it says to type has them once more. One that is
    finished by hand has those that it was begun with.
    """
    from ..settings.table import SETTINGS

    known = profile.remembered.get("settings") or {}
    client = profile.remembered.get("client") or {}
    known = {**known, "client_id": client.get("client_id")}
    found = [tuple(map(str, flag)) for flag in profile.remembered.get("flags") or ()]
    for name, setting in profile.settings.items():
        has_flag = name == "client_secret" or SETTINGS[name].option is not None
        value = list(setting.value) if isinstance(setting.value, tuple) else setting.value
        if has_flag and setting.source.startswith("--") and known.get(name) != value:
            found += _flags(name, setting.source, value)
    return tuple(found)


def flags_given(flags: Mapping[str, Any]) -> Flags:
    """Return those of a run whose *flags*, by the names of settings, make no profile yet."""
    from ..settings.table import SETTINGS

    return tuple(
        flag
        for name, value in flags.items()
        for flag in _flags(
            name, SETTINGS[name].flag, list(value) if isinstance(value, tuple) else value
        )
    )


def flags_typed(options: Mapping[str, Any]) -> Flags:
    """Return those of a sign-in's *options*, as parsed, of which no settings were made."""
    if "login_hint" not in options:
        return ()
    from ..settings.table import SETTINGS

    flags = {name: options[name] for name in SETTINGS if options.get(name) is not None}
    parameters = {name: [options[name]] for name in _OWN_FLAGS if options[name]}
    for text in flags.get("parameters", ()):
        name, is_whole, value = text.partition("=")
        if name and is_whole:
            parameters.setdefault(name, []).append(value)
    if options["client_secret_prompt"] or options["client_secret_stdin"]:
        flags["client_secret"] = True
    return flags_given({**flags, "parameters": parameters})


def flags_again(credential: Credential) -> Flags:
    """Return those with which another profile signs in as *credential*'s does."""
    from ..settings.table import SETTINGS

    env, file = credential.client_secret_env, credential.client_secret_file
    known = {
        **credential.settings,
        "client_id": credential.client.client_id,
        "client_secret_env": env,
        "client_secret_file": file,
        "client_secret": None if env or file else credential.client.client_secret,
    }
    return flags_given({name: each for name, each in known.items() if each and name in SETTINGS})


def shareable(flags: Flags) -> Flags:
    """Return those of *flags* that may stand in a ticket: no name of a person, and no query."""
    from ..oauth.http.url import without_query
    from ..settings.table import SETTINGS

    shown = {setting.flag for setting in SETTINGS.values() if setting.is_shown}
    return tuple(
        (flag, *values)
        for flag, *values in flags
        if flag in shown and values == [*map(without_query, values)]
    )


def _flags(name: str, flag: str, value: Any) -> Iterator[tuple[str, ...]]:
    if name == "client_secret":
        yield ("--client-secret-prompt",)
    elif name == "scope":
        yield flag, " ".join(value)
    elif isinstance(value, bool):
        yield (flag,)
    elif isinstance(value, float):
        yield flag, f"{str(value).removesuffix('.0')}s"
    elif isinstance(value, dict):
        # Imported late: a sign-in shows its address without it.
        from ..explain.redaction import is_secret_name

        for parameter, given in value.items():
            if not is_secret_name(parameter):
                yield from _parameter(flag, parameter, given)
    else:
        yield from ((flag, str(each)) for each in (value if isinstance(value, list) else [value]))


def _parameter(flag: str, name: str, given: str | Sequence[str]) -> Iterator[tuple[str, ...]]:
    for value in [given] if isinstance(given, str) else given:
        yield ((_OWN_FLAGS[name], value) if name in _OWN_FLAGS else (flag, f"{name}={value}"))


def redirect_uris(profile: Profile) -> list[str]:
    """Return the addresses that should be registered, or none if they cannot be used."""
    try:
        return profile.redirect_uris
    except UsageError:
        return []


def with_a_port(redirect_uri: str) -> str:
    """Return *redirect_uri* as any server takes it: with a port, where any will do (0)."""
    return with_port(redirect_uri, USUAL_PORT) if port_of(redirect_uri) == 0 else redirect_uri


@contextmanager
def diagnosing(profile: Profile, *, redirect_uri: str = "") -> Iterator[None]:
    """Diagnose a `LoopbackAuthError` that leaves the block."""
    try:
        yield
    except LoopbackAuthError as error:
        diagnose(error, profile, redirect_uri=redirect_uri)
        raise


def diagnose(
    error: LoopbackAuthError, profile: Profile, *, redirect_uri: str = "", body: str = ""
) -> None:
    """
    Give *error* the values of *profile*, and cause and fix of the pitfall that it is, if any.

    Its code and its message stay. *body* is an answer that the error does not hold, such as an
    API's.
    """
    error.facts.setdefault("profile", profile.name)
    error.facts.setdefault("flags", flags_of(profile))
    pitfalls = profile.provider.pitfalls if profile.provider else None
    asserted = error.facts.get("signed") or error.facts.get("said_by")
    if not (pitfalls or body or asserted or error.facts.get("error_description")):
        return
    facts = facts_of(profile, redirect_uri=redirect_uri)
    said = read_report(body, profile) if body else None
    files = [pitfalls, "assertions"] if asserted else [pitfalls]
    # A clock that is wrong explains whatever the server's own words are.
    for file in reversed(files) if error.facts.get("clock") else files:
        if explain_by_pitfall(error, pitfalls=file, facts=facts, said=said):
            return


def read_report(text: str, profile: Profile | None) -> Paste:
    """Return what is understood of *text*, redacted by what is known of the profile's server."""
    from ..explain.report import read_paste

    provider = profile.provider if profile else None
    return read_paste(text, secret_patterns=provider.secret_patterns if provider else ())


def explain_by_pitfall(
    error: LoopbackAuthError,
    *,
    pitfalls: str | None,
    facts: Mapping[str, object],
    said: Paste | None = None,
) -> bool:
    """
    Return whether *error* has an entry in the file *pitfalls*, and explain it with that, filled
    from *facts* and its own.

    *said* is an answer that the error does not hold.
    """
    from ..explain.pitfalls import pitfall_of_error
    from ..explain.report import Paste

    if said is None:
        code = str(getattr(error, "error", "") or error.facts.get("error") or "")
        description = str(error.facts.get("error_description") or "")
        flow = str(facts.get("flow") or "")
        said = Paste(kind="line", error=code, description=description, around=flow)
    # What the error knows of the case is closer to it than what the profile says.
    known = {**facts, **{name: value for name, value in error.facts.items() if value}}
    if entry := pitfall_of_error(error.code, said, pitfalls=pitfalls, facts=known):
        error.explain_with(entry)
    return entry is not None


def diagnose_stored(error: LoopbackAuthError, document: Mapping[str, Any]) -> None:
    """Diagnose *error* with the values of the sign-in that *document* remembers."""
    from ..providers import load_provider
    from ..settings.resolve import resolve

    with suppress(LoopbackAuthError):
        name = str(document.get("profile"))
        diagnose(error, resolve(name, stored=document, find_provider=load_provider))


def _login_url(profile: Profile) -> str:
    given = profile.get("login_url") or profile.get("issuer")
    if not given and profile.provider:
        given = profile.provider.login_url
    return str(given or profile.get("authorization_endpoint") or "")


def _username(profile: Profile) -> str:
    identity: Mapping[str, object] = profile.remembered.get("identity") or {}
    return str(profile.get("subject") or profile.login_hint or identity.get("name") or "")
