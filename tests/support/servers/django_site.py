"""
The pages and the claims of django_oauth.py, in a module of their own: Django imports it by name
once it is configured.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import LoginView
from django.urls import include, path
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.urls import metadata_urlpatterns

urlpatterns = [
    path("accounts/login/", LoginView.as_view()),
    path("o/", include("oauth2_provider.urls")),
    # RFC 8414 section 3.1: the well-known part stands before the issuer's path.
    path("", include((metadata_urlpatterns, "oauth2_provider"), namespace="metadata")),
]


class Validator(OAuth2Validator):
    """Names the person in the ID token, which by default has only a number."""

    oidc_claim_scope = None

    def get_additional_claims(self, request: Any) -> dict[str, str]:
        return {"preferred_username": request.user.username, "email": request.user.email}
