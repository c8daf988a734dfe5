"""Who the person is: userinfo, and the identity URL."""

from __future__ import annotations

import json
import re
from html import escape
from urllib.parse import unquote

from ..answers import Json, Text
from ..parameters import first_values
from .rest import VERSIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...http.records import Request
    from ..accounts import User
    from ..state import AccessToken, Host, State


_NAMING = {"id", "openid", "profile", "email", "full", "web", "api", "chatter_api"}
_BEARER = re.compile(r"Bearer (\S+)")


def userinfo(state: State, _: Host, request: Request) -> Json | Text:
    """Return the person's OpenID Connect claims; a bad token gets a bare word and 403."""
    found = _named(state, request)
    if isinstance(found, Text):
        return found
    user = found.grant.user
    first, _space, last = user.name.partition(" ")
    document = {
        **_common(state, found),
        "sub": state.identity_url(user),
        "preferred_username": user.username,
        "nickname": first.lower(),
        "name": user.name,
        "given_name": first,
        "family_name": last,
        "zoneinfo": "Europe/London",
        "profile": f"{state.my_domain(state.org_of(user))}/{user.user_id}",
        "picture": "https://example.com/p",
        "address": {"country": "GB"},
        "is_salesforce_integration_user": user.api_only,
        "updated_at": "2026-09-01T00:00:00Z",
    }
    return Json(document=document)


def identity(state: State, _: Host, request: Request) -> Json | Text:
    """Return the person as the identity URL describes them."""
    found = _named(state, request)
    if isinstance(found, Text):
        return found
    user, sent = found.grant.user, first_values(request)
    if refused := _refused(state, user, request.path):
        word, status = refused
        return Text(text=word, status=status, content_type="text/html;charset=UTF-8")
    document = _identity_of(state, found)
    document["urls"] = _of_version(_urls(state, user), sent.get("version", ""))
    wanted = sent.get("format") or ("xml" if "xml" in request.headers.get("accept", "") else "json")
    if wanted == "json":
        return Json(document=document)
    if wanted == "jsonp":
        # Assumed: the name of the function that nobody named.
        text = f"{sent.get('callback', 'callback')}({json.dumps(document)});"
        return Text(text=text, content_type="application/javascript")
    # Assumed: how XML names its root; members that are objects are left out of it here.
    members = "".join(
        f"<{name}>{escape(str(value))}</{name}>"
        for name, value in document.items()
        if not isinstance(value, dict)
    )
    return Text(text=f"<user>{members}</user>", content_type="application/xml")


def _refused(state: State, user: User, path: str) -> tuple[str, int] | None:
    """
    Return why a good token does not read the person that *path* names, or `None`.

    Assumed: the words and their statuses.
    """
    org_id, _slash, user_id = unquote(path).partition("/id/")[2].partition("/")
    checks = (
        (org_id == user.org_id, "Wrong_Org", 403),
        (user_id == user.user_id, "Bad_Id", 404),
        (state.users.get(user.username, user).active, "Inactive_User", 403),
        (state.org_of(user).status == "active", "Inactive_Org", 403),
    )
    return next(((word, status) for passed, word, status in checks if not passed), None)


def _of_version(urls: dict[str, str], version: str) -> dict[str, str]:
    """Return *urls* with the version that was asked for; without one its placeholder stays."""
    number = VERSIONS[-1][1] if version == "latest" else version
    return {name: url.replace("{version}", number or "{version}") for name, url in urls.items()}


def _common(state: State, found: AccessToken) -> dict[str, object]:
    """Return the members that userinfo and the identity URL share."""
    user = found.grant.user
    return {
        "user_id": user.user_id,
        "organization_id": user.org_id,
        "email": user.username,
        "email_verified": True,
        "photos": {"picture": "https://example.com/p", "thumbnail": "https://example.com/t"},
        "urls": _urls(state, user),
        "active": user.active,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_GB",
        "utcOffset": 0,
        "is_app_installed": found.grant.app.installed,
    }


def _identity_of(state: State, found: AccessToken) -> dict[str, object]:
    user = found.grant.user
    first, _space, last = user.name.partition(" ")
    return {
        **_common(state, found),
        "id": state.identity_url(user),
        "asserted_user": True,
        "username": user.username,
        "nick_name": first.lower(),
        "display_name": user.name,
        "first_name": first,
        "last_name": last,
        "timezone": "Europe/London",
        "addr_street": None,
        "addr_city": None,
        "addr_state": None,
        "addr_country": "GB",
        "addr_zip": None,
        "mobile_phone": None,
        "mobile_phone_verified": False,
        "is_lightning_login_user": False,
        "status": {"created_date": None, "body": None},
        "last_modified_date": "2026-09-01T00:00:00Z",
    }


_PATHS = {
    "rest": "",
    "sobjects": "sobjects/",
    "search": "search/",
    "query": "query/",
    "recent": "recent/",
    "tooling_rest": "tooling/",
    "feeds": "chatter/feeds",
    "groups": "chatter/groups",
    "users": "chatter/users",
    "feed_items": "chatter/feed-items",
    "feed_elements": "chatter/feed-elements",
}


def _urls(state: State, user: User) -> dict[str, str]:
    base = state.my_domain(state.org_of(user))
    org, number = user.org_id[:15], "{version}"
    soap = {"enterprise": "c", "metadata": "m", "partner": "u", "tooling_soap": "T"}
    return {
        **{name: f"{base}/services/Soap/{letter}/{number}/{org}" for name, letter in soap.items()},
        **{name: f"{base}/services/data/v{number}/{path}" for name, path in _PATHS.items()},
        "profile": f"{base}/{user.user_id}",
        "custom_domain": base,
    }


def _named(state: State, request: Request) -> AccessToken | Text:
    """Return the token if it may ask whose it is, else the refusal; assumed: the refusal's type."""
    header = request.headers.get("authorization", "")
    bearer = _BEARER.fullmatch(header)
    token = bearer[1] if bearer else first_values(request).get("oauth_token", "")
    if not token:
        return Text(text="Missing_OAuth_Token", status=403, content_type="text/html;charset=UTF-8")
    found = state.good(token)
    # Assumed: which scopes name a person.
    if found is None or not _NAMING & set(found.grant.scope.split()):
        return Text(text="Bad_OAuth_Token", status=403, content_type="text/html;charset=UTF-8")
    return found
