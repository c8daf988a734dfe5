"""The REST API: versions, limits, a few objects, a query."""

from __future__ import annotations

import re

from ..answers import HtmlPage
from .answers import Json, api_error
from .network import is_shut_out
from .parameters import first_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..records import Request
    from .parties import User
    from .world import AccessToken, Host, World


VERSIONS = (("Summer '25", "64.0"), ("Winter '26", "65.0"), ("Spring '26", "66.0"))
_BEARER = re.compile(r"Bearer (\S+)")
_FROM = re.compile(r"(?i)^\s*select\s+(.+?)\s+from\s+(\w+)")
_ACCOUNTS = ("Acme", "Globex", "Initech")


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
        # Assumed: what a host without an API says.
        return HtmlPage(html="<html><body>URL No Longer Exists</body></html>", status=404)
    header = request.headers.get("authorization", "")
    bearer = _BEARER.fullmatch(header)
    if header and bearer is None:
        # Assumed: the message.
        return api_error(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
    found = world.good(bearer[1]) if bearer else None
    if found is None or found.grant.user.org_id != host.org.org_id:
        return api_error(401, "INVALID_SESSION_ID", "Session expired or invalid")
    if not _opens_rest(world, found):
        return api_error(401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API")
    return _forbidden(world, found.grant.user) or _resource(
        request.path.partition("/services/data/")[2], request, found.grant.user
    )


def _opens_rest(world: World, found: AccessToken) -> bool:
    """Return whether the session, which is alive, is one for the REST API."""
    user = world.users.get(found.grant.user.username, found.grant.user)
    return not is_shut_out(world, user)


def _forbidden(world: World, user: User) -> Json | None:
    """Say why a token that is good opens nothing."""
    org, user = world.org_of(user), world.users.get(user.username, user)
    checks = (
        # Assumed: the messages of the first two.
        (org.api_enabled, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization."),
        (user.api_enabled, "API_CURRENTLY_DISABLED", "API is currently disabled for this user."),
        (org.quota_left, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    )
    return next((api_error(403, code, message) for passed, code, message in checks if not passed), None)


def for_jwts(world: World, _: Host, request: Request) -> Json:
    """Answer a hosted server for agents, which takes JWT access tokens alone; assumed: that it asks for nothing else."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not token.startswith("eyJ"):
        return api_error(401, "INVALID_AUTH_HEADER", "INVALID_JWT_FORMAT")
    if world.good(token) is None:
        return api_error(401, "INVALID_SESSION_ID", "Session expired or invalid")
    return Json(document={"tools": []})


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
