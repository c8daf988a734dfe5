"""The documents in which a host describes itself: discovery, and the keys."""

from __future__ import annotations

from ...jws import public_jwks
from ..answers import Json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...http.records import Request
    from ..state import Host, State


SCOPES = (
    "cdp_ingest_api custom_permissions cdp_segment_api content cdp_api chatbot_api "
    "cdp_identityresolution_api interaction_api wave_api web cdp_calculated_insight_api "
    "einstein_gpt_api offline_access id api data_cloud_user_claims eclair_api email pardot_api "
    "lightning visualforce cdp_query_api sfap_api address openid profile scrt_api cdp_profile_api "
    "refresh_token phone user_registration_api pwdless_login_api chatter_api mcp_api full "
    "forgot_password"
)
CLAIMS = (
    "active address email email_verified family_name given_name is_app_installed language locale "
    "name nickname organization_id phone_number phone_number_verified photos picture "
    "preferred_username profile sub updated_at urls user_id user_type zoneinfo"
)


def jwks(_: State, __: Host, ___: Request) -> Json:
    """Return the keys."""
    return Json(document=public_jwks())


def discovery(_: State, host: Host, __: Request) -> Json:
    """Return the host's metadata; neither PKCE nor the grant types are in it."""
    base = host.url + host.site
    oauth = f"{base}/services/oauth2"
    document: dict[str, Any] = {
        "issuer": base,
        "authorization_endpoint": f"{oauth}/authorize",
        "token_endpoint": f"{oauth}/token",
        "revocation_endpoint": f"{oauth}/revoke",
        "userinfo_endpoint": f"{oauth}/userinfo",
        "jwks_uri": f"{base}/id/keys",
        "registration_endpoint": f"{oauth}/register",
        "introspection_endpoint": f"{oauth}/introspect",
        "scopes_supported": SCOPES.split(),
        "response_types_supported": ["code", "token", "token id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "display_values_supported": ["page", "popup", "touch"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "client_secret_basic",
            "private_key_jwt",
        ],
        "claims_supported": CLAIMS.split(),
    }
    if host.org is not None:
        document |= {
            "end_session_endpoint": f"{base}/services/auth/idp/oidc/logout",
            "frontchannel_logout_supported": True,
            "frontchannel_logout_session_supported": False,
        }
    return Json(document=document)


def auth_configuration(_: State, host: Host, __: Request) -> Json:
    """Return the login page and the login providers; assumed: the document's members."""
    org = host.org
    return Json(
        document={
            "OrgId": org.org_id[:15] if org else "",
            "LoginPage": {
                "LoginPageType": "standard",
                "LoginPageUrl": f"{host.url}{host.site}/login",
            },
            "AuthProviders": [],
            "SamlProviders": [],
        }
    )
