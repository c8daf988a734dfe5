"""Errors that end a sign-in, or ask for one."""

from __future__ import annotations

from .base import LoopbackAuthError


class AuthorizationDenied(LoopbackAuthError):
    """Raised when the person said no in the browser: sign in again, and allow it."""

    code = "access-denied"
    exit_code = 3


class Cancelled(LoopbackAuthError):
    """Raised when the person left a question without an answer: start again when you want to."""

    code = "cancelled"
    exit_code = 3


class Stopped(LoopbackAuthError):
    """Raised when a signal ended the program (exit status 143 for SIGTERM): start again."""

    code = "interrupted"
    exit_code = 130


class SignInNeeded(LoopbackAuthError):
    """Raised when nothing is stored that could be handed out: sign in."""

    code = "sign-in-needed"
    exit_code = 4


class UnattendedSignIn(SignInNeeded):
    """Raised in CI without a terminal, where nobody would come: give the job a credential."""

    code = "unattended-sign-in"


class StoreDamaged(SignInNeeded):
    """Raised for a token file that cannot be read and was set aside: sign in, then delete it."""

    code = "store-damaged"


class NoPendingSignIn(SignInNeeded):
    """Raised when no sign-in waits to be finished by hand: begin one with `--manual`."""

    code = "nothing-pending"


class RefreshRejected(SignInNeeded):
    """
    Raised when the server no longer accepts the refresh token: sign in again.

    The fact `final` tells whether the server ended the grant; if not, the refresh token is kept.
    """

    code = "refresh-rejected"


class LoginTimedOut(LoopbackAuthError):
    """Raised when nobody came back from the browser in time: look at its page for an error."""

    code = "login-timed-out"
    exit_code = 5


class DeviceCodeExpired(LoginTimedOut):
    """Raised when nobody confirmed the device flow's code in time: start again, for a new code."""

    code = "device-code-expired"


class CallbackCertificateRefused(LoginTimedOut):
    """Raised when the browser does not trust the https callback's certificate: trust it there."""

    code = "callback-certificate-refused"


class LaunchURLReused(LoopbackAuthError):
    """Raised when the one-time address was opened twice: sign in again, without that browser."""

    code = "launch-url-reused"


class RemoteSignInFailed(LoopbackAuthError):
    """
    Raised when another machine, asked by ssh, does not sign in: put right there what it says.

    The exit status is the one that machine gives, where it gives one.
    """

    code = "remote-sign-in-failed"
    exit_code = 7
