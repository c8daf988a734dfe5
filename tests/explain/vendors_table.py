"""What the pages and answers of other servers say, and the entry that explains it."""

from __future__ import annotations

_TROUBLE = "Sign in\n\nSorry, but we\u2019re having trouble signing you in.\n\n"
_DETAILS = """

Troubleshooting details
If you contact your administrator, send this info to them.
Copy info to clipboard
Request Id: 00000000-1111-2222-3333-444444444444
Correlation Id: 55555555-6666-7777-8888-999999999999
Timestamp: 2026-11-02T09:41:07Z
Message: """
_GOOGLE = "Sign in with Google\n\nAccess blocked: Authorization Error\n\nann@example.com\n\n"
_BACK = "http://127.0.0.1:8765/callback?error="


def _aadsts(number: int, said: str) -> str:
    return f"{_TROUBLE}AADSTS{number}: {said}{_DETAILS}AADSTS{number}: {said}"


def _json(error: str, said: str) -> str:
    return f'{{"error":"{error}","error_description":"{said}","error_codes":[1]}}'


PAGES: list[tuple[str, str]] = [
    (
        "entra-redirect-uri",
        _aadsts(
            50011,
            "The redirect URI 'http://localhost:8765/callback' specified in the request does not"
            " match the redirect URIs configured for the application '0a1b'.",
        ),
    ),
    ("entra-redirect-uri", "AADSTS50011"),
    ("entra-redirect-uri", "aadsts50011 what is this"),
    ("entra-no-redirect-uri", _aadsts(500113, "No reply address is registered.")),
    ("entra-no-redirect-uri", "AADSTS900971: No reply address provided."),
    (
        "entra-single-tenant",
        _aadsts(50194, "Application '0a1b'(tool) is not configured as a multi-tenant one."),
    ),
    ("entra-app-not-found", _aadsts(700016, "Application with identifier '0a1b' was not found.")),
    (
        "entra-app-not-found",
        _json("unauthorized_client", "AADSTS700016: Application with identifier was not found"),
    ),
    ("entra-tenant-not-found", _aadsts(90002, "Tenant 'acme' not found.")),
    (
        "entra-consent-missing",
        _json("invalid_grant", "AADSTS65001: The user or administrator has not consented."),
    ),
    ("entra-admin-consent", _aadsts(90094, "The grant requires administrator permission.")),
    (
        "entra-admin-consent",
        (
            "Need admin approval\nTool\nunverified\nTool needs permission to access resources in your"
            " organization that only an admin can grant. Please ask an admin to grant permission."
        ),
    ),
    (
        "entra-consent-declined",
        f"{_BACK}access_denied&error_description=AADSTS65004%3a+User+declined+to+consent.",
    ),
    (
        "entra-secret-missing",
        _json(
            "invalid_client",
            "AADSTS7000218: The request body must contain: 'client_assertion' or 'client_secret'.",
        ),
    ),
    ("entra-secret-wrong", _json("invalid_client", "AADSTS7000215: Invalid client secret.")),
    ("entra-secret-expired", _json("invalid_client", "AADSTS7000222: The keys are expired.")),
    ("entra-public-client", _json("invalid_client", "AADSTS700025: Client is public.")),
    ("entra-user-not-assigned", _aadsts(50105, "Your administrator has configured Tool to block.")),
    (
        "entra-other-tenant",
        _aadsts(50020, "User account 'a@b.example' does not exist in tenant 'Acme'."),
    ),
    ("entra-no-such-user", _aadsts(50034, "The user account does not exist.")),
    ("entra-scope-invalid", f"{_BACK}invalid_scope&error_description=AADSTS70011%3a+The+scope"),
    ("entra-resource-missing", "invalid_resource: AADSTS500011: The resource principal"),
    ("entra-multifactor", _json("interaction_required", "AADSTS50076: Due to a change")),
    ("entra-conditional-access", _aadsts(53003, "Access has been blocked by policies.")),
    ("entra-code-expired", _json("invalid_grant", "AADSTS70008: The provided code has expired")),
    ("entra-code-expired", _json("invalid_grant", "AADSTS54005: The code was already redeemed")),
    ("entra-refresh-expired", _json("invalid_grant", "AADSTS700082: expired due to inactivity")),
    ("entra-refresh-expired", _json("invalid_grant", "AADSTS50173: The grant has expired")),
    ("entra-single-page", _json("invalid_request", "AADSTS9002327: Tokens issued for SPA")),
    ("entra-app-disabled", _json("unauthorized_client", "AADSTS7000112: disabled.")),
    ("entra-device-code", _json("expired_token", "AADSTS70020: The provided value has expired")),
    ("entra-other-code", _aadsts(50199, "User confirmation is required for this request.")),
    ("entra-other-code", "https://login.microsoftonline.com/error?code=50199"),
    (
        "google-other-code",
        f"{_GOOGLE}Something is wrong with this app.\nError 400: some_new_reason\nRequest details",
    ),
    (
        "okta-token",
        '{"errorCode":"E0000011","errorSummary":"Invalid token provided","errorCauses":[]}',
    ),
    (
        "okta-other-code",
        '{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit","errorCauses":[]}',
    ),
    (
        "okta-redirect-uri",
        (
            "400 Bad Request\n\nYour request resulted in an error. The 'redirect_uri' parameter must"
            " be a Login redirect URI in the client app settings:"
            " https://acme-admin.okta.com/admin/app/oidc_client/instance/0oa1#tab-general"
        ),
    ),
    (
        "okta-client-unknown",
        (
            "400\nBad Request\nYour request resulted in an error."
            " Invalid value for 'client_id' parameter.\nGo to Homepage"
        ),
    ),
    (
        "okta-user-not-assigned",
        f"{_BACK}access_denied&error_description=User+is+not+assigned+to+the+client+application.",
    ),
    (
        "okta-scopes-not-configured",
        (
            f"{_BACK}invalid_scope&error_description=One+or+more+scopes+are+not+configured+for+the"
            "+authorization+server+resource."
        ),
    ),
    (
        "okta-policy-failed",
        (
            "access_denied: Policy evaluation failed for this request, please check the policy"
            " configurations."
        ),
    ),
    (
        "okta-pkce-required",
        (
            "invalid_request: PKCE code challenge is required when the token endpoint authentication"
            " method is 'NONE'."
        ),
    ),
    (
        "okta-code-expired",
        _json("invalid_grant", "The authorization code is invalid or has expired."),
    ),
    ("okta-refresh-expired", _json("invalid_grant", "The refresh token is invalid or expired.")),
    (
        "okta-secret-wrong",
        _json(
            "invalid_client",
            "The client secret supplied for a confidential client is invalid.",
        ),
    ),
    (
        "okta-grant-not-allowed",
        _json(
            "unauthorized_client",
            "The client is not authorized to use the provided grant type. Configured grant types:"
            " [authorization_code].",
        ),
    ),
    (
        "keycloak-redirect-uri",
        "ACME\n\nWe are sorry...\n\nInvalid parameter: redirect_uri\n\n\u00ab Back to Application",
    ),
    ("keycloak-client-not-found", "We are sorry...\nClient not found.\nBack to Application"),
    ("keycloak-client-disabled", "We are sorry...\nClient disabled."),
    (
        "keycloak-flow-disabled",
        (
            "unauthorized_client: Client is not allowed to initiate browser login with given"
            " response_type. Standard flow is disabled for the client."
        ),
    ),
    (
        "keycloak-service-account",
        _json("unauthorized_client", "Client not enabled to retrieve service account"),
    ),
    (
        "keycloak-pkce",
        f"{_BACK}invalid_request&error_description=Missing+parameter%3A+code_challenge_method",
    ),
    ("keycloak-code-used", _json("invalid_grant", "Code not valid")),
    ("keycloak-session-ended", _json("invalid_grant", "Token is not active")),
    ("keycloak-session-ended", _json("invalid_grant", "Session not active")),
    ("keycloak-session-ended", _json("invalid_grant", "Offline user session not found")),
    (
        "keycloak-refresh-reused",
        _json("invalid_grant", "Maximum allowed refresh token reuse exceeded"),
    ),
    (
        "keycloak-secret",
        _json("unauthorized_client", "Invalid client or Invalid client credentials"),
    ),
    ("keycloak-realm", '{"error":"Realm does not exist"}'),
    ("keycloak-https-required", "We are sorry...\nHTTPS required"),
    ("keycloak-account-setup", _json("invalid_grant", "Account is not fully set up")),
    (
        "keycloak-cookie",
        "We are sorry...\nCookie not found. Please make sure cookies are enabled in your browser.",
    ),
    (
        "auth-zero-redirect-uri",
        (
            "Oops!, something went wrong\n\nCallback URL mismatch.\nThe provided redirect_uri is not"
            " in the list of allowed callback URLs.\nPlease go to the Application Settings page."
        ),
    ),
    ("auth-zero-client-unknown", "invalid_request: Unknown client: aBcDeF"),
    ("auth-zero-api-unknown", "access_denied: Service not found: https://api.acme.example"),
    (
        "auth-zero-grant-not-allowed",
        _json("unauthorized_client", "Grant type 'refresh_token' not allowed for the client."),
    ),
    (
        "auth-zero-client-not-granted",
        "Client is not authorized to access 'https://api.acme.example'.",
    ),
    ("auth-zero-refresh-unknown", _json("invalid_grant", "Unknown or invalid refresh token.")),
    ("auth-zero-code-verifier", _json("invalid_grant", "Failed to verify code verifier")),
    ("auth-zero-code-invalid", _json("invalid_grant", "Invalid authorization code")),
    (
        "auth-zero-organization",
        (
            f"{_BACK}invalid_request&error_description=parameter%20organization%20is%20required%20for"
            "%20this%20client"
        ),
    ),
    ("auth-zero-no-connection", "invalid_request: no connections enabled for the client"),
    ("auth-zero-user-blocked", f"{_BACK}unauthorized&error_description=user%20is%20blocked"),
    (
        "google-redirect-uri",
        (
            f"{_GOOGLE}You can\u2019t sign in to this app because it doesn\u2019t comply.\n\nError 400:"
            " redirect_uri_mismatch\nLearn more about this error"
        ),
    ),
    (
        "google-policy",
        (
            f"{_GOOGLE}You can\u2019t sign in to this app because it doesn\u2019t comply with Google\u2019s"
            " OAuth 2.0 policy for keeping apps secure.\n\nError 400: invalid_request"
        ),
    ),
    (
        "google-not-a-tester",
        (
            "Access blocked: Tool has not completed the Google verification process\n\nThe app is"
            " currently being tested, and can only be accessed by developer-approved testers.\n"
            "Error 403: access_denied"
        ),
    ),
    (
        "google-client-unknown",
        f"{_GOOGLE}The OAuth client was not found.\nError 401: invalid_client",
    ),
    (
        "google-client-deleted",
        f"{_GOOGLE}The OAuth client was deleted.\nError 401: deleted_client",
    ),
    (
        "google-internal",
        "Access blocked: Tool can only be used within its organization\nError 403: org_internal",
    ),
    ("google-admin-policy", f"{_GOOGLE}Error 400: admin_policy_enforced"),
    ("google-embedded-browser", f"{_GOOGLE}Error 403: disallowed_useragent"),
    ("google-scope", f"{_GOOGLE}Some requested scopes were invalid.\nError 400: invalid_scope"),
    ("google-refresh-revoked", _json("invalid_grant", "Token has been expired or revoked.")),
    ("google-secret-missing", _json("invalid_request", "client_secret is missing.")),
    ("google-code-malformed", _json("invalid_grant", "Malformed auth code.")),
    (
        "google-unverified",
        "Google hasn\u2019t verified this app\nThe app is requesting access to sensitive info.",
    ),
    (
        "github-redirect-uri",
        (
            "Be careful!\nThe redirect_uri is not associated with this application.\nThe application"
            " might be misconfigured or could be trying to redirect you to a website."
        ),
    ),
    (
        "github-redirect-uri",
        (
            f"{_BACK}redirect_uri_mismatch&error_description=The+redirect_uri+MUST+match+the"
            "+registered+callback+URL+for+this+application."
        ),
    ),
    ("github-code-used", "error=bad_verification_code&error_description=The+code+passed+is+bad"),
    (
        "github-secret",
        _json("incorrect_client_credentials", "The client_id and/or client_secret are wrong."),
    ),
    ("github-suspended", f"{_BACK}application_suspended&error_description=suspended"),
    ("github-email", _json("unverified_user_email", "The user must have a verified email.")),
    ("github-device-disabled", _json("device_flow_disabled", "Device Flow is off")),
    (
        "github-saml",
        (
            '{"message":"Resource protected by organization SAML enforcement. You must grant your'
            ' OAuth token access to this organization."}'
        ),
    ),
    (
        "github-access-restricted",
        (
            "Although you appear to have the correct authorization credentials, the `acme`"
            " organization has enabled OAuth App access restrictions."
        ),
    ),
    ("github-refresh", _json("bad_refresh_token", "The refresh token is bad.")),
    ("github-bad-credentials", '{"message":"Bad credentials","status":"401"}'),
    (
        "gitlab-redirect-uri",
        "An error has occurred\n\nThe redirect URI included is not valid.",
    ),
    (
        "gitlab-client",
        _json(
            "invalid_client",
            "Client authentication failed due to unknown client, no client authentication"
            " included, or unsupported authentication method.",
        ),
    ),
    (
        "cognito-redirect-uri",
        "https://acme.auth.eu-west-1.amazoncognito.com/error?error=redirect_mismatch&client_id=1a",
    ),
    (
        "cognito-redirect-uri",
        "An error was encountered with the requested page.\nredirect_mismatch",
    ),
    (
        "cognito-client",
        "https://acme.auth.eu-west-1.amazoncognito.com/error?error=unauthorized_client&x=1",
    ),
    ("cognito-refresh", _json("NotAuthorizedException", "Refresh Token has expired")),
    (
        "cognito-secret-hash",
        "Client 1a2b is configured with secret but SECRET_HASH was not received",
    ),
    ("ping-redirect-uri", "Error\nRedirect URI mismatch\nContact your administrator"),
    ("ping-client-unknown", "Unknown or invalid client_id"),
    ("ping-not-allowed", "access_denied: Request denied: User not authorized"),
    (
        "ping-pkce",
        f"{_BACK}invalid_request&error_description=code_challenge+is+required+for+this+client",
    ),
    (
        "okta-no-refresh-token",
        _json("invalid_scope", "The requested scope 'offline_access' is not allowed"),
    ),
    (
        "keycloak-device-disabled",
        _json(
            "unauthorized_client",
            "Client is not allowed to initiate OAuth 2.0 Device Authorization Grant.",
        ),
    ),
    (
        "cognito-scope",
        "https://acme.auth.eu-west-1.amazoncognito.com/error?client_id=1a&error=invalid_scope",
    ),
]

IN_THE_WORDS_OF_THE_RFCS: list[tuple[str, str]] = [
    (
        "gitlab-grant",
        _json(
            "invalid_grant",
            "The provided authorization grant is invalid, expired, revoked, does not match the"
            " redirection URI used in the authorization request.",
        ),
    ),
    (
        "gitlab-scope",
        "An error has occurred\nThe requested scope is invalid, unknown, or malformed.",
    ),
    (
        "gitlab-grant-type",
        _json(
            "unsupported_grant_type",
            "The authorization grant type is not supported by the authorization server.",
        ),
    ),
    (
        "gitlab-insufficient-scope",
        _json(
            "insufficient_scope",
            "The request requires higher privileges than provided by the access token.",
        ),
    ),
    (
        "gitlab-unauthorized-app",
        _json(
            "unauthorized_client",
            "The client is not authorized to perform this request using this method.",
        ),
    ),
]

STRANGERS = [
    "Sign in",
    "Welcome back! Enter your password",
    "We are sorry...",
    "Oops! Something went wrong",
    "Something went wrong. Please try again later.",
    "This page isn\u2019t working",
    "Your session will expire in five minutes",
    "AADSTS",
    "AADSTS50011x and more",
    "AADSTS99999999: nobody knows this one yet",
    "Client found.",
    "The client was not found in our address book",
    "token is activated",
    "The realm of possibilities does exist",
    "redirect me to a page",
    "You are allowed to access this app",
    "Okta, Keycloak and Auth0 are identity providers",
    "Google has verified this app",
    "The organization has enabled a new colour scheme",
    "Choose an account to continue",
    "Page has been moved to another address",
]
