"""Which server a new profile is for: one known by name, by its issuer, or any other."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from ...edge.callback.listeners import with_port
from ...edge.files.provider_files import provider_names
from ...edge.process.event_loop import run as run_coroutine
from ...edge.store.file_store import check_profile_name
from ...errors import (
    DiscoveryFailed,
    IssuerMisspelled,
    NotConfigured,
    ProviderError,
    ProviderUnknown,
    UsageError,
)
from ...flows.server.discovery import discover
from ...oauth.http.url import check_url
from ...oauth.metadata import server_metadata
from ...providers import Provider
from ...providers.login_host import whom_it_serves
from ...settings.kinds import ISSUER
from ...settings.profile import DEFAULT_REDIRECT_URI
from ...settings.table import MACHINE_FLOWS
from .questions import AGAIN, ask_until_usable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...oauth.http.transport import Transport
    from ...oauth.metadata import ServerMetadata
    from ..context import Context

PORT = 8765
"""Of the callback, where nothing is known of a server: one that is compared must not change."""

_STEPS = """
1. Register a client (an app, an application) in the server's admin pages, or ask the people \
who run the server.
2. Kind: {kind}.
3. Redirect URI (callback URL), exactly so:
    {redirect_uris}
4. Grants: authorization code, and refresh token where that is a choice.
   Scopes: {scope}.
5. Save it. You get a client ID, and a secret if the client has one.
"""
_EVERY = ("help", "json", "no_input", "profile_option", "provider_option", "quiet", "verbose")
"""Options that a fix does not repeat."""

_PUBLIC = "public (native, desktop), with PKCE and without a secret"
_CONFIDENTIAL = ".\n   If there is no such choice: confidential (web), with a secret"


class Server(NamedTuple):
    """The kind of server, which for any other has no name, and what a profile says of it."""

    provider: Provider
    settings: dict[str, Any]


def read_names(context: Context) -> None:
    """
    Take the first word for the profile where an option says which server, and it names none.

    Raises:
        ProviderUnknown: There is no provider of the name, which is said before anything is asked.
        UsageError: Two providers are named.
    """
    arguments = context.arguments
    first, named = arguments.provider, arguments.provider_option
    is_said = (arguments.issuer or named) and not arguments.profile
    if is_said and first and first not in provider_names(context.home):
        arguments.provider, arguments.profile = None, first
    if named and arguments.provider not in (None, named):
        raise UsageError(
            "two providers were named",
            cause="PROVIDER and --provider mean the same.",
            fix="`loopback-auth init {provider} {profile}`",
            provider=named,
            profile=arguments.profile,
        )
    arguments.provider = named or arguments.provider
    if not arguments.provider:
        return
    try:
        context.provider(arguments.provider)
    except ProviderUnknown as error:
        # Whoever leaves the provider out means a profile by the one name that is there.
        is_two = named or arguments.profile or arguments.profile_option
        if not (is_two or error.facts["near"]):
            with suppress(UsageError):
                error.facts.setdefault("profile", check_profile_name(first))
        raise


def given(context: Context) -> dict[str, Any]:
    """Return the facts that a fix repeats: which server and profile this `init` is for."""
    arguments = context.arguments
    provider = arguments.provider or (None if arguments.issuer else "PROVIDER")
    return {"provider": provider, "profile": context.profile_name}


def flags_given(context: Context) -> dict[str, Any]:
    """Return what a fix adds to an `init`: the flags of this one, and the options that it has."""
    arguments, parser = vars(context.arguments), context.parser_of("init")
    flags: list[tuple[str, ...]] = []
    if arguments["provider"]:
        flags.append(("--provider", arguments["provider"]))
    for action in parser.actions:
        value = arguments.get(action.dest)
        if not action.option_strings or action.dest in _EVERY or value in (None, False):
            continue
        flag = action.option_strings[-1]
        if action.nargs == 0:
            flags.append((flag,))
        else:
            several = value if action.dest in ("port", "redirect_uris") else [_text(value)]
            flags += [(flag, str(each)) for each in several]
    options = tuple(each for action in parser.actions for each in action.option_strings)
    return {"flags": tuple(flags), "options": options}


def _text(value: Any) -> str:
    return " ".join(value) if isinstance(value, (list, tuple)) else str(value)


def chosen_server(context: Context) -> Server:
    """
    Return the server that is given, or asked for.

    Raises:
        UsageError: Nothing says which, and there is no terminal to ask on.
        LoopbackAuthError: There is no such provider, or no server at the issuer.
    """
    arguments, console = context.arguments, context.console
    provider = context.provider(arguments.provider) if arguments.provider else None
    if arguments.issuer:
        return _at_issuer(arguments.issuer, provider, context)
    if provider is None:
        names = ", ".join(provider_names(context.home))
        if not console.may_ask:
            raise UsageError(
                "PROVIDER is missing",
                cause=f"It says what kind of server the profile is for: {names}.",
                fix="`loopback-auth init PROVIDER {profile}`; for any other server:"
                " `loopback-auth init {profile} --issuer URL`",
            )
        question = f"Kind of server ({names}), or the address of your company's login"
        found = ask_until_usable(question, console, lambda text: _answered(text, context))
        if isinstance(found, Server):
            return found
        provider = found
    arguments.provider = provider.name
    if not provider.issuer_form:
        return Server(provider, {"provider": provider.name})
    if not console.may_ask:
        missing = provider.issuer_missing(context.profile_name)
        fix = "`loopback-auth init {provider} {profile} --issuer {form}`"
        raise NotConfigured(missing.message, cause=missing.cause, fix=fix, **missing.facts)
    question = f"Issuer, the address of your {provider.title} ({provider.issuer_form})"
    return ask_until_usable(question, console, lambda text: _at_issuer(text, provider, context))


def _answered(text: str, context: Context) -> Provider | Server:
    is_address = "." in text or ":" in text
    return _at_issuer(text, None, context) if is_address else context.provider(text)


def _at_issuer(text: str, provider: Provider | None, context: Context) -> Server:
    """Return the server at the issuer that *text* means, as its name or its metadata has it."""
    if not text:
        words = "Your server's documentation or its administrator names it."
        raise UsageError("the issuer is missing", cause=words, fix=AGAIN)
    issuer = check_url(str(ISSUER.meant(text)), name="the issuer")
    known = [provider] if provider else map(context.provider, provider_names(context.home))
    for each in known:
        if (settings := each.settings_at(issuer)) and not provider:
            provider = each
            context.console.say(f"{urlsplit(issuer).netloc} is {each.title}.")
        if settings and each.server:
            return Server(each, settings)
    if provider and provider.server:
        where = "login_url" if provider.takes_login_url else "issuer"
        return Server(provider, {"provider": provider.name, where: issuer})
    metadata = _metadata(issuer, context)
    named = {"provider": provider.name} if provider else {}
    return Server(provider or _any_server(metadata, context), {**named, "issuer": metadata.issuer})


def _metadata(issuer: str, context: Context) -> ServerMetadata:
    transport = context.transport(context.arguments.ca_bundle)
    try:
        found = run_coroutine(discover(issuer, transport=transport))
    except DiscoveryFailed:
        if named := _named_above(issuer, transport):
            message, words = f"the server calls itself {named}", "You gave one of its pages."
            raise _named_otherwise(message, named, context, words) from None
        raise
    except IssuerMisspelled as error:
        named = str(error.facts["named"])
        if named.rstrip("/").lower() != issuer.rstrip("/").lower():
            raise _named_otherwise(error.message, named, context, error.cause) from None
        context.console.say(f"The server spells its address {named}; that is used.")
        found = run_coroutine(discover(named, transport=transport))
    return server_metadata(found, is_machine=context.arguments.flow in MACHINE_FLOWS)


def _named_otherwise(message: str, named: str, context: Context, cause: str) -> IssuerMisspelled:
    fix = "`loopback-auth init [{provider}] {profile} --issuer {named}`"
    return IssuerMisspelled(message, cause=cause, fix=fix, **{**given(context), "named": named})


def _named_above(address: str, transport: Transport) -> str | None:
    """Return the issuer that *address* lies below: that of a sign-in page, or of an endpoint."""
    parts = urlsplit(address)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path
    while path.strip("/"):
        path = path.rstrip("/").rpartition("/")[0]
        try:
            run_coroutine(discover(origin + path, transport=transport))
        except IssuerMisspelled as error:
            named = str(error.facts["named"])
            return named if named.startswith(origin) else None
        except ProviderError:
            continue
        return origin + path
    return None


def _any_server(metadata: ServerMetadata, context: Context) -> Provider:
    """Return what is known of a server from its *metadata*, with steps that fit any."""
    scope = context.profile_from(flags={"issuer": metadata.issuer}).scope_for(metadata)
    methods = metadata.token_endpoint_auth_methods_supported or ()
    kind = _PUBLIC if "none" in methods else _PUBLIC + _CONFIDENTIAL
    return Provider(
        name="",
        path="",
        title=urlsplit(metadata.issuer or "").netloc,
        register="",
        setup=_STEPS.replace("{kind}", kind),
        redirect_uris=(with_port(DEFAULT_REDIRECT_URI, PORT),),
        scope=scope,
    )


def asked_login_url(server: Server, context: Context) -> dict[str, str]:
    """Return where to sign in, asked for where the provider has several hosts and none is given."""
    provider, usual = server.provider, server.provider.login_url or ""
    is_given = context.arguments.login_url or "login_url" in server.settings
    if not usual or is_given or not context.console.may_ask:
        return {}
    shared = whom_it_serves(usual, provider.login_hosts)

    def read(answer: str) -> str:
        if not answer:
            raise UsageError("the address is missing", cause=f"{usual}: {shared}")
        context.profile_from(flags={**server.settings, "login_url": answer}).endpoints()
        return answer

    question = provider.login_url_label or "Login host"
    # One that many share is rarely the right one.
    answer = ask_until_usable(question, context.console, read, usual="" if shared else usual)
    return {} if answer == usual else {"login_url": answer}
