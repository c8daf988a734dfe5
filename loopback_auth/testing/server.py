"""
An authorization server that checks what it gets, for tests and for the demo.

    with AuthorizationServer.running() as server:       # in a thread of its own
        ...  server.issuer, server.requests, server.faults["token"] = faults.HTML

It speaks RFC 6749 with PKCE (S256 and nothing else), OpenID Connect, RFC 7009, RFC 7662, RFC 8414 and RFC 9207.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from aiohttp import web

from . import pages
from .grants import Refused, TokenEndpoint, identity
from .jws import public_jwks
from .registry import Client, Grant, Registry, User

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from typing import Any, Self

    from .faults import Fault

DEFAULT_CLIENTS = (
    Client(client_id="demo"),
    Client(client_id="demo-confidential", client_secret="demo secret: 100%"),  # noqa: S106 - known to everybody
)
DEFAULT_USERS = (
    User(
        username="ada",
        password="lovelace",  # noqa: S106 - known to everybody
        subject="user-ada",
        claims={"email": "ada@example.com", "name": "Ada"},
    ),
)

_silent = logging.getLogger("loopback_auth.testing")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the server was sent."""

    endpoint: str
    method: str
    path: str
    headers: dict[str, str] = field(repr=False)
    query: dict[str, list[str]] = field(repr=False)
    form: dict[str, list[str]] = field(repr=False)


class AuthorizationServer:
    """
    The server; a context manager in an event loop, or `running()` beside one.

    *expires_in* is what token answers say (`None`: nothing); *rotate* replaces refresh tokens; *iss* sends and promises RFC 9207's
    parameter; *code_ttl_s* is how long a code lives by *clock* (POSIX seconds).
    """

    def __init__(
        self,
        *,
        clients: tuple[Client, ...] = DEFAULT_CLIENTS,
        users: tuple[User, ...] = DEFAULT_USERS,
        port: int = 0,
        expires_in: int | None = 3600,
        rotate: bool = True,
        iss: bool = True,
        code_ttl_s: float = 60.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.registry = Registry(tuple(clients), tuple(users), clock)
        self.faults: dict[str, Fault] = {}
        self.metadata: dict[str, Any] = {}
        self.issuer = ""
        self._port = port
        self._expires_in = expires_in
        self._rotate = rotate
        self._iss = iss
        self._code_ttl_s = code_ttl_s
        self._requests: list[Request] = []
        self._arrived = threading.Condition()
        self._sessions: dict[str, User] = {}

    @property
    def requests(self) -> list[Request]:
        """All requests so far, oldest first."""
        with self._arrived:
            return list(self._requests)

    def seen(self, endpoint: str) -> list[Request]:
        """Give the requests to one endpoint."""
        return [request for request in self.requests if request.endpoint == endpoint]

    def wait_for(self, endpoint: str, *, count: int = 1, timeout_s: float = 5.0) -> list[Request]:
        """Wait, in another thread than the server's, until *endpoint* has had *count* requests; raises `TimeoutError`."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.seen(endpoint)) >= count, timeout_s):
                raise TimeoutError(f"{endpoint} had {len(self.seen(endpoint))} requests, not {count}")
        return self.seen(endpoint)

    @classmethod
    @contextmanager
    def running(cls, **options: Any) -> Iterator[AuthorizationServer]:
        """Run a server in a thread of its own until the block ends."""
        server = cls(**options)
        ready = threading.Event()
        end: list[Callable[[], object]] = []

        async def serve() -> None:
            loop, ending = asyncio.get_running_loop(), asyncio.Event()
            end.append(lambda: loop.call_soon_threadsafe(ending.set))
            async with server:
                ready.set()
                await ending.wait()

        thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        thread.start()
        if not ready.wait(10):
            raise RuntimeError("the authorization server did not start")
        try:
            yield server
        finally:
            end[0]()
            thread.join(5)

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=1024 * 1024)
        for endpoint, (method, path, handler) in self._routes().items():
            application.router.add_route(method, path, self._at(endpoint, handler))
        self._runner = web.AppRunner(application, access_log=None, logger=_silent, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self.issuer = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._token = TokenEndpoint(
            self.registry, issuer=self.issuer, expires_in=self._expires_in, rotate=self._rotate
        )
        self.metadata = self._metadata()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def _routes(self) -> dict[str, tuple[str, str, Callable[[web.Request], Awaitable[web.Response]]]]:
        return {
            "discovery": ("GET", "/.well-known/openid-configuration", self._discovery),
            "discovery-oauth": ("GET", "/.well-known/oauth-authorization-server", self._discovery),
            "authorize": ("*", "/authorize", self._authorize),
            "token": ("POST", "/token", self._exchange),
            "revoke": ("POST", "/revoke", self._revoke),
            "introspect": ("POST", "/introspect", self._introspect),
            "userinfo": ("*", "/userinfo", self._userinfo),
            "jwks": ("GET", "/jwks", self._jwks),
            "api": ("GET", "/api/me", self._userinfo),
        }

    def _at(
        self, endpoint: str, handler: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            await self._record(endpoint, request)
            fault = self.faults.get(endpoint) or self.faults.get(endpoint.partition("-")[0])
            if fault is None or (endpoint == "authorize" and not fault.status and not fault.connection):
                return await handler(request)
            if fault.once:
                self.faults.pop(endpoint, None)
            from .misbehaviour import misbehave

            return await misbehave(fault, request, handler)

        return handle

    async def _record(self, endpoint: str, request: web.Request) -> None:
        form = parse_qs(await request.text(), keep_blank_values=True) if request.method == "POST" else {}
        record = Request(
            endpoint=endpoint,
            method=request.method,
            path=request.path,
            headers={name.lower(): value for name, value in request.headers.items()},
            query=parse_qs(request.query_string, keep_blank_values=True),
            form=form,
        )
        with self._arrived:
            self._requests.append(record)
            self._arrived.notify_all()

    def _metadata(self) -> dict[str, Any]:
        methods = ["none", "client_secret_basic", "client_secret_post"]
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "revocation_endpoint": f"{self.issuer}/revoke",
            "introspection_endpoint": f"{self.issuer}/introspect",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "scopes_supported": ["openid", "profile", "email", "offline_access", "api"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "form_post"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": methods,
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": self._iss,
        }

    async def _discovery(self, _: web.Request) -> web.Response:
        return web.json_response(self.metadata)

    async def _jwks(self, _: web.Request) -> web.Response:
        return web.json_response(public_jwks())

    async def _authorize(self, request: web.Request) -> web.Response:
        sent = (await request.post()) if request.method == "POST" else request.query
        parameters = {name: value for name, value in sent.items() if isinstance(value, str)}
        step, username, password = (parameters.pop(name, "") for name in ("step", "username", "password"))
        client = self.registry.clients.get(parameters.get("client_id", ""))
        if client is None:
            return _html(pages.refusal("invalid_client", "no such client is registered"), status=400)
        if not _registered(parameters.get("redirect_uri", ""), client):
            return _html(
                pages.refusal("redirect_uri_mismatch", "redirect_uri must match configuration"), status=400
            )
        if problem := _problem(parameters, client, sent):
            return self._back(parameters, {"error": problem[0], "error_description": problem[1]})
        if step == "sign-in":
            return self._sign_in(parameters, username, password, client)
        return self._decided(step, parameters, self._sessions.get(request.cookies.get("session", "")), client)

    def _decided(
        self, step: str, parameters: dict[str, str], user: User | None, client: Client
    ) -> web.Response:
        if user is None:
            return _html(pages.sign_in(parameters, wrong=False, hint=parameters.get("login_hint", "")))
        if step == "deny":
            return self._back(
                parameters, {"error": "access_denied", "error_description": "the person said no"}
            )
        if step == "allow":
            return self._back(parameters, {"code": self._code(parameters, user)})
        return _html(
            pages.consent(
                parameters,
                username=user.username,
                client_id=client.client_id,
                scope=parameters.get("scope", ""),
            )
        )

    def _sign_in(
        self, parameters: dict[str, str], username: str, password: str, client: Client
    ) -> web.Response:
        user = self.registry.users.get(username)
        if user is None or not secrets.compare_digest(user.password, password):
            return _html(pages.sign_in(parameters, wrong=True, hint=username))
        session = secrets.token_urlsafe(16)
        self._sessions[session] = user
        answer = _html(
            pages.consent(
                parameters, username=username, client_id=client.client_id, scope=parameters.get("scope", "")
            )
        )
        answer.set_cookie("session", session, httponly=True, samesite="Lax")
        return answer

    def _code(self, parameters: dict[str, str], user: User) -> str:
        with self.registry.lock:
            return self.registry.issue_code(
                Grant(
                    client_id=parameters["client_id"],
                    user=user,
                    scope=parameters.get("scope", ""),
                    redirect_uri=parameters["redirect_uri"],
                    code_challenge=parameters["code_challenge"],
                    nonce=parameters.get("nonce"),
                    code_expires_at=self.registry.clock() + self._code_ttl_s,
                )
            )

    def _back(self, parameters: dict[str, str], answer: dict[str, str]) -> web.Response:
        """Send the browser back to the client, bent by a fault where one is set."""
        fault = self.faults.get("authorize")
        told: dict[str, Any] = {
            **answer,
            "state": parameters.get("state"),
            "iss": self.issuer if self._iss else None,
        }
        told.update(fault.members if fault else {})
        pairs = [(name, str(value)) for name, value in told.items() if value is not None]
        pairs += fault.repeated if fault else ()
        if fault and fault.once:
            self.faults.pop("authorize", None)
        if parameters.get("response_mode") == "form_post":
            answered = web.Response(
                text=pages.form_post(parameters["redirect_uri"], pairs), content_type="text/html"
            )
            answered.headers["Referrer-Policy"] = "no-referrer"
            return answered
        joint = "&" if urlsplit(parameters["redirect_uri"]).query else "?"
        return web.Response(
            status=302, headers={"Location": f"{parameters['redirect_uri']}{joint}{urlencode(pairs)}"}
        )

    async def _exchange(self, request: web.Request) -> web.Response:
        form = parse_qs(await request.text(), keep_blank_values=True)
        if request.content_type != "application/x-www-form-urlencoded":
            return _refused(Refused(400, "invalid_request", "the body must be form-urlencoded"))
        try:
            answer = self._token.answer(form, request.headers.get("Authorization"))
        except Refused as refused:
            return _refused(refused)
        return web.json_response(answer, headers={"Cache-Control": "no-store"})

    async def _revoke(self, request: web.Request) -> web.Response:
        fields = {name: values[0] for name, values in parse_qs(await request.text()).items()}
        try:
            self._token.revoke(fields, request.headers.get("Authorization"))
        except Refused as refused:
            return _refused(refused)
        return web.Response(status=200)

    async def _introspect(self, request: web.Request) -> web.Response:
        fields = {name: values[0] for name, values in parse_qs(await request.text()).items()}
        try:
            client = self._token.authenticated(fields, request.headers.get("Authorization"))
        except Refused as refused:
            return _refused(refused)
        token = fields.get("token", "")
        with self.registry.lock:
            grant = self.registry.grant_of_access_token(token)
        if grant is None or grant.client_id != client.client_id:
            return web.json_response({"active": False})
        about = {
            "active": True,
            "scope": grant.scope,
            "client_id": grant.client_id,
            "sub": grant.user.subject,
        }
        return web.json_response({**about, "exp": int(grant.access_tokens[token])})

    async def _userinfo(self, request: web.Request) -> web.Response:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        with self.registry.lock:
            grant = self.registry.grant_of_access_token(token) if scheme.lower() == "bearer" else None
        if grant is None:
            challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            return web.json_response({"error": "invalid_token"}, status=401, headers=challenge)
        return web.json_response({"sub": grant.user.subject, **identity(grant)})


def _registered(redirect_uri: str, client: Client) -> bool:
    if redirect_uri in client.redirect_uris:
        return True
    try:
        parts = urlsplit(redirect_uri)
        without_port = urlunsplit(
            parts._replace(
                netloc=f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
            )
        )
    except ValueError:
        return False
    return client.any_loopback_port and without_port in client.redirect_uris


def _problem(parameters: dict[str, str], client: Client, sent: Any) -> tuple[str, str] | None:
    """Find what is wrong with a request whose redirect URI is known to be the client's: RFC 6749 section 4.1.2.1."""
    if len(sent) != len(set(sent)):
        return "invalid_request", "a parameter occurs twice"
    if parameters.get("response_type") != "code":
        return "unsupported_response_type", "only code"
    if parameters.get("code_challenge_method") != "S256" or len(parameters.get("code_challenge", "")) != 43:  # noqa: PLR2004 - RFC 7636
        return "invalid_request", "missing required code challenge (S256)"
    unknown = [scope for scope in parameters.get("scope", "").split() if scope not in client.scopes]
    if unknown:
        return "invalid_scope", f"unknown scope {unknown[0]}"
    if parameters.get("prompt") == "none":
        return "login_required", "nobody is signed in"
    return None


def _html(text: str, *, status: int = 200) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/html", headers=pages.HEADERS)


def _refused(refused: Refused) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    if refused.status == 401:  # noqa: PLR2004 - RFC 6749 section 5.2
        headers["WWW-Authenticate"] = 'Basic realm="test"'
    return web.json_response(refused.document, status=refused.status, headers=headers)
