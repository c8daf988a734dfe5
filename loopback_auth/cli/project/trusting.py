"""Whether the person trusts a project file: shows where each of its profiles leads, and asks."""

from __future__ import annotations

from urllib.parse import urlsplit

from ...errors import Cancelled, ProjectNotTrusted
from ...oauth.authorize.redirect_uri import registered
from ...oauth.text import one_line, short
from ...settings.project_file import changes
from ...settings.resolve import resolve
from ..prompts import confirm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ...settings.project_file import ProjectFile
    from ..context import Context

_CHARACTERS = 1000


def ask_trust(project: ProjectFile, before: Mapping[str, Any] | None, context: Context) -> None:
    """
    Return where the person trusts *project*, in the place of what it said *before*.

    Raises:
        ProjectNotTrusted: There is nobody to ask.
        Cancelled: The answer is no.
        LoopbackAuthError: A profile cannot be used by anybody, as `resolve` has it.
    """
    console = context.console
    if not (console.may_ask and getattr(context.arguments, "asks", True)):
        how = "has changed since you trusted it" if before else "is not trusted yet"
        raise ProjectNotTrusted(f"the project file {project.path} {how}", file=project.path)
    for line in project_lines(project_document(project, context), project, before):
        console.say(line)
    if not confirm("Do you trust that? [y/N] ", console):
        raise Cancelled(
            f"the project file {project.path} is not trusted",
            cause="Nothing of it was used, and nothing was sent.",
            fix="to agree after all: `loopback-auth trust {file}`; or name a profile of your own:"
            " `loopback-auth login NAME`",
            file=project.path,
        )


def project_document(project: ProjectFile, context: Context) -> dict[str, Any]:
    """
    Return what *project* says, and which hosts that means, as a document.

    Raises:
        LoopbackAuthError: A profile cannot be used, as `resolve` has it.
    """
    profiles = {name: _profile_document(name, project, context) for name in project.profiles}
    urls = [each["api_base"] for each in profiles.values() if each["api_base"]]
    hosts = dict.fromkeys(host for each in profiles.values() for host in each["hosts"])
    hosts.update(dict.fromkeys(_hosts(urls)))
    about = {"path": project.path, "default_profile": project.default_profile}
    return {**about, "profiles": profiles, "hosts": list(hosts)}


def _profile_document(name: str, project: ProjectFile, context: Context) -> dict[str, Any]:
    profile = resolve(
        project.stored_name(name),
        find_provider=context.provider,
        project=project.profile(name),
    )
    profile.check_server()
    provider = profile.provider
    scope = profile.get("scope") or (provider.scope or "" if provider else "").split()
    urls = [profile.get("login_url"), *profile.endpoints().values()]
    return {
        "profile": profile.name,
        "provider": provider.name if provider else None,
        "issuer": profile.endpoints().get("issuer"),
        "hosts": _hosts(urls),
        "client_id": profile.get("client_id"),
        "scope": " ".join(scope),
        "redirect_uris": [] if profile.is_machine else profile.redirect_uris,
        "flow": profile.get("flow"),
        "subject": profile.get("subject"),
        "api_base": profile.get("api_base"),
    }


def _hosts(urls: Iterable[Any]) -> list[str]:
    found = [urlsplit(url).netloc for url in urls if isinstance(url, str) and "://" in url]
    return list(dict.fromkeys(found))


def project_lines(
    document: Mapping[str, Any], project: ProjectFile, before: Mapping[str, Any] | None
) -> list[str]:
    """Return a `project_document` in words, and what *project* says otherwise than *before*."""
    lines = [f"{_shown(document['path'])} says how to sign in here:"]
    for name, profile in document["profiles"].items():
        usual = " (the default)" if name == document["default_profile"] else ""
        lines += ["", f"  {name}{usual}"]
        lines += [f"    {label:<11} {_shown(value)}" for label, value in _rows(profile)]
    if before:
        lines += ["", "Changed since you trusted it:"]
        lines += [f"  {_shown(change)}" for change in changes(before, project.document)]
    hosts = [f"  {_shown(host)}" for host in document["hosts"]]
    return [*lines, "", "Your sign-in and tokens would go to:", *hosts, ""]


def _rows(profile: Mapping[str, Any]) -> list[tuple[str, Any]]:
    rows = [
        ("provider", profile["provider"]),
        ("sign-in at", profile["hosts"]),
        ("flow", profile["flow"]),
        ("as", profile["subject"]),
        ("client", short(profile["client_id"] or "(not said)")),
        ("scopes", profile["scope"] or "(as the server has them)"),
        ("callback", list(map(registered, profile["redirect_uris"]))),
        ("API", profile["api_base"] and f"{profile['api_base']} (gets the token)"),
    ]
    return [(label, value) for label, value in rows if value]


def _shown(value: object) -> str:
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return one_line(text, limit=_CHARACTERS)
