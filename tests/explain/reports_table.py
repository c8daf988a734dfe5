"""
What people paste for the pitfalls of 2024 to 2026: text, addresses, JSON and the logs
of tools.
"""

from __future__ import annotations

CALLBACK = "http://localhost:1717/OauthRedirect"
ERROR_PAGE = "https://acme.my.salesforce.com/setup/secur/RemoteAccessErrorPage.apexp"

SF_JWT = """\
$ sf org login jwt --client-id 3MVG9FAKE --jwt-key-file server.key --username ci@acme.com
Warning: @salesforce/cli update available from 2.90.4 to 2.101.0.
Error (JwtGrantError): We encountered a JSON web token error, which is likely not an issue with
Salesforce CLI. Here's the error: Error authenticating with JWT. Errors encountered:
{}

Try this:
  Make sure your credentials are correct.
"""

SF_REFRESH = """\
$ sf org display --target-org ci
Error (RefreshTokenAuthError): Error authenticating with the refresh token due to: {}
"""

CURL = """\
$ curl -sS https://login.salesforce.com/services/oauth2/token -d grant_type={} -d client_id=3MVG9FAKE
{}
"""

SIMPLE = """\
Traceback (most recent call last):
  File "/app/sync.py", line 12, in <module>
    sf = Salesforce(username=USER, consumer_key=KEY, privatekey_file="server.key")
  File "/app/.venv/lib/python3.12/site-packages/simple_salesforce/login.py", line 383, in token_login
    raise SalesforceAuthenticationFailed(except_code, except_msg)
simple_salesforce.exceptions.SalesforceAuthenticationFailed: {}
"""

N8N = """\
client_id: 3MVG9FAKE
instance_url: https://acme.my.salesforce.com
request_id: 17
NodeApiError: Request failed with status code 400 - {}
"""


LOG = (
    "instance_url: https://acme.my.salesforce.com\n"
    + "2026-09-01T00:00:00Z DEBUG waiting for the deployment queue\n" * 12
    + "2026-09-01T00:00:12Z ERROR {}\n"
)


def named(error: str, description: str) -> str:
    return f'{{"error":"{error}","error_description":"{description}"}}'


def api(error: str, message: str) -> str:
    return f'[{{"message":"{message}","errorCode":"{error}"}}]'


REPORTS: dict[int, tuple[str, ...]] = {
    4: (
        named("invalid_client_id", "client identifier invalid"),
        SF_JWT.format("client identifier invalid"),
    ),
    6: (
        "OAUTH_APPROVAL_ERROR_GENERIC",
        (
            f"{CALLBACK}?error=OAUTH_APPROVAL_ERROR_GENERIC&error_description=An+unexpected+error+has+occured"
            "+during+authentication.+Please+try+again."
        ),
    ),
    8: (
        (
            f"{CALLBACK}?error=OAUTH_AUTHORIZATION_BLOCKED&error_description=Cross-org+OAuth+flows+are+not"
            "+supported+for+this+external+client+app&state=x"
        ),
        f"{ERROR_PAGE}?error=OAUTH_AUTHORIZATION_BLOCKED",
    ),
    9: (
        (
            f"{CALLBACK}?error=OAUTH_EC_APP_NOT_FOUND&error_description=External%20client%20app%20is%20not"
            "%20installed%20in%20this%20org&state=x"
        ),
        f"{ERROR_PAGE}?error=OAUTH_EC_APP_NOT_FOUND",
    ),
    10: (
        named("app_not_found", "External client app is not installed in this org"),
        SF_JWT.format("app_not_found: External client app is not installed in this org"),
        N8N.format(named("app_not_found", "External client app is not installed in this org")),
    ),
    14: (
        SF_JWT.format("user is not admin approved to access this app (invalid_app_access)"),
        SIMPLE.format("invalid_app_access: user is not admin approved to access this app"),
        CURL.format(
            "client_credentials",
            named("invalid_app_access", "user is not admin approved to access this app"),
        ),
    ),
    19: (
        named("invalid_grant", "authentication failure"),
        SF_REFRESH.format("authentication failure"),
    ),
    20: (
        named("invalid_grant", "ip restricted"),
        SF_REFRESH.format("ip restricted"),
        f"{CALLBACK}?error=invalid_grant&error_description=ip+restricted&state=x",
    ),
    23: (
        CURL.format(
            "authorization_code", named("unsupported_grant_type", "grant type not supported")
        ),
        SF_JWT.format("grant type not supported"),
    ),
    24: (
        named("invalid_grant", "expired access/refresh token"),
        "jsforce: invalid_grant: expired access/refresh token",
    ),
    25: ("invalid_grant: token validity expired", SF_REFRESH.format("token validity expired")),
    29: (
        named("invalid_grant", "inactive user"),
        named("inactive_user", "user is inactive"),
        SIMPLE.format("invalid_grant: inactive user"),
    ),
    30: (
        "Login Limit Reached",
        named("rate_limit_exceeded", "login rate exceeded"),
        "LOGIN_RATE_EXCEEDED: login rate exceeded",
    ),
    32: (
        "https://acme--c.vf.force.com/apex/Page",
        "https://acme.file.force.com/services/oauth2/token",
        "https://acme.lightning.crmforce.mil/services/oauth2/token",
        "https://acme.builder.salesforce-experience.com/services/oauth2/authorize",
    ),
    33: (
        (
            "simple_salesforce.exceptions.SalesforceExpiredSession: Expired session for https://acme.my"
            ".salesforce.com/services/data/v59.0/query/. Response content: [{'message': 'Session expired or"
            " invalid', 'errorCode': 'INVALID_SESSION_ID'}]"
        ),
        "INVALID_SESSION_ID: Session expired or invalid",
        LOG.format("INVALID_SESSION_ID"),
    ),
    37: (
        "403 API is disabled for this User",
        api("API_CURRENTLY_DISABLED", "API is disabled for this User"),
    ),
    38: (
        api("INVALID_JWT_FORMAT", "Invalid JWT"),
        "HTTP/1.1 401 Unauthorized\n\n" + api("INVALID_JWT_FORMAT", "Invalid JWT"),
        api("INVALID_AUTH_HEADER", "INVALID_JWT_FORMAT"),
    ),
    40: (
        "This site can\u2019t be reached\nlocalhost refused to connect.\nTry:\nERR_CONNECTION_REFUSED",
        "Unable to connect\nFirefox can\u2019t establish a connection to the server at localhost:1717.",
        "opened https://acme.my.salesforce.com/services/oauth2/authorize, then localhost refused to connect",
        "localhost didn\u2019t send any data. ERR_EMPTY_RESPONSE",
    ),
    50: (
        "Where is the New Connected App button?",
        "creating a connected app is disabled in my org",
    ),
    51: (
        "External Client App Manager is missing in my scratch org",
        "scratch org: cannot find External Client App Manager",
    ),
    54: (
        "the token answer has no expires_in",
        '{"access_token":"00Dx!AQ","refresh_token":"5Aep861x"}',
    ),
    55: (
        named("invalid_request", "scope parameter not supported"),
        CURL.format(
            "client_credentials", named("invalid_request", "scope parameter not supported")
        ),
        "oauthlib.oauth2.rfc6749.errors.InvalidRequestError: (invalid_request) scope parameter not supported",
        "error=invalid_request&error_description=scope%20parameter%20not%20supported",
    ),
    56: (
        named(
            "invalid_request",
            "refresh_token scope is required and the connected app should be installed and preauthorized.",
        ),
        SF_JWT.format(
            "refresh_token scope is required and the connected app should be installed and preauthorized."
        ),
    ),
    57: (
        named("invalid_grant", "invalid assertion"),
        SIMPLE.format("invalid_grant: invalid assertion"),
        SF_JWT.format("invalid assertion"),
        LOG.format("invalid_grant: invalid assertion"),
    ),
    58: (
        named("invalid_grant", "request not supported on this domain"),
        CURL.format(
            "client_credentials", named("invalid_grant", "request not supported on this domain")
        ),
        "HTTP/1.1 400 Bad Request\n\n"
        + named("invalid_grant", "request not supported on this domain"),
    ),
    59: (
        api("INVALID_SESSION_ID", "This session is not valid for use with the REST API"),
        "401 " + api("INVALID_SESSION_ID", "This session is not valid for use with the REST API"),
        "INVALID_SESSION_ID: This session is not valid for use with the REST API",
        "[{'message': 'This session is not valid for use with the REST API', 'errorCode': 'INVALID_SESSION_ID'}]",
    ),
    60: (
        api("URL_NOT_RESET", "Destination URL not reset. The URL returned from login must be set"),
        "URL_NOT_RESET: Destination URL not reset. The URL returned from login must be set",
        "URL_NOT_RESET",
        "https://login.salesforce.com/services/data/v65.0/limits",
    ),
    61: (
        api("INVALID_ISS", "Invalid issuer"),
        "401 INVALID_ISS",
        "INVALID_ISS",
        api("INVALID_AUTH_HEADER", "INVALID_ISS"),
    ),
    62: (
        "401 Connected app is not attached to Agent",
        '{"status":401,"error":"Unauthorized","message":"Connected app is not attached to Agent"}',
    ),
    63: (
        named("invalid_grant", "ip restricted by app developer"),
        SF_REFRESH.format("ip restricted by app developer"),
        f"{CALLBACK}?error=invalid_grant&error_description=ip+restricted+by+app+developer",
    ),
    64: (
        "invalid_client_id: client identifier invalid, but it works in a private window",
        "redirect_uri_mismatch though the pre-flight is ok",
    ),
    65: (
        SIMPLE.format("INVALID_OPERATION: SOAP API login() is disabled by default in this org."),
        SIMPLE.format(
            "INVALID_LOGIN: Invalid username, password, security token; or user locked out."
        ),
        (
            "<faultcode>sf:INVALID_LOGIN</faultcode><faultstring>INVALID_LOGIN: Invalid username, password,"
            " security token; or user locked out.</faultstring>"
        ),
        "SOAP login() will be retired in Summer '27",
    ),
    66: (
        "INVALID_SESSION_ID: Invalid Session ID found in SessionHeader: Illegal Session",
        "sf:INVALID_SESSION_ID: Invalid Session ID found in SessionHeader",
        "the SOAP API refuses the JWT access token",
    ),
    67: (
        (
            "This site can\u2019t be reached\nacme.my.salesforce.com\u2019s server IP address could not be found.\n"
            "DNS_PROBE_FINISHED_NXDOMAIN"
        ),
        "DNS_PROBE_FINISHED_NXDOMAIN",
        "Hmm. We\u2019re having trouble finding that site.\nWe can\u2019t connect to the server at acme.salesforce.com.",
        "Error: getaddrinfo ENOTFOUND acme.my.salesforce.com",
        "curl: (6) Could not resolve host: acme.my.salesforce.com",
        (
            "requests.exceptions.ConnectionError: Failed to resolve 'acme.my.salesforce.com' ([Errno -2] Name or"
            " service not known)"
        ),
        "host-not-found",
    ),
    68: (
        "https://na139.salesforce.com/services/oauth2/token",
        "https://acme--qa.cs42.my.salesforce.com",
        "the instance URL no longer redirects to salesforce",
    ),
    69: (
        "https://acme.my.salesforce.com/_ui/identity/verification/method/EmailVerificationFinishUi/e?vcsrf=x",
        (
            "Verify Your Identity\nYou're trying to Log In to Salesforce. To make sure your Salesforce account is"
            " secure, we have to verify your identity."
        ),
        "We emailed a verification code to a*****@example.com",
        "device activation after single sign-on",
    ),
    70: (
        "Phishing-resistant MFA is required",
        "Register a Security Key or a Built-In Authenticator",
        "Salesforce asks for two-factor authentication",
    ),
    71: (
        CURL.format("password", named("invalid_grant", "authentication failure")),
        "the username-password flow is blocked in my org",
    ),
    72: (
        SF_REFRESH.format("expired access/refresh token"),
        "sf org login sfdx-url works, then expired access/refresh token",
    ),
    73: (
        "invalid_grant: expired access/refresh token, the profile was not used for 30 days",
        "back from vacation: expired access/refresh token",
    ),
    74: (
        "https://acme.my.salesforce.com/services/a360/token",
        '{"error":"invalid_scope"} from /services/a360/token',
        "the app needs cdp_query_api for Data Cloud",
    ),
    75: (
        "https://api.salesforce.com/platform/mcp/v1/platform/sobject-all",
        "Issuer mismatch: https://api.salesforce.com says https://login.salesforce.com",
        "MCP client: issuer mismatch in the metadata of https://api.salesforce.com",
    ),
    76: (
        SF_JWT.format("invalid client credentials"),
        "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer\n"
        + named("invalid_client", "invalid client credentials"),
    ),
    77: (
        SF_JWT.format("ip restricted"),
        "jwt-bearer from GitHub Actions: " + named("invalid_grant", "ip restricted"),
    ),
    78: (
        (
            "Error: error:1E08010C:DECODER routines::unsupported\n    at Sign.sign (node:internal/crypto/sig)\n"
            "  code: 'ERR_OSSL_UNSUPPORTED'"
        ),
        "ValueError: ('Could not deserialize key data. The data may be in an incorrect format', [])",
        "PEM routines:get_name:no start line",
        "secretOrPrivateKey must be an asymmetric key when using RS256",
    ),
    79: (
        named("invalid_grant", "no valid scopes defined"),
        CURL.format("client_credentials", named("invalid_grant", "no valid scopes defined")),
    ),
    80: (
        CURL.format("client_credentials", named("access_denied", "end-user denied authorization")),
        "client credentials flow: access_denied: end-user denied authorization",
    ),
    81: (
        named("invalid_grant", "client credentials flow not enabled"),
        named("unauthorized_client", "client credentials flow is not enabled"),
        "unauthorized_client",
    ),
    82: ('{"active":false}', 'HTTP/1.1 200 OK\n\n{"active": false}', "introspection says inactive"),
    84: (
        "Auth-Request-Type: guest, then 302",
        "Uvid-Hint: UVID 5a4b8c1e-0000-4000-8000-000000000000",
    ),
    85: (
        "JWT login to the Dev Hub with an External Client App fails",
        "External Client App for a DevHub pipeline",
    ),
    86: (
        named("invalid_grant", "user hasn't approved this consumer"),
        SF_JWT.format("user hasn't approved this consumer"),
        SIMPLE.format("invalid_grant: user hasn't approved this consumer"),
        N8N.format("invalid_grant: user hasn't approved this consumer"),
    ),
    87: (
        named("invalid_grant", "audience is invalid"),
        SF_JWT.format("audience is invalid"),
        SIMPLE.format("invalid_grant: audience is invalid"),
        "invalid_grant: Audience validation failed",
    ),
    88: (
        named("invalid_grant", "no client credentials user enabled"),
        CURL.format(
            "client_credentials", named("invalid_grant", "no client credentials user enabled")
        ),
        SIMPLE.format("invalid_grant: no client credentials user enabled"),
    ),
    89: ("scope-differs", "a scope was silently ignored", "fewer scopes than asked for"),
}
