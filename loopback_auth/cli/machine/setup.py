"""What `init` asks, makes and says for a machine profile, and the mint that checks it."""

from __future__ import annotations

from ...edge.process.event_loop import run
from ...errors import UsageError
from ...settings.table import MACHINE_FLOWS
from ..new_profile.server import given
from ..prompts import ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...providers import Provider
    from ...settings.profile import Profile
    from ..context import Context


def is_machine(context: Context) -> bool:
    """Return whether the command's flags name a flow in which nobody signs in."""
    return getattr(context.arguments, "flow", None) in MACHINE_FLOWS


def machine_settings(context: Context) -> dict[str, Any]:
    """
    Return what a machine profile needs besides its options; a key that none names is made.

    Raises:
        UsageError: It is for nobody, and there is no terminal to ask on.
        KeyUnusable: A key should be made, and cannot be.
    """
    arguments, console = context.arguments, context.console
    if arguments.flow != "jwt-bearer":
        return {}
    subject = arguments.subject
    if not subject and console.may_ask:
        subject = ask("User that the token is for (Username)", console)
    if not subject:
        raise UsageError(
            "--subject is missing",
            cause="jwt-bearer gets a token for one user, and you have not said for whom.",
            fix="`loopback-auth init [{provider}] {profile} --subject USER`",
            **given(context),
        )
    if arguments.key_file or arguments.key_env:
        return {"subject": subject}
    return {"subject": subject, "key_file": _key_file(context)}


def _key_file(context: Context) -> str:
    # Late: it is for those who have no key yet.
    from ...edge.process.clock import now
    from ...flows.machine.new_key import key_for

    files = key_for(context.home, context.profile_name, now=now())
    context.console.say(f"The private key is {files.key}, readable by you alone.")
    context.console.say(f"Its certificate, which is no secret: {files.certificate}\n")
    return files.key


def machine_setup(profile: Profile, provider: Provider, home: str) -> str:
    """Return what to click at *provider* for a machine *profile*; "" for a person's."""
    if not profile.is_machine:
        return ""
    from ...edge.files.client_secrets import signing_key

    files = signing_key(home, profile.name)
    own = files.certificate if files.exists else "the certificate, or the public key, of yours"
    usual = (
        "1. Register a client that may use the flow {flow}.\n"
        "2. Its key: upload {certificate}.\n"
        "3. Allow it for the user {subject}."
    )
    steps = provider.machine_setup.get(profile.get("flow"), usual)
    facts = {
        "flow": profile.get("flow"),
        "certificate": own,
        "subject": profile.get("subject") or "that it runs as",
    }
    for name, value in facts.items():
        steps = steps.replace(f"{{{name}}}", str(value))
    return steps.strip()


def check_by_minting(written: dict[str, Any], context: Context) -> int:
    """
    Mint once with the profile as it stands now; tell how that went.

    Raises:
        LoopbackAuthError: It is refused; the profile is written all the same.
    """
    from ...flows.machine.sign_in import machine_login
    from ...oauth.credential import to_rfc3339

    profile = context.profile(None)
    with context.store.tracking_changes(profile.name):
        credential = run(machine_login(profile, context.services(profile)))
    expires_at = credential.tokens.expires_at
    minted = {"minted": True, "expires_at": to_rfc3339(expires_at) if expires_at else None}
    context.console.result("", {**written, **minted})
    context.console.say(f"A token was minted. To use it: loopback-auth token {profile.name}")
    context.console.say(f"Into CI: loopback-auth push github -p {profile.name}")
    return 0
