"""What comes to the redirect URI and is no code: the server's refusal, and strays."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import AuthorizationDenied, AuthorizationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol, TypeVar

    from ...errors import LoopbackAuthError

KNOWN_ERRORS = frozenset(
    {
        # RFC 6749 section 4.1.2.1
        "invalid_request",
        "unauthorized_client",
        "access_denied",
        "unsupported_response_type",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
        # OpenID Connect Core section 3.1.2.6
        "interaction_required",
        "login_required",
        "account_selection_required",
        "consent_required",
        "invalid_request_uri",
        "invalid_request_object",
        "request_not_supported",
        "request_uri_not_supported",
        "registration_not_supported",
        # OpenID Connect Core Error Code unmet_authentication_requirements 1.0.
        "unmet_authentication_requirements",
        # RFC 8707 section 2
        "invalid_target",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """
    A request to the redirect URI that is not the answer to our request.

    *reason* is one of this package's own texts.
    """

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationErrorResponse:
    """The server's refusal, with our state - RFC 6749 section 4.1.2.1."""

    error: str
    description: str

    def as_error(self) -> LoopbackAuthError:
        """
        Return the error that ends the login.

        It is `AuthorizationDenied` if the person said no, else `AuthorizationError`.
        """
        # Imported late: a sign-in shows its address without it.
        from ...explain.denial import is_denial

        said = f": {self.description}" if self.description else ""
        if is_denial(self.error):
            return AuthorizationDenied(
                f"the sign-in was refused in the browser ({self.error}{said})",
                error=self.error,
                error_description=self.description,
            )
        shown = self.error or "an error without a name"
        message = f"the server refused the sign-in ({shown}{said})"
        return AuthorizationError(
            message,
            error=self.error,
            known=self.error in KNOWN_ERRORS,
            error_description=self.description,
        )


if TYPE_CHECKING:
    A_co = TypeVar("A_co", covariant=True)

    class AwaitedRequest(Protocol[A_co]):
        """What a session needs of a request: `AuthorizationRequest`, or one of another machine."""

        @property
        def host(self) -> str:
            """The server's host, for the last page."""
            ...

        @property
        def url(self) -> str:
            """The address for the browser."""
            ...

        @property
        def redirect_uri(self) -> str:
            """Where its answer comes back to."""
            ...

        @property
        def response_mode(self) -> str | None:
            """How its answer comes, if not in the query."""
            ...

        def read(
            self, query: Sequence[tuple[str, str]]
        ) -> Stray | AuthorizationErrorResponse | A_co:
            """Return what the parameters of a request to the redirect URI are."""
            ...
