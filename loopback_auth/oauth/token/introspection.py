"""Token introspection - RFC 7662."""

from __future__ import annotations

from ..client_authentication import authenticated
from ..http.messages import read_json_object, refuse_unusable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..http.messages import FormPost, HttpReply
    from ..metadata import Client, ServerMetadata
    from ..secret import Secret


def introspection_request(
    access_token: Secret, *, client: Client, server: ServerMetadata
) -> FormPost | None:
    """
    Return the introspection request for *access_token*.

    `None` if the server has no such endpoint, or the client has no secret to authenticate with
    (section 2.1).
    """
    if server.introspection_endpoint is None or client.client_secret is None:
        return None
    return authenticated(
        client,
        server,
        url=server.introspection_endpoint,
        fields=(("token", access_token), ("token_type_hint", "access_token")),
    )


def read_introspection_reply(reply: HttpReply) -> dict[str, Any] | None:
    """
    Return the answer's members; `None` if it is a refusal.

    `active` is true or false, all others are optional (section 2.2).

    Raises:
        ProviderError: What `read_json_object` raises, for an answer that is no JSON object.
    """
    answer = read_json_object(reply, what="the introspection endpoint")
    refuse_unusable(reply, "the introspection endpoint")
    if not reply.is_success or not isinstance(answer.get("active"), bool):
        return None
    return answer
