"""The reader of provider files, and of those that they extend."""

from __future__ import annotations

from dataclasses import fields
from typing import NamedTuple

from ..errors import ConfigError
from ..oauth.refusal import Refusals
from ..oauth.text import is_variable_name
from .environment import why_unfit
from .members import why_unfit_member
from .provider import Provider

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

_MEMBERS = frozenset(field.name for field in fields(Provider)) - {"name", "path"} | {"extends"}


class ProviderFile(NamedTuple):
    """The *text* of the file at *path*, for the provider *name*."""

    name: str
    path: str
    text: str


def is_provider_name(name: str) -> bool:
    """Return whether *name* can be that of a provider's file: no other file is reached by it."""
    return name.replace("-", "").replace("_", "").isalnum()


def read_provider(name: str, find: Callable[[str], Iterable[ProviderFile]]) -> Provider | None:
    """
    Return the provider *name*, or `None` if there is no file for it.

    *find* yields the files for a name, the one that goes first first. A file that extends its own
    name extends the next one of that name.

    Raises:
        ConfigError: A file cannot be used; the message has its path and the member.
    """
    file = next(iter(find(name)), None)
    if file is None:
        return None
    members = _members(file, find, (file,))
    for member in ("title", "register", "server"):
        # Where each company has a server of its own, its issuer is what a profile says.
        if not members.get(member) and not (member == "server" and members.get("issuer_form")):
            raise invalid_provider(file.path, f"{member} is missing")
    held = {member: _held(member, value) for member, value in members.items()}
    return Provider(name=name, path=file.path, **held)


def _members(
    file: ProviderFile,
    find: Callable[[str], Iterable[ProviderFile]],
    chain: tuple[ProviderFile, ...],
) -> dict[str, Any]:
    """Return the members of *file* over those of the file that it extends; *chain* led here."""
    members = _checked(file)
    if (base := members.pop("extends", None)) is None:
        return members
    files = list(find(base)) if is_provider_name(base) else []
    below = next((each for each in files if each not in chain), None)
    if below is None:
        why = "which extends this file in turn" if files else "and there is no such provider"
        raise invalid_provider(file.path, f"it extends {base[:80]!r}, {why}")
    return _merged(_members(below, find, (*chain, below)), members)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return *below* with what *above* has: tables are merged, all else is replaced."""
    return {
        **below,
        **{
            member: _merged(below[member], value)
            if isinstance(value, dict) and isinstance(below.get(member), dict)
            else value
            for member, value in above.items()
        },
    }


def _checked(file: ProviderFile) -> dict[str, Any]:
    """Return the members that stand in *file* itself."""
    import tomllib

    try:
        document = tomllib.loads(file.text)
    except RecursionError:
        raise invalid_provider(file.path, "nested too deep") from None
    except ValueError as error:
        raise invalid_provider(file.path, str(error)) from error
    for member, value in document.items():
        if member not in _MEMBERS:
            raise invalid_provider(file.path, f"unknown member {member!r}")
        if why := why_unfit_member(member, value):
            raise invalid_provider(file.path, f"{member} must be {why}")
    for variable in document.get("environment", ()):
        if why := why_unfit(variable, file.name):
            raise _variable_refused(file.path, variable, why)
    return document


def _held(member: str, value: Any) -> Any:
    """Return *value* as `Provider` holds it."""
    if member == "refusals":
        return Refusals(**{name: tuple(texts) for name, texts in value.items()})
    return tuple(value) if isinstance(value, list) else value


def _variable_refused(path: str, variable: str, why: str) -> ConfigError:
    return ConfigError(
        f"{path}: error: [environment] {why}",
        cause="Other variables change how programs run, and this file may be somebody else's work.",
        fix="take it out of the file; to fill any variable:"
        " `loopback-auth exec {profile} --set {variable}=access_token -- COMMAND`",
        variable=variable if is_variable_name(variable) else "NAME",
    )


def invalid_provider(path: str, why: str) -> ConfigError:
    """Return the error for a provider file that cannot be used."""
    return ConfigError(
        f"{path}: error: {why}",
        cause="A provider file has a fixed set of members.",
        fix="compare it with the files that are shipped: `loopback-auth providers`",
    )
