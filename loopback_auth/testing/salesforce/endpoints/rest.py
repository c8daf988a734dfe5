"""The REST API: versions, limits, a few objects, a query."""

from __future__ import annotations

import re

from ..answers import Json, api_error
from ..network import is_shut_out
from ..parameters import first_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...http.records import Request
    from ..accounts import User
    from ..state import AccessToken, Host, State


VERSIONS = (("Summer '25", "64.0"), ("Winter '26", "65.0"), ("Spring '26", "66.0"))
NOT_FOR_REST = "This session is not valid for use with the REST API"
_BEARER = re.compile(r"Bearer (\S+)")
_FROM = re.compile(r"(?i)^\s*select\s+(.+?)\s+from\s+(\w+)")
_OPENING = {"api", "full"}
_ACCOUNTS = ("Acme", "Globex", "Initech")


def versions(_: State, __: Host, ___: Request) -> Json:
    """Return the API's versions, oldest first; no token is needed."""
    return Json(
        document=[
            {"label": label, "url": f"/services/data/v{number}", "version": number}
            for label, number in VERSIONS
        ]
    )


def rest(state: State, host: Host, request: Request) -> Json:
    """Return the API's answer: limits, a few objects, a query."""
    header = request.headers.get("authorization", "")
    bearer = _BEARER.fullmatch(header)
    if header and bearer is None:
        # Assumed: the message.
        return api_error(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
    found = state.good(bearer[1]) if bearer else None
    if found is None or (host.org and found.grant.user.org_id != host.org.org_id):
        return api_error(401, "INVALID_SESSION_ID", "Session expired or invalid")
    if refused := _not_here(state, host, found):
        return refused
    return _forbidden(state, found.grant.user) or _resource(
        request.path.partition("/services/data/")[2], request, found.grant.user
    )


def _not_here(state: State, host: Host, found: AccessToken) -> Json | None:
    """
    Return why a session that is alive is not for this host or for REST, or `None`.

    A new session would be refused too.
    """
    grant = found.grant
    user = state.users.get(grant.user.username, grant.user)
    if host.org is None:
        # Assumed: the status.
        message = "Destination URL not reset. The URL returned from login must be set"
        return api_error(401, "URL_NOT_RESET", message)
    if grant.site != host.site and grant.site and found.is_jwt:
        return api_error(401, "INVALID_ISS", "INVALID_AUTH_HEADER")
    opens = (
        _OPENING & set(grant.scope.split()),
        grant.app.rest_access,
        grant.site in {"", host.site},
        not is_shut_out(state, user),
    )
    return None if all(opens) else api_error(401, "INVALID_SESSION_ID", NOT_FOR_REST)


def _forbidden(state: State, user: User) -> Json | None:
    """Return why a good token opens nothing, or `None`."""
    org, user = state.org_of(user), state.users.get(user.username, user)
    checks = (
        # Assumed: the message.
        (
            org.api_enabled,
            "API_DISABLED_FOR_ORG",
            "The REST API is not enabled for this Organization.",
        ),
        (user.api_enabled, "API_CURRENTLY_DISABLED", "API is disabled for this User"),
        (org.quota_left, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    )
    return next(
        (api_error(403, code, message) for passed, code, message in checks if not passed), None
    )


def _resource(path: str, request: Request, user: User) -> Json:
    version, _, resource = path.partition("/")
    if version not in {f"v{number}" for _label, number in VERSIONS} and not re.fullmatch(
        r"v[2-6]\d\.0", version
    ):
        return api_error(404, "NOT_FOUND", "The requested resource does not exist")
    match resource.strip("/"):
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
        case resource if resource == f"sobjects/User/{user.user_id}":
            return Json(
                document={
                    "attributes": {"type": "User"},
                    "Id": user.user_id,
                    "Username": user.username,
                }
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
            {"Id": f"001000000000{number:03}AAA", "Name": name}
            for number, name in enumerate(_ACCOUNTS, 1)
        ]
    else:
        return api_error(400, "INVALID_TYPE", f"sObject type '{kind}' is not supported.")
    records = [
        {
            "attributes": {
                "type": kind,
                "url": f"/services/data/{version}/sobjects/{kind}/{row['Id']}",
            },
            **{name: row.get(name) for name in fields},
        }
        for row in rows
    ]
    return Json(document={"totalSize": len(records), "done": True, "records": records})
