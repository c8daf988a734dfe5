"""What a person does at each server's own pages: type a name and a password, then allow or deny."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playwright.async_api import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server as its start script describes it."""

    issuer: str
    username: str
    password: str
    clients: Mapping[str, Mapping[str, Any]]
    # Some servers remember a person's consent: this person never gives any.
    other_username: str = ""

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """Read a ready line."""
        return cls(
            **{field.name: facts[field.name] for field in fields(cls) if field.name in facts}
        )

    async def sign_in(self, tab: Page, *, allow: bool = True) -> None:
        """
        Answer this server's pages, from the first one on to the click that sends the
        browser back.
        """
        raise NotImplementedError

    def device_flags(self) -> list[str]:
        """Give what `login --device` must be told to sign in here."""
        return [*self.flags("device"), "--device"]

    async def confirm(self, tab: Page, shown: Mapping[str, Any], *, allow: bool = True) -> None:
        """Enter the code of the event *shown* at this server's own page, and allow it."""
        raise NotImplementedError

    async def allow_again(self, tab: Page) -> None:
        """
        Answer the page, if there is one, that this server shows to somebody who is signed in and
        has allowed before.
        """

    def flags(self, client: str) -> list[str]:
        """Give what `login` must be told to sign in here as *client*."""
        return ["--issuer", self.issuer, "--client-id", self.clients[client]["client_id"]]

    def secret(self, client: str) -> str | None:
        return self.clients[client].get("client_secret")

    def ports(self, client: str) -> list[int]:
        """Give the ports of the redirect URIs that *client* has registered."""
        uris = (urlsplit(uri) for uri in self.clients[client]["redirect_uris"])
        return [uri.port for uri in uris if uri.port]


class OidcProvider(Server):
    async def sign_in(self, tab: Page, *, allow: bool = True) -> None:
        await tab.get_by_placeholder("Enter any login").fill(self.username)
        await tab.get_by_placeholder("and password").fill(self.password)
        await tab.get_by_role("button", name="Sign-in").click()
        await tab.get_by_role("heading", name="Authorize").wait_for()
        answer = (
            tab.get_by_role("button", name="Continue")
            if allow
            else tab.get_by_role("link", name="Cancel")
        )
        await answer.click()

    async def allow_again(self, tab: Page) -> None:
        await tab.get_by_role("button", name="Continue").click()

    async def confirm(self, tab: Page, shown: Mapping[str, Any], *, allow: bool = True) -> None:
        await tab.goto(shown["verification_uri_complete"])
        await tab.get_by_role("button", name="Continue" if allow else "Abort").click()
        if allow:
            await self.sign_in(tab)
            await tab.get_by_text("Sign-in Success").wait_for()


class DjangoOAuthToolkit(Server):
    def device_flags(self) -> list[str]:
        # Its metadata does not name the endpoint.
        endpoint = f"{self.issuer}/device-authorization/"
        flags = ["--device-authorization-endpoint", endpoint, "--scope", "openid profile"]
        return [*super().device_flags(), *flags]

    async def confirm(self, tab: Page, shown: Mapping[str, Any], *, allow: bool = True) -> None:
        await tab.goto(shown["verification_uri"])
        await tab.get_by_label("Username").fill(self.username)
        await tab.get_by_label("Password").fill(self.password)
        await tab.get_by_role("button", name="Sign in").click()
        await tab.get_by_label("User code").fill(shown["user_code"])
        await tab.get_by_role("button", name="Verify").click()
        await tab.get_by_role("button", name="Accept" if allow else "Deny").click()
        await tab.get_by_role("heading", name="Device").wait_for()

    async def allow_again(self, tab: Page) -> None:
        await tab.get_by_role("button", name="Authorize").click()

    async def sign_in(self, tab: Page, *, allow: bool = True) -> None:
        await tab.get_by_label("Username").fill(self.username)
        await tab.get_by_label("Password").fill(self.password)
        await tab.get_by_role("button", name="Sign in").click()
        await tab.get_by_role("button", name="Authorize" if allow else "Cancel").click()


class Canaille(Server):
    def flags(self, client: str) -> list[str]:
        return [*Server.flags(self, client), "--port", str(self.ports(client)[0])]

    async def sign_in(self, tab: Page, *, allow: bool = True) -> None:
        username = self.username if allow else self.other_username
        await tab.locator("input[name=login]").fill(username)
        await tab.get_by_role("button", name="Continue").click()
        await tab.locator("input[name=password]").fill(self.password)
        await tab.get_by_role("button", name="Sign in").click()
        await tab.wait_for_url(
            lambda url: "/oauth/authorize" in url or not url.startswith(self.issuer)
        )
        # A client that this person has allowed before is not asked about again.
        if tab.url.startswith(self.issuer):
            await tab.locator("#accept" if allow else "#deny").click()
