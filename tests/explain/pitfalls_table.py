"""What people paste for each pitfall, and what of the profile's own values the answer must hold."""

from __future__ import annotations

CLIENT_ID = "3MVG9FAKEFAKEFAKEFAKEkey"
REDIRECT_URI = "http://localhost:1717/OauthRedirect"
LOGIN_URL = "https://acme.my.salesforce.com"

FACTS: dict[str, object] = {
    "profile": "work",
    "client_id": CLIENT_ID,
    "redirect_uri": REDIRECT_URI,
    "login_url": LOGIN_URL,
    "host": "acme.my.salesforce.com",
    "scope": "api refresh_token",
    "username": "ann@example.com",
}

CALLBACK = f"Callback URL: {REDIRECT_URI}"
OAUTH_SETTINGS = "Setup > External Client App Manager > your app > Settings > OAuth Settings"
POLICIES = "Setup > External Client App Manager > your app > Policies > OAuth Policies"
USAGE = "Setup > Connected Apps OAuth Usage"
MY_DOMAIN = "loopback-auth login work --login-url https://MYDOMAIN.my.salesforce.com"
ERROR_PAGE = "https://acme.my.salesforce.com/setup/secur/RemoteAccessErrorPage.apexp"
PAGE = "We can't authorize you because of an OAuth error. For more information, contact your Salesforce administrator.\n\n"
TOKENS = '{"access_token":"00D000000000001!AQ4AQFake","instance_url":"https://acme.my.salesforce.com","token_type":"Bearer"'

TABLE: list[tuple[int, str, tuple[str, ...]]] = [
    (
        1,
        "error=redirect_uri_mismatch&error_description=redirect_uri%20must%20match%20configuration",
        (CALLBACK, OAUTH_SETTINGS),
    ),
    (1, "redirect_uri_mismatch", (CALLBACK,)),
    (1, "the browser downloaded a file called authorize", (CALLBACK,)),
    (2, "redirect_uri_mismatch, but I use a random port", ("login work --port", REDIRECT_URI)),
    (
        2,
        "https://acme.my.salesforce.com/x?error=redirect_uri_mismatch&redirect_uri=http%3A%2F%2Flocalhost%3A49%2FOauthRedirect",
        ("login work --port",),
    ),
    (
        3,
        "Cannot be an HTTP URL",
        ("login work --redirect-uri http://localhost:1717/OauthRedirect", OAUTH_SETTINGS),
    ),
    (
        4,
        "invalid_client_id: client identifier invalid",
        (CLIENT_ID, "doctor work --wait", "acme.my.salesforce.com"),
    ),
    (
        5,
        "error=invalid_request&error_description=missing+required+code+challenge",
        ("loopback-auth login work",),
    ),
    (
        6,
        f"{PAGE}OAUTH_APPROVAL_ERROR_GENERIC : An unexpected error has occured during authentication. Please try again.",
        (USAGE, "api refresh_token", "login work --scope api", OAUTH_SETTINGS),
    ),
    (
        6,
        f"{ERROR_PAGE}?error=OAUTH_APPROVAL_ERROR_GENERIC",
        ("Approve Uninstalled Connected Apps",),
    ),
    (
        7,
        f"{ERROR_PAGE}?error=invalid_client&error_description=app+must+be+installed+into+org",
        (USAGE, "Install"),
    ),
    (
        8,
        "OAUTH_AUTHORIZATION_BLOCKED : Cross-org OAuth flows are not supported for this external client app",
        ("login work --prompt login", LOGIN_URL),
    ),
    (
        9,
        "OAUTH_EC_APP_NOT_FOUND : External client app is not installed in this org",
        (LOGIN_URL, MY_DOMAIN),
    ),
    (
        10,
        '{"error":"app_not_found","error_description":"External client app is not installed in this org"}',
        (LOGIN_URL, MY_DOMAIN),
    ),
    (
        11,
        f"{REDIRECT_URI}?error=access_denied&error_description=end-user+denied+authorization&state=Zm9v",
        ("loopback-auth login work", "Allow"),
    ),
    (12, "OAUTH_APP_BLOCKED: this app is blocked by admin", (USAGE, "Unblock")),
    (
        13,
        f"{REDIRECT_URI}?error=OAUTH_APP_ACCESS_DENIED&error_description=user%20is%20not%20admin%20approved%20to%20access%20this%20app",
        (POLICIES, "ann@example.com"),
    ),
    (
        14,
        '{"error":"invalid_app_access","error_description":"user is not admin approved to access this app"}',
        (POLICIES, "API Access Control"),
    ),
    (
        15,
        '{"error":"invalid_grant","error_description":"expired authorization code"}',
        ("exchange work",),
    ),
    (16, "invalid_grant: invalid authorization code", ("%3D", "loopback-auth exchange work")),
    (16, "the tutorial says to remove %3D from the code", ("loopback-auth exchange work",)),
    (17, "invalid_grant / invalid code verifier", ("loopback-auth login work",)),
    (17, "invalid_request: invalid code verifier", ("loopback-auth login work",)),
    (
        18,
        '{"error_description":"unexpected code verifier","error":"invalid_grant"}',
        ("loopback-auth token work",),
    ),
    (
        19,
        '{"error":"invalid_grant","error_description":"authentication failure"}',
        ("Setup > Login History",),
    ),
    (20, "invalid_grant: ip restricted", (POLICIES, "Relax IP restrictions")),
    (20, "invalid_grant: IP restricted or invalid login hours", (POLICIES,)),
    (
        21,
        "invalid_client: invalid client credentials",
        (OAUTH_SETTINGS, "login work --client-secret-prompt"),
    ),
    (
        22,
        "invalid_client: invalid client credentials, although no secret is required",
        ("profile work", "config.toml"),
    ),
    (
        23,
        'HTTP/1.1 400 Bad Request\n\n{"error":"unsupported_grant_type","error_description":"grant type not supported"}',
        ("exchange work",),
    ),
    (
        24,
        '{"error":"invalid_grant","error_description":"expired access/refresh token"}',
        ("login work", POLICIES),
    ),
    (25, "invalid_grant: token validity expired", ("login work", POLICIES)),
    (
        26,
        "works once, then invalid_grant: expired access/refresh token in CI",
        (OAUTH_SETTINGS, "Refresh Token Rotation"),
    ),
    (27, TOKENS + ',"expires_in":7200}', (OAUTH_SETTINGS, "(now: api refresh_token)")),
    (27, "there is no refresh_token in the answer", (OAUTH_SETTINGS, POLICIES)),
    (
        28,
        "invalid_scope: the requested scope is not allowed",
        (OAUTH_SETTINGS, "api refresh_token"),
    ),
    (29, "inactive_user: user is inactive", ("Setup > Users", "ann@example.com")),
    (29, "inactive_org: org is locked, closed, or suspended", ("Setup > Company Information",)),
    (30, "rate_limit_exceeded: number of logins exceeded", ("loopback-auth token work",)),
    (
        31,
        '{"error":"unknown_error","error_description":"retry your request"}',
        (MY_DOMAIN, LOGIN_URL),
    ),
    (
        32,
        "HTTP/1.1 200 OK\nContent-Type: text/html\n\n<!DOCTYPE html><html><title>Maintenance</title></html>",
        (LOGIN_URL, "doctor work"),
    ),
    (32, "https://acme.lightning.force.com/services/oauth2/token", ("Setup > My Domain",)),
    (
        33,
        '401 [{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]',
        ("token work --refresh",),
    ),
    (33, "401", ("token work --refresh",)),
    (
        34,
        "[{'message': 'INVALID_HEADER_TYPE', 'errorCode': 'INVALID_AUTH_HEADER'}]",
        ("token work --no-newline",),
    ),
    (35, "403 Bad_OAuth_Token", ("token work --refresh", "status work")),
    (
        36,
        '[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]',
        ("limits -p work",),
    ),
    (
        37,
        '[{"message":"The REST API is not enabled","errorCode":"API_DISABLED_FOR_ORG"}]',
        ("API Enabled", "ann@example.com"),
    ),
    (37, "API_CURRENTLY_DISABLED", ("API Enabled",)),
    (38, '{"errorCode":"INVALID_JWT_FORMAT","message":"not a JWT"}', (OAUTH_SETTINGS, "mcp_api")),
    (39, "OSError: [Errno 98] Address already in use", ("doctor work", REDIRECT_URI)),
    (39, "port-in-use", ("--port 1717 --port 1718",)),
    (
        40,
        "localhost refused to connect. ERR_CONNECTION_REFUSED",
        ("ssh -L 1717:localhost:1717", "exchange work"),
    ),
    (40, "ERR_EMPTY_RESPONSE", ("exchange work",)),
    (41, "nothing happens in WSL", ("login work --manual",)),
    (42, "I am signed in to the wrong org", ("login work --prompt login", "status work")),
    (
        43,
        "Please check your username and password. (it is a sandbox)",
        ("--provider salesforce-sandbox", LOGIN_URL, "ann@example.com"),
    ),
    (
        44,
        "My Domain is set to prevent login from https://login.salesforce.com",
        (MY_DOMAIN, LOGIN_URL),
    ),
    (45, "state mismatch", ("loopback-auth login work",)),
    (46, "Chrome sends OPTIONS preflight, then nothing", (REDIRECT_URI,)),
    (47, "login-timed-out", ("explain -p work", "doctor work")),
    (47, "it timed out though the login succeeded", ("explain -p work",)),
    (48, "unable to get local issuer certificate", ("--ca-bundle", "acme.my.salesforce.com")),
    (49, "bash: !AQ4AQ: event not found", ("exec work --",)),
    (50, "there is no New Connected App button", ("New External Client App",)),
    (51, "cannot make an External Client App in a scratch org", ("login work --login-url",)),
    (52, "the PKCE box is greyed out", (OAUTH_SETTINGS,)),
    (53, "the device flow is gone", ("login work --manual",)),
    (54, "the token has no expiry", ("status work",)),
    (54, TOKENS + ',"refresh_token":"5Aep861FAKEFAKE"}', ("status work",)),
]

_ENUM = """access_denied app_blocked app_not_found authorization_pending bad_jti_claim app_attest_failed app_attest_failed_retry
ecapp_policy_not_found exceeded_registration_limit fail_close_app_blocked failed_registration immediate_unsuccessful installation_error
invalid_app_access invalid_assertion_type invalid_basic_auth_header invalid_dpop_proof invalid_client invalid_client_id
invalid_distribution_state invalid_expid invalid_grant invalid_otp invalid_request invalid_scope invalid_session_level invalid_token
login_error oauth_flow_disabled oauth_policy_not_found otp_error redirect_uri_missing redirect_uri_mismatch registration_error
server_error service_unavailable slow_down system_down unknown_error unsupported_expid unsupported_grant_type
unsupported_response_type unsupported_token_type use_dpop_nonce"""
SERVER_ENUM = _ENUM.split()

OTHERS = {
    "We can't authorize you because of an OAuth Error. You didn't complete the approval process"
    " before it expired. Please try again.": "approval-expired",
    "We can't log you in because of an issue with single sign-on. Contact your Salesforce admin"
    " for help.": "single-sign-on-failed",
    "OAuth Error 1800": "single-sign-on-failed",
    "invalid_grant: user hasn't approved this consumer": "user-has-not-approved",
    "invalid_grant: authentication failure - Failed: API security token required": "security-token-required",
    "invalid_grant: no client credentials user enabled": "client-credentials-user",
    "invalid_grant: audience is invalid": "audience-invalid",
    "invalid_grant: Audience validation failed": "audience-invalid",
    "invalid_grant: something new": "invalid-grant",
    "invalid_grant": "invalid-grant",
    "invalid_client": "client-secret-wrong",
    "redirect_uri_missing: redirect_uri not provided": "redirect-uri-missing",
    "invalid_request: HTTPS required": "invalid-request",
    "invalid_request: Must use HTTP GET": "invalid-request",
    "invalid_request: Out-of-band not supported": "invalid-request",
    "unsupported_response_type: response type is not supported": "unsupported-response-type",
    "immediate_unsuccessful": "immediate-unsuccessful",
    "access-denied": "access-denied",
    "error=unsupported_token_type&error_description=invalid+token%3A+5Aep861FAKEFAKEFAKE": "invalid-token",
    "unsupported_token_type: Token type not supported": "token-type",
    "invalid_token: Token was invalid": "invalid-token",
    "403 Missing_OAuth_Token": "token-missing",
    "Wrong_Org": "identity-refused",
    '[{"message":"The requested resource does not exist","errorCode":"NOT_FOUND"}]': "api-not-found",
    '[{"message":"unexpected token: FORM","errorCode":"MALFORMED_QUERY"}]': "malformed-query",
    "oauth_flow_disabled": "flow-disabled",
    "503": "server-unavailable",
    "slow_down": "slow-down",
}
