"""The pages that a person sees: login, consent, error."""

from __future__ import annotations

from html import escape

from ..http.answers import HtmlPage
from ..http.pages import form, page
from .parameters import first_values, scope_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..http.records import Request
    from .accounts import Org, User
    from .state import Host, Interaction, State

ERROR_PAGE = "/setup/secur/RemoteAccessErrorPage.apexp"
CONSENT_PAGE = "/setup/secur/RemoteAccessAuthorizationPage.apexp"
LOGIN_PAGE = "/login"


def error_page(_: State, __: Host, request: Request) -> HtmlPage:
    """Return the page of an error that the app does not hear of."""
    sent = first_values(request)
    code, description = sent.get("error", ""), sent.get("error_description", "")
    html = page(
        "OAuth Error",
        "<h1>OAuth Error</h1><p>We can&#x27;t authorize you because of an OAuth error. "
        "For more information, contact your Salesforce administrator.</p>"
        f"<p>{escape(code)} : {escape(description)}</p>",
    )
    return HtmlPage(html=html)


def success_page(_: State, __: Host, ___: Request) -> HtmlPage:
    """Return an empty page: the code stays in the address bar."""
    return HtmlPage(html=page("Remote Access", "<p>Authentication complete.</p>"))


def home_page(org: Org) -> HtmlPage:
    """Return the page of a person who logged in without an app that asked."""
    html = page("Home", f"<h1>{escape(org.name)}</h1><p>You are logged in.</p>")
    return HtmlPage(html=html)


def closed() -> HtmlPage:
    """Return what stands for a tab that its person closed."""
    return HtmlPage(html=page("Closed", "<p>The person closed this tab.</p>"))


def too_old() -> HtmlPage:
    """Return the page for a form that was answered already, or by somebody else."""
    html = page("Start again", "<h1>Start again</h1><p>This page is too old.</p>")
    return HtmlPage(html=html, status=400)


def login_page(
    state: State, interaction: Interaction, *, hint: str = "", wrong: bool = False
) -> HtmlPage:
    """Return the login page with *hint* as the name; *wrong* adds that the try before failed."""
    name = state.remember(interaction)
    people = "; ".join(
        f"<code>{escape(u.username)}</code>, password <code>{escape(u.password)}</code>"
        for u in state.users.values()
    )
    message = (
        "Please check your username and password. If you still can&#x27;t log in, "
        "contact your Salesforce administrator."
    )
    note = f'<p role="alert" id="error">{message}</p>' if wrong else ""
    html = page(
        "Login",
        f"<h1>Log in</h1><p>People known here: {people or 'nobody'}.</p>"
        f"{note}{form(interaction.host.site + LOGIN_PAGE, name)}"
        '<label for="username">Username</label>'
        f'<input id="username" name="username" value="{escape(hint)}" required>'
        '<label for="password">Password</label>'
        '<input id="password" name="password" type="password" required>'
        '<div class="row"><button class="main" id="Login">Log In</button></div></form>',
    )
    return HtmlPage(html=html)


def consent_page(state: State, interaction: Interaction, user: User) -> HtmlPage:
    """Return the page that asks whether the app may."""
    name, app = state.remember(interaction), state.apps[interaction.sent["client_id"]]
    scopes = "".join(
        f"<li>{escape(scope)}</li>" for scope in scope_of(state, interaction.sent).split()
    )
    html = page(
        "Allow Access?",
        f"<h1>Allow Access?</h1><p><strong>{escape(app.name)}</strong> is asking to:</p>"
        f"<ul>{scopes}</ul><p>Do you want to allow access for {escape(user.username)}?</p>"
        f"{form(interaction.host.site + CONSENT_PAGE, name)}"
        '<div class="row">'
        '<button class="main" id="oaapprove" name="decision" value="allow">Allow</button>'
        '<button id="oadeny" name="decision" value="deny">Deny</button></div></form>',
    )
    return HtmlPage(html=html)
