"""
A Salesforce that can be run here: the real one's sign-in, with its administrators' switches.

    with Salesforce.running(apps=[App(require_pkce=False)]) as salesforce:
        ...  # salesforce.login_url, salesforce.my_domain(), salesforce.seen("token")

What the vendor's documentation leaves open is marked "Assumed" in the code.
"""

from .accounts import APP, ORG, REDIRECT_URI, SESSION_TIMEOUTS_S, SUCCESS_URL, USER, App, Org, User
from .server import Salesforce
from .state import STEPS

__all__ = [
    "APP",
    "ORG",
    "REDIRECT_URI",
    "SESSION_TIMEOUTS_S",
    "STEPS",
    "SUCCESS_URL",
    "USER",
    "App",
    "Org",
    "Salesforce",
    "User",
]
