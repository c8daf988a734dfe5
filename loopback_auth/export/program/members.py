"""Members of a sign-in in clear, for the formats of `export`."""

from __future__ import annotations

from urllib.parse import urlsplit

from ...errors import SignInNeeded, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...oauth.credential import Credential


def access_token(credential: Credential) -> str:
    """Return the access token."""
    return credential.tokens.access_token.reveal()


def client_secret(credential: Credential) -> str:
    """Return the client's secret; empty for a public client, as it is in every format."""
    secret = credential.client.client_secret
    return secret.reveal() if secret else ""


def refresh_token(credential: Credential) -> str:
    """
    Return the refresh token, which the reader of the format will use as its own.

    Raises:
        SignInNeeded: There is none.
    """
    token = credential.tokens.refresh_token
    if token is None:
        profile = credential.profile
        if credential.grant:
            raise SignInNeeded(
                f"the profile {profile} is a machine's: it has no refresh token, which this format"
                " is made of",
                cause="Its tokens are minted, and the key or the secret is what CI needs.",
                fix="`loopback-auth push github -p {profile}`; or an access token alone:"
                " `loopback-auth export json {profile}`",
                profile=profile,
            )
        raise SignInNeeded(
            f"the sign-in of the profile {profile} has no refresh token,"
            " which this format is made of",
            cause="The server gives one only where it was asked for with a scope,"
            " and where the app may have it.",
            fix="`loopback-auth login {profile} --scope 'api refresh_token'`,"
            " with that scope allowed in the app's settings",
            profile=profile,
        )
    return token.reveal()


def instance_url(credential: Credential) -> str:
    """
    Return the address of the person's own Salesforce server.

    Raises:
        UsageError: The sign-in is not to Salesforce.
    """
    url = credential.tokens.extra.get("instance_url")
    if not isinstance(url, str) or not urlsplit(url).netloc:
        profile = credential.profile
        raise UsageError(
            f"the sign-in of the profile {profile} has no instance_url,"
            " which this format is made of",
            cause="Salesforce gives it with every token,"
            " and this format is for programs that use Salesforce.",
            fix="name a profile that signs in there: `loopback-auth profiles`;"
            " for others: `loopback-auth env {profile}`",
            profile=profile,
        )
    return url


def login_url(credential: Credential) -> tuple[str, str]:
    """Return the origin that signs in, and the path of the site there, which is mostly empty."""
    parts = urlsplit(credential.server.token_endpoint)
    return f"{parts.scheme}://{parts.netloc}", parts.path.partition("/services/oauth2/")[0]


def fields(credential: Credential) -> dict[str, str]:
    """
    Return all fields of the sign-in that have a value, by the names that people write.

    Those of the token answer that no standard knows are `extra.NAME`.
    """
    document = credential.to_document()
    known = {name: document.get(name) for name in _FIELDS}
    known["client_id"] = credential.client.client_id
    known["client_secret"] = client_secret(credential)
    known["issuer"] = credential.server.issuer
    extra = {f"extra.{name}": value for name, value in credential.tokens.extra.items()}
    return {
        name: str(value)
        for name, value in (known | extra).items()
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and value != ""
    }


_FIELDS = (
    "access_token",
    "token_type",
    "expires_at",
    "scope",
    "id_token",
    "refresh_token",
    "profile",
)
