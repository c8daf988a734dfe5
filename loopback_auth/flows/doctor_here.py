"""The doctor's checks of this machine: files, settings, ports, browser and proxy."""

from __future__ import annotations

import os
import stat
import time
from urllib.parse import urlsplit

from ..edge.browser import TEXT_BROWSERS, launch_command
from ..edge.config import config_path
from ..edge.environment import surroundings, way_in
from ..edge.listeners import bind
from ..edge.transport import proxy_for
from ..errors import ConfigError, ListenError, LoopbackAuthError, NotConfigured, ProxyFailed
from ..oauth.redirect_uri import difference
from ..oauth.text import one_line
from .access_token import has_expired
from .doctor import FAIL, OK, SKIPPED, WARN, Check, shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from .doctor import Findings, Scene
    from .profile import Profile

_POSIX = os.name == "posix"
_USAGE = 2


def checks_here(scene: Scene, findings: Findings) -> list[str]:
    """Make them; give the redirect URIs to ask the server about, with the ports that could be had."""
    findings.add(_configuration(scene))
    findings.add(_token_store(scene))
    findings.add(_sign_in(scene))
    profile = scene.profile
    if isinstance(profile, LoopbackAuthError):
        if not isinstance(scene.config, LoopbackAuthError):
            findings.add(Check.of(profile, "profile"))
        return []
    findings.add(_server(profile))
    findings.add(_client(profile, scene.environ))
    redirect_uris = _callbacks(profile, findings)
    for check in _registered(redirect_uris, scene.registered):
        findings.add(check)
    findings.add(_browser(profile, scene.environ, redirect_uris))
    findings.add(_proxy(profile, scene.environ))
    findings.add(_certificates(profile, scene.environ))
    return redirect_uris


def _configuration(scene: Scene) -> Check:
    name, path, config = "configuration", config_path(scene.place), scene.config
    if isinstance(config, LoopbackAuthError):
        return Check.of(config, name)
    try:
        about = os.stat(path)
    except OSError:
        return Check(name=name, verdict=OK, seen=f"there is no {path}, and none is needed")
    seen = f"{path} can be read; profiles: {', '.join(config.profiles) or 'none'}"
    if not _POSIX:
        return Check(name=name, verdict=OK, seen=seen)
    return _permissions(name, path, about, seen, holds_secret=_holds_secret(scene))


def _holds_secret(scene: Scene) -> bool:
    config = scene.config
    return not isinstance(config, LoopbackAuthError) and any(
        "client_secret" in config.profile(profile) for profile in config.profiles
    )


def _permissions(name: str, path: str, about: os.stat_result, seen: str, *, holds_secret: bool) -> Check:
    mode = f"mode {stat.S_IMODE(about.st_mode):04o}"
    if about.st_uid not in (os.geteuid(), 0):
        owner = f"uid {about.st_uid}, this process runs as {os.geteuid()}"
        return _warned(name, f"{seen}, but it belongs to another user ({owner})", f"chown $USER {path}")
    if about.st_mode & 0o022:
        return _warned(name, f"{seen}, but others can write to it ({mode})", f"chmod go-w {path}")
    if about.st_mode & 0o044 and holds_secret:
        return _warned(
            name, f"{seen}; it holds a client secret, and others can read it ({mode})", f"chmod 600 {path}"
        )
    return Check(name=name, verdict=OK, seen=f"{seen} ({mode})")


def _warned(name: str, seen: str, fix: str) -> Check:
    return Check(name=name, verdict=WARN, seen=seen, fix=fix)


def _token_store(scene: Scene) -> Check:
    name, folder = "token store", scene.store.folder
    if not os.path.lexists(folder):
        return Check(name=name, verdict=OK, seen=f"{folder} is not there yet; the first sign-in makes it")
    profile, mode = scene.profile, scene.folder_mode or 0o700
    try:
        place = scene.store.place(scene.name)
        asked = None if isinstance(profile, LoopbackAuthError) else profile.get("storage")
        scene.store.storing(asked).prove(scene.name)
    except LoopbackAuthError as error:
        return Check.of(error, name)
    storage = asked or place["storage"]
    seen = f"{folder} is yours, and can be written; tokens are kept in a {storage}"
    if mode & 0o077:
        return _warned(
            name,
            f"{seen}; others could look into it until now (mode {mode:04o}), which was changed",
            f"look at who did that: ls -ld {folder}",
        )
    return Check(name=name, verdict=OK, seen=seen.replace("a keyring", "the keyring"))


def _sign_in(scene: Scene) -> Check:
    name, stored = "sign-in", scene.stored
    if isinstance(stored, LoopbackAuthError):
        return Check.of(stored, name)
    if stored is None:
        seen = f"nobody is signed in to the profile {scene.name}"
        return Check(name=name, verdict=SKIPPED, seen=seen, fix=f"loopback-auth login {scene.name}")
    who = (stored.get("identity") or {}).get("name")
    seen = f"{shortened(one_line(str(who)))} is signed in" if who else "somebody is signed in"
    return _lifetime(name, seen, stored, scene.name)


def _lifetime(name: str, seen: str, stored: Mapping[str, Any], profile: str) -> Check:
    refreshable = bool(stored.get("refresh_token"))
    until = stored.get("expires_at") or "the server says otherwise"
    if not has_expired(stored, at=time.time()):
        again = "then it is refreshed" if refreshable else "then a new sign-in is needed"
        return Check(name=name, verdict=OK, seen=f"{seen}; the token is good until {until}, {again}")
    if refreshable:
        return Check(
            name=name, verdict=OK, seen=f"{seen}; the token expired at {until} and is refreshed when needed"
        )
    return _warned(
        name,
        f"{seen}; the token expired at {until} and cannot be refreshed",
        f"loopback-auth login {profile}",
    )


def _server(profile: Profile) -> Check:
    name = "server"
    try:
        endpoints = profile.endpoints()
    except LoopbackAuthError as error:
        return Check.of(error, name)
    if not endpoints:
        nowhere = NotConfigured(
            f"nothing says where to sign in to the profile {profile.name}", profile=profile.name
        )
        return Check.of(nowhere, name)
    where = endpoints.get("authorization_endpoint") or endpoints.get("issuer")
    kind = f"{profile.provider.title}: " if profile.provider else ""
    notes = "".join(f"; {note}" for note in profile.notes)
    return Check(name=name, verdict=OK, seen=f"{kind}{where}{notes}")


def _client(profile: Profile, environ: Mapping[str, str]) -> Check:
    name = "client"
    try:
        client = profile.client(environ)
    except LoopbackAuthError as error:
        return Check.of(error, name)
    given = [setting for setting in _SECRETS if setting in profile.settings]
    source = f"a secret, not shown ({_source(profile, given)})" if client.client_secret else "no secret"
    if client.client_id != client.client_id.strip():
        return _warned(
            name,
            f"the client ID {client.client_id!r} has a blank before or behind it",
            f"take it out: {profile.settings['client_id'].source}",
        )
    return Check(name=name, verdict=OK, seen=f"client ID {client.client_id}, {source}")


_SECRETS = ("client_secret", "client_secret_env", "client_secret_file")


def _source(profile: Profile, given: Sequence[str]) -> str:
    name = min(given, key=lambda each: profile.settings[each].rank)
    value = "" if name == "client_secret" else f"{profile.get(name)}, "
    return f"{value}from {profile.settings[name].source}"


def _callbacks(profile: Profile, findings: Findings) -> list[str]:
    name = "callback"
    try:
        asked = profile.redirect_uris
    except LoopbackAuthError as error:
        findings.add(Check.of(error, name))
        return []
    found = [_callback(uri) for uri in asked]
    some = any(check.verdict == OK for _, check in found)
    for _, check in found:
        # One that is free is enough: the sign-in takes the first it can have.
        taken = check.verdict == FAIL and some
        findings.add(
            Check(name=name, verdict=WARN, seen=check.seen, cause=check.cause, fix=check.fix, code=check.code)
            if taken
            else check
        )
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
    port = "any port" if urlsplit(redirect_uri).port == 0 else "its port is free"
    return real, Check(name=name, verdict=OK, seen=f"{redirect_uri}: {port}, on {heads}{alone}")


def _registered(redirect_uris: Sequence[str], registered: Sequence[str]) -> Iterator[Check]:
    for uri in redirect_uris if registered else ():
        if uri in registered:
            yield Check(name="registered", verdict=OK, seen=f"{uri} is registered, character by character")
            continue
        nearest = min(registered, key=lambda each: _distance(uri, each))
        yield Check(
            name="registered",
            verdict=FAIL,
            seen=f'sent is "{uri}", registered is "{nearest}": {difference(uri, nearest)}',
            cause="Servers compare the two addresses character by character.",
            fix=f"register {uri}, or sign in with it: loopback-auth login --redirect-uri {one_line(nearest)}",
            code="redirect-uri-mismatch",
            exit_code=_USAGE,
        )


def _distance(sent: str, registered: str) -> float:
    from difflib import SequenceMatcher

    return -SequenceMatcher(None, sent, registered).ratio()


def _browser(profile: Profile, environ: Mapping[str, str], redirect_uris: Sequence[str]) -> Check:
    from shutil import which

    name, around = "browser", surroundings(environ)
    chosen = profile.get("browser")
    command = launch_command("URL", around=around, environ=environ, chosen=chosen, which=which)
    if command:
        return Check(name=name, verdict=OK, seen=f"{command[0]} would be started")
    wanted = chosen or environ.get("BROWSER", "")
    is_text = os.path.basename(wanted.split(" ")[0]) in TEXT_BROWSERS
    why = f" ({one_line(wanted)} would run inside the terminal)" if is_text else ""
    hint = way_in(around, redirect_uris[0]) if redirect_uris else ""
    return _warned(
        name,
        f"none was found that could be started here{why}",
        f"open the address that login prints yourself. {hint}".strip(),
    )


def _proxy(profile: Profile, environ: Mapping[str, str]) -> Check:
    name, host = "proxy", _host(profile)
    try:
        proxy = proxy_for(f"https://{host}", environ) if host else None
    except ProxyFailed as error:
        return Check.of(error, name)
    if proxy is None:
        return Check(name=name, verdict=OK, seen=f"none; {host or 'the server'} is reached directly")
    parts = urlsplit(proxy)
    port = f":{parts.port}" if parts.port else ""
    password = ", with a password that is not shown" if parts.password else ""
    return Check(
        name=name, verdict=OK, seen=f"{parts.scheme}://{parts.hostname}{port} leads to {host}{password}"
    )


def _host(profile: Profile) -> str:
    endpoints = endpoints_of(profile)
    return urlsplit(endpoints.get("authorization_endpoint") or endpoints.get("issuer") or "").netloc


def endpoints_of(profile: Profile) -> dict[str, Any]:
    """Give what is known of the server; nothing where that cannot be used, which is told by another check."""
    try:
        return profile.endpoints()
    except LoopbackAuthError:
        return {}


def _certificates(profile: Profile, environ: Mapping[str, str]) -> Check:
    name = "certificates"
    given = {
        "ca_bundle": profile.get("ca_bundle"),
        **{variable: environ.get(variable) for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR")},
    }
    named = {where: path for where, path in given.items() if path}
    for where, path in named.items():
        if not os.access(path, os.R_OK):
            missing = ConfigError(
                f"{path}, which {where} names, cannot be read",
                cause="It must be a file of PEM certificates (SSL_CERT_DIR: a folder of them).",
                fix=f"correct {where}, or take it out",
            )
            return Check.of(missing, name)
    seen = ", ".join(f"{where} = {path}" for where, path in named.items())
    return Check(name=name, verdict=OK, seen=f"the system's{' and ' + seen if seen else ''}")
