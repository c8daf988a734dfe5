"""The client's ID and secret, from wherever a profile has them."""

from __future__ import annotations

import os
import warnings

from ..edge.files.home import variable
from ..errors import UsageError
from ..errors.base import Remark
from ..oauth.secret import Secret
from .setting import LAST_SIGN_IN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .setting import Setting


class SecretTrimmed(Remark):
    """Warns that a secret is used without the spaces or line ends around it."""

    code = "secret-trimmed"


def check_client_id(client_id: str, source: str = "") -> str:
    """
    Return *client_id*, which came from *source*, if it is in one piece.

    In a file it may have a space: RFC 6749 appendix A.1 allows that, though hardly any server does.

    Raises:
        UsageError: A blank, a line end or an invisible character is in it.
    """
    may_have_space = ".toml:" in source or source == LAST_SIGN_IN
    if client_id.isprintable() and (may_have_space or " " not in client_id):
        return client_id
    raise UsageError(
        f"the client ID contains a space or a line break{_from(source)}",
        cause="A client ID is one word. Something else was copied with it, or only parts of it.",
        fix="copy it again: `loopback-auth login {profile} --client-id ID`; one that really has a"
        " space goes into config.toml: `loopback-auth help config`",
    )


def client_secret_of(
    given_as: str, setting: Setting, environ: Mapping[str, str] | None
) -> Secret | None:
    """
    Return the secret that *setting* is, or says the place of; *given_as* is its name.

    Blanks and line ends around it are left out, with a `SecretTrimmed`.

    Raises:
        UsageError: The variable is not set, or the file cannot be read or is empty.
        FileUnsafe: Another user owns the file or can write it.
    """
    match given_as:
        case "client_secret_env":
            return trimmed_secret(secret_in_environment(setting.value, environ), setting.value)
        case "client_secret_file":
            from ..edge.files.client_secrets import read_client_secret

            return trimmed_secret(read_client_secret(setting.value), setting.value)
    return trimmed_secret(setting.value, setting.source)


def lasting_file(path: str, environ: Mapping[str, str] | None) -> str | None:
    """
    Return the absolute *path* of a secret's file, if the secret can be read from there again.

    Not a pipe or what a shell substitutes, nor what is in the folder for temporary files.
    """
    path = os.path.abspath(path)
    usual = os.path.join(os.sep, "tmp")
    temporary = next((v for n in ("TMPDIR", "TEMP", "TMP") if (v := variable(n, environ))), usual)
    passing = tuple(os.path.join(os.path.realpath(p), "") for p in ("/dev", "/proc", temporary))
    is_passing = path.startswith(passing) or os.path.realpath(path).startswith(passing)
    return None if is_passing or not os.path.isfile(path) else path


def trimmed_secret(secret: Secret, source: str = "") -> Secret:
    """Return *secret*, which came from *source*, without blanks around it, and warn of them."""
    trimmed = secret.trimmed()
    if trimmed != secret:
        what = (
            f"the client secret{_from(source)} is used without the spaces or line breaks around it"
        )
        warnings.warn(SecretTrimmed(what), stacklevel=1)
    return trimmed


def _from(source: str) -> str:
    return f" ({source})" if source else ""


def secret_in_environment(name: str, environ: Mapping[str, str] | None) -> Secret:
    """
    Return the client secret that is in the environment variable *name*.

    Raises:
        UsageError: The variable is not set.
    """
    value = variable(name, environ)
    if not value.strip():
        raise UsageError(
            f"the client secret should be in the environment variable {name}, which is not set",
            cause="The profile names that variable as the place of the secret.",
            fix="set {variable} in this shell, or give the secret again:"
            " `loopback-auth login {profile} --client-secret-prompt`",
            variable=name,
        )
    return Secret(value)
