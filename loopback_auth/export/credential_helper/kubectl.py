"""
kubectl's exec plugin.

https://kubernetes.io/docs/reference/config-api/client-authentication.v1/
"""

from __future__ import annotations

import json

from .protocol import HelperRequest, Protocol, rfc3339

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .protocol import HelperToken

_GROUP = "client.authentication.k8s.io/"


def _read(_words: Sequence[str], _stdin: str, environ: Mapping[str, str]) -> HelperRequest:
    try:
        info = json.loads(environ.get("KUBERNETES_EXEC_INFO") or "{}")
        version = info.get("apiVersion", f"{_GROUP}v1")
        server = (info.get("spec", {}).get("cluster") or {}).get("server") or ""
    except (ValueError, AttributeError, RecursionError):
        raise ValueError("KUBERNETES_EXEC_INFO is not what kubectl sends") from None
    if not isinstance(server, str):
        raise ValueError("KUBERNETES_EXEC_INFO names a server that is no address")  # noqa: TRY004
    if version not in (f"{_GROUP}v1", f"{_GROUP}v1beta1"):
        raise ValueError("KUBERNETES_EXEC_INFO asks for a version that is not known")
    return HelperRequest(url=server, version=version)


def _write(request: HelperRequest, token: HelperToken) -> str:
    status = {"token": token.in_clear()}
    if token.expires_at:
        status["expirationTimestamp"] = rfc3339(token.expires_at)
    return json.dumps({"apiVersion": request.version, "kind": "ExecCredential", "status": status})


PROTOCOL = Protocol(read=_read, write=_write, not_ours_status=1, reads_stdin=False)
