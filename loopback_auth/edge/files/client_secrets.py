"""What a client proves itself with, in files: secrets and keys, for their owner alone."""

from __future__ import annotations

import os
from typing import NamedTuple

from ...errors import UsageError
from ...oauth.secret import Secret
from .config_file import read_anywhere, text_of
from .private_folder import create_private_folder, temporary_name


def write_client_secret(home: str, profile: str, secret: Secret) -> str:
    """
    Write *secret* to a file for the setting `client_secret_file`, and return its path.

    It is below *home*, 0600 in a folder that is 0700.

    Raises:
        StoreUnsafe: Somebody else can write the folder.
        StoreUnwritable: The system refuses.
    """
    path = os.path.join(home, "client-secrets", profile)
    with create_private_folder(os.path.dirname(path)) as folder:
        content = secret.reveal().encode("utf-8", "surrogateescape")
        folder.replace(profile, content, temporary=temporary_name(profile))
    return path


def read_client_secret(path: str) -> Secret:
    """
    Return the client secret that is the whole content of the file, or pipe, at *path*.

    Raises:
        UsageError: It cannot be read, or is empty.
        FileUnsafe: Another user owns it or can write it.
    """
    try:
        value = text_of(read_anywhere(path), takes_utf_16=True).strip("\r\n")
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from None
    except ValueError as error:
        raise _unreadable(path, str(error)) from None
    if not value:
        raise UsageError(
            f"{path} holds no client secret: it is empty",
            cause=_CAUSE,
            fix="write the secret into it, or give it another way:"
            " `loopback-auth login {profile} --client-secret-prompt`",
        )
    return Secret(value)


class SigningKey(NamedTuple):
    """The files of a profile's private key and its certificate."""

    key: str
    certificate: str

    @property
    def exists(self) -> bool:
        """Whether both are there."""
        return all(map(os.path.lexists, self))


def signing_key(home: str, profile: str) -> SigningKey:
    """Return where the key of *profile* is, if it was made here."""
    path = os.path.join(home, "keys", profile)
    return SigningKey(f"{path}.key", f"{path}.crt")


def own_files(home: str, profile: str) -> list[str]:
    """Return where *profile* has files of its own, if it has them: its secret, key, certificate."""
    return [os.path.join(home, "client-secrets", profile), *signing_key(home, profile)]


def write_signing_key(files: SigningKey, key: Secret, certificate: bytes) -> None:
    """
    Write *key* and *certificate*, both 0600 in a folder that is 0700; the key is there first.

    Raises:
        StoreUnsafe: Somebody else can write the folder.
        StoreUnwritable: The system refuses.
    """
    contents = (key.reveal().encode(), certificate)
    with create_private_folder(os.path.dirname(files.key)) as folder:
        for name, content in zip(map(os.path.basename, files), contents, strict=True):
            folder.replace(name, content, temporary=temporary_name(name))


_CAUSE = "client_secret_file must name a text file that holds the secret and nothing else."


def _unreadable(path: str, why: str) -> UsageError:
    return UsageError(
        f"the client secret cannot be read from {path}: {why}",
        cause=_CAUSE,
        fix="put the file there, or name another source of the secret:"
        " `loopback-auth login {profile} --client-secret-prompt`"
        " (or -stdin, -env NAME, -file FILE)",
    )
