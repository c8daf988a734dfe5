"""The check of a machine profile's private key."""

from __future__ import annotations

from ...errors import LoopbackAuthError
from ..machine.key import has_key, key_of
from ..machine.sign_in import grant_of
from .checks import Check, passed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...settings.profile import Profile


def private_key_check(profile: Profile, environ: Mapping[str, str]) -> Check:
    """Return the check of the key that signs for *profile*: it is there, and is one."""
    # Late: `cryptography` is an extra.
    from ...oauth.jose.signing import key_fingerprint

    name, grant = "private key", grant_of(profile)
    if not has_key(grant):
        return passed(name, f"none: the flow {grant['flow']} has no need of it")
    try:
        fingerprint = key_fingerprint(key_of(grant, environ))
    except LoopbackAuthError as error:
        error.facts.setdefault("profile", profile.name)
        return Check.of(error, name)
    where = grant.get("key_file") or grant.get("key_env")
    return passed(name, f"{where}: its public half has SHA-256 {fingerprint}")
