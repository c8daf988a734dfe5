"""
A Secret for `kubectl apply -f -`.

https://kubernetes.io/docs/concepts/configuration/secret/
"""

from __future__ import annotations

import re

from .export_format import ExportFormat
from .members import access_token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...oauth.credential import Credential

_NAME_CHARACTERS = 63


def k8s_secret(credential: Credential) -> dict[str, Any]:
    """Return the manifest, which is JSON; its name is the profile's as Kubernetes takes names."""
    spelled = re.sub(r"[^a-z0-9]+", "-", f"loopback-auth-{credential.profile}".lower())
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": spelled[:_NAME_CHARACTERS].strip("-")},
        "type": "Opaque",
        "stringData": {"access_token": access_token(credential)},
    }


FORMAT = ExportFormat(
    reader="kubectl apply -f -: a Secret with the access token",
    write=lambda credential, _at: k8s_secret(credential),
    hands_over=False,
)
