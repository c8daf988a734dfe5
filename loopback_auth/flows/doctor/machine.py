"""The doctor's checks of this machine: settings, ports, browser, proxy and certificates."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from ...edge.callback.listeners import bind
from ...edge.http.proxy import proxy_for
from ...edge.interaction.browser import launch_command, why_none
from ...edge.interaction.environment import surroundings
from ...errors import ListenError, LoopbackAuthError, ProxyFailed
from ...explain.fix import rendered
from ...oauth.authorize.redirect_uri import difference, registered
from ...oauth.http.url import without_query
from ...oauth.text import one_line, short
from ...providers.login_host import own_host, whom_it_serves
from ...settings.table import SETTINGS
from ..diagnosis import flags_of, shareable
from ..login.way import BROWSER, DEVICE, PASTE, STOP, way, way_in
from .checks import FAIL, OK, WARN, Check, passed, warned
from .files import checks_of_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from ...edge.interaction.environment import Surroundings
    from ...settings.profile import Profile
    from .checks import Report, Subject

_USAGE = 2


def checks_here(subject: Subject, report: Report) -> list[str]:
    """
    Add these checks to *report*.

    Return the redirect URIs to ask the server about, with the ports that could be had.
    """
    for check in checks_of_files(subject):
        report.add(check)
    profile = subject.profile
    if isinstance(profile, LoopbackAuthError):
        if not isinstance(subject.config, LoopbackAuthError):
            report.add(Check.of(profile, "profile"))
        return []
    report.add(_settings(profile))
    report.add(_server(profile))
    report.add(_client(profile, subject.environ))
    if profile.is_machine:
        from .key import private_key_check

        report.add(private_key_check(profile, subject.environ))
        report.add(_proxy(profile, subject.environ))
        report.add(_certificates(profile, subject.environ))
        return []
    redirect_uris = _callbacks(profile, report)
    for uri in redirect_uris:
        if uri.startswith("https:"):
            # Late, as `ssl` is with it.
            from .certificate import callback_certificate

            report.add(callback_certificate(profile, uri, subject.environ))
    for check in _registered(redirect_uris, subject):
        report.add(check)
    around = surroundings(subject.environ, terminal=subject.terminal)
    browser = report.add(_browser(profile, subject.environ, around, redirect_uris))
    report.add(_surroundings(profile, around, opens=browser.verdict == OK))
    report.add(_proxy(profile, subject.environ))
    report.add(_certificates(profile, subject.environ))
    return redirect_uris


def _settings(profile: Profile) -> Check:
    """
    Return the check that lists what is set and by whom; of what may hold a secret or a name, by
    whom alone.
    """
    rows = []
    for name, setting in sorted(profile.settings.items()):
        value = setting.value
        if not SETTINGS[name].is_shown:
            rows.append(f"{name} (not shown, {setting.source})")
            continue
        shown = SETTINGS[name].kind.written(value)
        shown = without_query(shown) if SETTINGS[name].is_address else shown
        shown = short(shown) if name == "client_id" else shown
        rows.append(f"{name} = {shown} ({setting.source})")
    return passed("settings", "; ".join(rows) or "none of its own")


def _server(profile: Profile) -> Check:
    name = "server"
    try:
        profile.check_server()
    except LoopbackAuthError as error:
        return Check.of(error, name)
    endpoints = profile.endpoints()
    where = without_query(_page(endpoints))
    kind = f"{profile.provider.title}: " if profile.provider else ""
    seen = "; ".join((f"{kind}{where}", *profile.notes))
    hosts = profile.provider.login_hosts if profile.provider else {}
    if shared := whom_it_serves(where, hosts):
        fix = rendered(
            "`loopback-auth login {profile} --login-url {host}`",
            {
                "profile": profile.name,
                "flags": shareable(flags_of(profile)),
                "host": own_host(hosts),
            },
        )
        return Check(name=name, verdict=WARN, seen=seen, cause=shared, fix=fix)
    return passed(name, seen)


def _client(profile: Profile, environ: Mapping[str, str]) -> Check:
    name = "client"
    try:
        client = profile.client(environ)
    except LoopbackAuthError as error:
        return Check.of(error, name)
    given = [setting for setting in _SECRETS if setting in profile.settings]
    source = (
        f"a secret, not shown ({_source(profile, given)})" if client.client_secret else "no secret"
    )
    if " " in client.client_id:
        where = profile.settings["client_id"].source
        seen = f"the client ID {client.client_id!r} has a space in it ({where}), which is rare"
        return warned(name, seen, "take the space out, unless the server shows it so")
    return passed(name, f"client ID {short(client.client_id)}, {source}")


_SECRETS = ("client_secret", "client_secret_env", "client_secret_file")


def _source(profile: Profile, given: Sequence[str]) -> str:
    name = min(given, key=lambda each: profile.settings[each].rank)
    value = "" if name == "client_secret" else f"{profile.get(name)}, "
    return f"{value}from {profile.settings[name].source}"


def _callbacks(profile: Profile, report: Report) -> list[str]:
    name = "callback"
    try:
        asked = profile.redirect_uris
    except LoopbackAuthError as error:
        report.add(Check.of(error, name))
        return []
    found = [_callback(uri) for uri in asked]
    some = any(check.verdict == OK for _, check in found)
    for _, check in found:
        # One that is free is enough: the sign-in takes the first it can have.
        is_spare = check.verdict == FAIL and some
        report.add(replace(check, verdict=WARN, exit_code=0) if is_spare else check)
    return [uri for uri, _ in found]


def _callback(redirect_uri: str) -> tuple[str, Check]:
    name = "callback"
    try:
        with bind([redirect_uri]) as (listeners, real):
            heads = " and ".join(str(each.getsockname()[0]) for each in listeners)
    except ListenError as error:
        return redirect_uri, Check.of(error, name)
    alone = ""
    if urlsplit(redirect_uri).hostname == "localhost" and len(listeners) == 1:
        alone = "; this machine has no IPv6 loopback"
    port = "" if urlsplit(redirect_uri).port == 0 else " its port is free,"
    seen = f"{registered(redirect_uri)}:{port} on {heads}{alone}"
    return real, passed(name, seen)


def _registered(redirect_uris: Sequence[str], subject: Subject) -> Iterator[Check]:
    registered = subject.registered
    for uri in redirect_uris if registered else ():
        if uri in registered:
            yield passed("registered", f"{uri} is registered, character by character")
            continue
        nearest = min(registered, key=lambda each: _distance(uri, each))
        yield Check(
            name="registered",
            verdict=FAIL,
            seen=f'sent is "{uri}", registered is "{nearest}": {difference(uri, nearest)}',
            cause="Servers compare the two addresses character by character.",
            fix=rendered(
                "register {uri}, or sign in with the other:"
                " `loopback-auth login {profile} --redirect-uri {registered}`",
                {**subject.facts, "uri": uri, "registered": one_line(nearest)},
            ),
            code="redirect-uri-mismatch",
            exit_code=_USAGE,
        )


def _distance(sent: str, registered: str) -> float:
    from difflib import SequenceMatcher

    return -SequenceMatcher(None, sent, registered).ratio()


def _browser(
    profile: Profile,
    environ: Mapping[str, str],
    around: Surroundings,
    redirect_uris: Sequence[str],
) -> Check:
    from shutil import which

    name = "browser"
    chosen = profile.get("browser")
    command = launch_command("URL", around=around, environ=environ, chosen=chosen, which=which)
    if command:
        return passed(name, f"{command[0]} would be started")
    hint = way_in(around, redirect_uris[0], profile, is_to_be_shared=True) if redirect_uris else ""
    return warned(
        name,
        why_none(chosen, environ),
        f"open the address that login prints yourself. {hint}".strip(),
    )


_DONE = {
    BROWSER: "login opens a browser here",
    DEVICE: "login uses the device flow where the server has it, and else shows an address"
    " and takes what is pasted",
    PASTE: "login shows an address, and takes what comes back or is pasted",
    STOP: "login stops at once, since nobody could sign in",
}


def _surroundings(profile: Profile, around: Surroundings, *, opens: bool) -> Check:
    name, found = "surroundings", way(around, opens=opens, browser=profile.get("browser"))
    read_from = f" ({', '.join(found.seen)})" if found.seen else ""
    seen = f"{found.row.situation}{read_from}: {_DONE[found.how]}"
    if found.how == STOP:
        fix = rendered("give the job a credential: `loopback-auth help ci`", {})
        return warned(name, seen, fix)
    return passed(name, seen)


def _proxy(profile: Profile, environ: Mapping[str, str]) -> Check:
    name, host = "proxy", _host(profile)
    try:
        proxy = proxy_for(f"https://{host}", environ) if host else None
    except ProxyFailed as error:
        return Check.of(error, name)
    if proxy is None:
        return passed(name, f"none; {host or 'the server'} is reached directly")
    parts = urlsplit(proxy.url)
    port = f":{parts.port}" if parts.port else ""
    password = ", with a password that is not shown" if parts.password else ""
    where = f"{parts.scheme}://{parts.hostname}{port} ({proxy.variable})"
    return passed(name, f"{where} leads to {host}{password}")


def _host(profile: Profile) -> str:
    endpoints = endpoints_of(profile)
    return urlsplit(_page(endpoints)).netloc


def _page(endpoints: Mapping[str, Any]) -> str:
    named = map(endpoints.get, ("authorization_endpoint", "issuer", "token_endpoint"))
    return next(filter(None, named), "")


def endpoints_of(profile: Profile) -> dict[str, Any]:
    """Return what is known of the server; nothing where that is of no use (another check's row)."""
    try:
        return profile.endpoints()
    except LoopbackAuthError:
        return {}


def _certificates(profile: Profile, environ: Mapping[str, str]) -> Check:
    from ...edge.http.tls import Trust

    name = "certificates"
    try:
        trust = Trust(profile.get("ca_bundle"), environ)
    except LoopbackAuthError as error:
        return Check.of(error, name)
    notes = [
        f"{each} = {trust.given[each]} is not used: {why}" for each, why in trust.unusable.items()
    ]
    if environ.get("SSLKEYLOGFILE"):
        notes.append("SSLKEYLOGFILE is ignored: keys are not logged")
    seen = "; ".join([trust.described(), *notes])
    if trust.unusable:
        wrong = " and ".join(trust.unusable)
        return warned(name, seen, f"correct {wrong}, or unset it where it is not needed")
    return passed(name, seen)
