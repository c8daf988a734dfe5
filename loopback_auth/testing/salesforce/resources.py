"""What tokens are good for: revoke, introspect, userinfo, the identity URL, the REST API, and discovery."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote

from ..answers import HtmlPage
from ..jws import public_jwks
from .answers import Json, Text, api_error, form
from .authorize import first_values
from .token import Refused, _client

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..records import Request
    from .parties import User
    from .world import AccessToken, Host, World

VERSIONS = (("Summer '25", "64.0"), ("Winter '26", "65.0"), ("Spring '26", "66.0"))
_NAMING = {"id", "openid", "profile", "email", "full", "web", "api", "chatter_api"}
_BEARER = re.compile(r"Bearer (\S+)")
_FROM = re.compile(r"(?i)^\s*select\s+(.+?)\s+from\s+(\w+)")
_ACCOUNTS = ("Acme", "Globex", "Initech")


def revoke(world: World, _: Host, request: Request) -> Text | Json:
    """End a token: an access token alone, or a refresh token with all that came of it. Nobody is asked who they are."""
    sent = first_values(request)
    token, callback = sent.get("token", ""), sent.get("callback", "")
    with world.lock:
        if not token:
            return _not_revoked(callback, "unsupported_token_type", "Token type not supported")
        found = world.access_tokens.get(token)
        grant = next((g for g in world.grants if not g.revoked and g.refresh_token == token), None)
        if found and not found.revoked and not found.grant.revoked:
            found.revoked = True
        elif grant:
            grant.revoked = True
        else:
            # It says the token again, as the real one was seen to.
            return _not_revoked(callback, "unsupported_token_type", f"invalid token: {token}")
    return Text(text=f"{callback}({{}});" if callback else "", content_type="")


def _not_revoked(callback: str, error: str, description: str) -> Text:
    if callback:
        document = json.dumps({"error": "invalid_token"})
        return Text(text=f"{callback}({document});", status=400, content_type="application/javascript")
    text = form({"error": error, "error_description": description})
    return Text(text=text, status=400, content_type="application/x-www-form-urlencoded")


def introspect(world: World, _: Host, request: Request) -> Json:
    """Tell of a token of the app's own; the app has to say who it is."""
    sent = first_values(request)
    try:
        client_id, secret = _client(sent, request.headers.get("authorization", ""))
    except Refused:
        client_id, secret = "", None
    app = world.apps.get(client_id)
    if app is None or secret != app.client_secret:
        return Json(
            document={"error": "invalid_client", "error_description": "invalid client credentials"},
            status=401,
        )
    found = world.good(sent.get("token", ""))
    grant = next((g for g in world.grants if not g.revoked and g.refresh_token == sent.get("token")), None)
    if found is not None and found.grant.app.client_id == client_id:
        told = _of_grant(world, found.grant.user, found.grant.scope, client_id)
        times = {"exp": int(found.ends), "iat": int(found.issued), "nbf": int(found.issued)}
        return Json(document={**told, "token_type": "access_token", **times})
    if grant is not None and grant.app.client_id == client_id:
        return Json(
            document={**_of_grant(world, grant.user, grant.scope, client_id), "token_type": "refresh_token"}
        )
    return Json(document={"active": False})


def _of_grant(world: World, user: User, scope: str, client_id: str) -> dict[str, Any]:
    told = {
        "scope": scope,
        "client_id": client_id,
        "username": user.username,
        "sub": identity_url(world, user),
    }
    return {"active": True, **told}


def identity_url(world: World, user: User) -> str:
    """Name the person as a URL, at the host that production or all sandboxes share."""
    org = world.org_of(user)
    return f"{world.login_url(sandbox=org.sandbox)}/id/{org.org_id}/{user.user_id}"


def userinfo(world: World, _: Host, request: Request) -> Json | Text:
    """Tell who it is, as OpenID Connect names things; a bad token gets a bare word and 403."""
    found = _named(world, request)
    if isinstance(found, Text):
        return found
    user = found.grant.user
    first, _space, last = user.name.partition(" ")
    told = {
        "sub": identity_url(world, user),
        "user_id": user.user_id,
        "organization_id": user.org_id,
        "preferred_username": user.username,
        "nickname": first.lower(),
        "name": user.name,
        "email": user.username,
        "email_verified": True,
        "given_name": first,
        "family_name": last,
        "zoneinfo": "Europe/London",
        "photos": {"picture": "https://example.com/p", "thumbnail": "https://example.com/t"},
        "profile": f"{world.my_domain(world.org_of(user))}/{user.user_id}",
        "picture": "https://example.com/p",
        "address": {"country": "GB"},
        "is_salesforce_integration_user": user.api_only,
        "urls": _urls(world, user),
        "active": user.active,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_GB",
        "utcOffset": 0,
        "updated_at": "2026-09-01T00:00:00Z",
        "is_app_installed": found.grant.app.installed,
    }
    return Json(document=told)


def identity(world: World, _: Host, request: Request) -> Json | Text:
    """Tell who it is, as the identity URL does."""
    found = _named(world, request)
    if isinstance(found, Text):
        return found
    user = found.grant.user
    org_id, _slash, user_id = unquote(request.path).partition("/id/")[2].partition("/")
    if org_id != user.org_id:
        return Text(text="Wrong_Org", status=403, content_type="text/html;charset=UTF-8")
    if user_id != user.user_id:
        return Text(text="Bad_Id", status=404, content_type="text/html;charset=UTF-8")
    first, _space, last = user.name.partition(" ")
    told = {
        "id": identity_url(world, user),
        "asserted_user": True,
        "user_id": user.user_id,
        "organization_id": user.org_id,
        "username": user.username,
        "nick_name": first.lower(),
        "display_name": user.name,
        "email": user.username,
        "email_verified": True,
        "first_name": first,
        "last_name": last,
        "timezone": "Europe/London",
        "photos": {"picture": "https://example.com/p", "thumbnail": "https://example.com/t"},
        "status": {"created_date": None, "body": None},
        "urls": _urls(world, user),
        "active": user.active,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_GB",
        "utcOffset": 0,
        "last_modified_date": "2026-09-01T00:00:00Z",
        "is_app_installed": found.grant.app.installed,
    }
    return Json(document=told)


def _urls(world: World, user: User) -> dict[str, str]:
    base = world.my_domain(world.org_of(user))
    places = {
        "rest": "",
        "sobjects": "sobjects/",
        "search": "search/",
        "query": "query/",
        "recent": "recent/",
    }
    return {name: f"{base}/services/data/v{{version}}/{place}" for name, place in places.items()}


def _named(world: World, request: Request) -> AccessToken | Text:
    """Give the token if it may ask who it is of, else what is answered; assumed: the type of that answer."""
    header = request.headers.get("authorization", "")
    bearer = _BEARER.fullmatch(header)
    token = bearer[1] if bearer else first_values(request).get("oauth_token", "")
    if not token:
        return Text(text="Missing_OAuth_Token", status=403, content_type="text/html;charset=UTF-8")
    found = world.good(token)
    # Assumed: which scopes name a person.
    if found is None or not _NAMING & set(found.grant.scope.split()):
        return Text(text="Bad_OAuth_Token", status=403, content_type="text/html;charset=UTF-8")
    return found


def versions(_: World, __: Host, ___: Request) -> Json:
    """List the API's versions, oldest first; nobody needs a token for that."""
    return Json(
        document=[
            {"label": label, "url": f"/services/data/v{number}", "version": number}
            for label, number in VERSIONS
        ]
    )


def rest(world: World, host: Host, request: Request) -> Json | HtmlPage:
    """Answer the API: limits, a few objects, a query."""
    if host.org is None:
        return HtmlPage(html="<html><body>URL No Longer Exists</body></html>", status=404)
    header = request.headers.get("authorization", "")
    bearer = _BEARER.fullmatch(header)
    if header and bearer is None:
        return api_error(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
    found = world.good(bearer[1]) if bearer else None
    if found is None or found.grant.user.org_id != host.org.org_id:
        return api_error(401, "INVALID_SESSION_ID", "Session expired or invalid")
    org = world.org_of(found.grant.user)
    if not org.api_enabled:
        return api_error(403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.")
    if not org.quota_left:
        return api_error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    return _resource(request.path.partition("/services/data/")[2], request, found.grant.user)


def _resource(path: str, request: Request, user: User) -> Json:
    version, _, place = path.partition("/")
    if version not in {f"v{number}" for _label, number in VERSIONS} and not re.fullmatch(
        r"v[2-6]\d\.0", version
    ):
        return api_error(404, "NOT_FOUND", "The requested resource does not exist")
    match place.strip("/"):
        case "limits":
            return Json(document={"DailyApiRequests": {"Max": 15000, "Remaining": 14998}})
        case "sobjects":
            return Json(
                document={
                    "encoding": "UTF-8",
                    "maxBatchSize": 200,
                    "sobjects": [{"name": "Account"}, {"name": "User"}],
                }
            )
        case "query":
            return _query(version, first_values(request).get("q", ""), user)
        case place if place == f"sobjects/User/{user.user_id}":
            return Json(
                document={"attributes": {"type": "User"}, "Id": user.user_id, "Username": user.username}
            )
    return api_error(404, "NOT_FOUND", "The requested resource does not exist")


def _query(version: str, query: str, user: User) -> Json:
    asked = _FROM.match(query)
    if asked is None:
        return api_error(400, "MALFORMED_QUERY", "unexpected token: query")
    fields, kind = [name.strip() for name in asked[1].split(",")], asked[2]
    rows: list[dict[str, str]]
    if kind.lower() == "user":
        rows = [{"Id": user.user_id, "Name": user.name, "Username": user.username}]
    elif kind.lower() == "account":
        rows = [
            {"Id": f"001000000000{number:03}AAA", "Name": name} for number, name in enumerate(_ACCOUNTS, 1)
        ]
    else:
        return api_error(400, "INVALID_TYPE", f"sObject type '{kind}' is not supported.")
    records = [
        {
            "attributes": {"type": kind, "url": f"/services/data/{version}/sobjects/{kind}/{row['Id']}"},
            **{name: row.get(name) for name in fields},
        }
        for row in rows
    ]
    return Json(document={"totalSize": len(records), "done": True, "records": records})


def jwks(_: World, __: Host, ___: Request) -> Json:
    """Give the keys."""
    return Json(document=public_jwks())


def discovery(_: World, host: Host, __: Request) -> Json:
    """Describe the host; neither PKCE nor the grant types are in it."""
    base = host.url + host.site
    oauth = f"{base}/services/oauth2"
    told: dict[str, Any] = {
        "issuer": base,
        "authorization_endpoint": f"{oauth}/authorize",
        "token_endpoint": f"{oauth}/token",
        "revocation_endpoint": f"{oauth}/revoke",
        "userinfo_endpoint": f"{oauth}/userinfo",
        "jwks_uri": f"{base}/id/keys",
        "registration_endpoint": f"{oauth}/register",
        "introspection_endpoint": f"{oauth}/introspect",
        "scopes_supported": [
            "id",
            "api",
            "web",
            "full",
            "openid",
            "profile",
            "email",
            "refresh_token",
            "offline_access",
        ],
        "response_types_supported": ["code", "token", "token id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "display_values_supported": ["page", "popup", "touch"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "client_secret_basic",
            "private_key_jwt",
        ],
        "claims_supported": ["sub", "user_id", "organization_id", "preferred_username", "name", "email"],
    }
    if host.org is not None:
        told |= {
            "end_session_endpoint": f"{base}/services/auth/idp/oidc/logout",
            "frontchannel_logout_supported": True,
            "frontchannel_logout_session_supported": False,
        }
    return Json(document=told)
