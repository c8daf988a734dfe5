"""
Every setting, once.

From these rows follow the options of `login`, `init` and `doctor`, the environment variables, what
config.toml may say, what a sign-in remembers and what `doctor` shows.
"""

from __future__ import annotations

from ..edge.store.document import STORAGES
from .kinds import (
    CLIENT_ID,
    DURATION,
    FLAG,
    HOSTS,
    ISSUER,
    PORTS,
    REDIRECT_URIS,
    STORAGE,
    TABLE,
    TEXT,
    TEXTS,
    WORD,
    WORDS,
    Kind,
)

WHERE, CLIENT, SECRET, REQUEST, HOW = "where", "client", "secret", "request", "how"
"""The groups of options: where to sign in, as which client, with which secret, ..."""


class Option:
    """How a command line gives a setting: *group* and *words* are those of `login --help`."""

    def __init__(self, group: str, metavar: str | None, words: str, *, flag: str = "") -> None:
        self.group = group
        self.metavar = metavar
        self.words = words
        self.flag = flag


class Definition:
    """
    One setting: *name* in config.toml, the *kind* of its value, and its *option* if it has one.

    *aliases* are names that people reach for first. *choices* are all its values, where there are
    few. A setting that is not remembered is no part of a sign-in: it is about this machine or this
    run, or secret. The value of one that is not shown may hold a secret or somebody's name: it is
    nothing to paste into a ticket. Nor is the query of one that is an address.
    """

    def __init__(
        self,
        name: str,
        kind: Kind,
        option: Option | None = None,
        *,
        aliases: tuple[str, ...] = (),
        choices: tuple[str, ...] = (),
        is_remembered: bool = True,
        is_shown: bool = True,
        is_address: bool = False,
    ) -> None:
        self.name = name
        self.kind = kind
        self.option = option
        self.aliases = aliases
        self.choices = choices
        self.is_remembered = is_remembered
        self.is_shown = is_shown
        self.is_address = is_address

    @property
    def flag(self) -> str:
        """The command line's word for it."""
        return (self.option and self.option.flag) or "--" + self.name.replace("_", "-")


def _endpoint(kind: str) -> Definition:
    words = f"the {kind.replace('_', ' ')} endpoint, where there is no discovery"
    return Definition(f"{kind}_endpoint", WORD, Option(WHERE, "URL", words), is_address=True)


_AUTH_METHODS = ("none", "client_secret_basic", "client_secret_post", "private_key_jwt")

MACHINE_FLOWS = ("client-credentials", "jwt-bearer", "token-exchange")
"""The flows of machine profiles: nobody signs in, and a token is minted again when it ends."""

FLOWS = ("authorization-code", "code-credentials", *MACHINE_FLOWS)
"""The values of the setting `flow`, the usual one first."""

GRANT = ("flow", "subject", "key_file", "key_env", "audience", "subject_token")
"""The settings that a stored document's `grant` has: what a token is minted with again."""

_ROWS = (
    Definition(
        "provider",
        WORD,
        Option(WHERE, "NAME", "a kind of server known by name: loopback-auth providers"),
    ),
    Definition(
        "login_url",
        WORD,
        Option(WHERE, "URL", "the provider's login host, where it has several (a My Domain)"),
    ),
    Definition(
        "issuer",
        ISSUER,
        Option(WHERE, "URL", "an OpenID provider or OAuth server, found by discovery"),
        is_address=True,
    ),
    _endpoint("authorization"),
    _endpoint("token"),
    _endpoint("revocation"),
    _endpoint("userinfo"),
    _endpoint("device_authorization"),
    Definition("introspection_endpoint", WORD, is_address=True),
    Definition(
        "trust_hosts",
        HOSTS,
        Option(
            WHERE,
            "HOST",
            "a host that belongs to the server, though its name does not tell (repeatable)",
            flag="--trust-host",
        ),
        is_shown=False,
    ),
    Definition(
        "client_id", CLIENT_ID, Option(CLIENT, "ID", "the client ID (Salesforce: consumer key)")
    ),
    Definition("client_secret", TEXT, is_remembered=False, is_shown=False),
    Definition(
        "client_secret_env",
        WORD,
        Option(SECRET, "NAME", "the environment variable that holds it"),
        is_remembered=False,
        is_shown=False,
    ),
    Definition(
        "client_secret_file",
        TEXT,
        Option(SECRET, "FILE", "the file that holds it"),
        is_remembered=False,
    ),
    Definition(
        "token_endpoint_auth_method",
        WORD,
        Option(CLIENT, "METHOD", ", ".join(_AUTH_METHODS)),
        choices=_AUTH_METHODS,
    ),
    Definition(
        "flow",
        WORD,
        Option(
            HOW,
            "FLOW",
            "authorization-code (the usual one), code-credentials (asks for a username and a"
            " password); without a person (loopback-auth help ci): client-credentials,"
            " jwt-bearer, token-exchange",
        ),
        choices=FLOWS,
    ),
    Definition(
        "subject",
        WORD,
        Option(CLIENT, "USER", "jwt-bearer: the user that the token is for"),
        is_shown=False,
    ),
    Definition(
        "key_file",
        TEXT,
        Option(CLIENT, "FILE", "the private key (PEM) to sign with, instead of a secret"),
    ),
    Definition(
        "key_env",
        WORD,
        Option(CLIENT, "NAME", "an environment variable with that key"),
        is_shown=False,
    ),
    Definition(
        "audience",
        WORD,
        Option(CLIENT, "AUD", "the audience to sign for, if the server refuses the usual one"),
    ),
    Definition(
        "subject_token",
        TEXT,
        Option(
            CLIENT,
            "SOURCE",
            "where the token of this machine's own identity comes from: github, file:PATH, ...",
            flag="--subject-token-from",
        ),
        is_shown=False,
    ),
    Definition(
        "redirect_uris",
        REDIRECT_URIS,
        Option(CLIENT, "URL", "a registered callback (repeatable)", flag="--redirect-uri"),
        aliases=("redirect_uri",),
    ),
    Definition(
        "port",
        PORTS,
        Option(CLIENT, "N", "its port; 0 is any (repeatable)"),
        aliases=("ports",),
    ),
    Definition(
        "callback_cert",
        TEXT,
        Option(HOW, "FILE", "the PEM certificate of an https redirect URI"),
    ),
    Definition("callback_key", TEXT, Option(HOW, "FILE", "its key, if in another file")),
    Definition(
        "scope",
        WORDS,
        Option(REQUEST, '"A B"', "scopes, separated by spaces"),
        aliases=("scopes",),
    ),
    Definition(
        "parameters",
        TABLE,
        Option(
            REQUEST,
            "NAME=VALUE",
            "one more parameter (repeatable, the same name too)",
            flag="--param",
        ),
        is_shown=False,
    ),
    Definition(
        "response_mode",
        WORD,
        Option(REQUEST, "MODE", "query or form_post"),
        choices=("query", "form_post"),
    ),
    Definition("strict_scope", FLAG, Option(REQUEST, None, "fail when other scopes are granted")),
    # Not remembered: who takes it out of config.toml takes that server off the list of those that
    # get the token.
    Definition("api_base", WORD, is_remembered=False, is_address=True),
    Definition("refresh_token_rotates", FLAG),
    # Not remembered, as api_base is not.
    Definition("credential_urls", TEXTS, is_remembered=False, is_shown=False),
    Definition("access_token_lifetime", DURATION),
    Definition(
        "storage",
        STORAGE,
        Option(HOW, None, "keep the tokens in a file or in the system's keyring"),
        choices=STORAGES,
        is_remembered=False,
    ),
    Definition(
        "browser",
        TEXT,
        Option(HOW, "COMMAND", "the browser to open (default: BROWSER, else the desktop's)"),
        is_remembered=False,
        is_shown=False,
    ),
    Definition(
        "timeout",
        DURATION,
        Option(HOW, "TIME", "how long to wait, such as 90s or 5m (default: 5m)"),
        is_remembered=False,
    ),
    Definition(
        "ca_bundle",
        TEXT,
        Option(HOW, "FILE", "PEM certificates to trust besides the system's"),
    ),
)

SETTINGS = {row.name: row for row in _ROWS}
"""The settings by their names."""

ALIASES = {alias: row.name for row in _ROWS for alias in row.aliases}
"""The names of settings by their other names."""

SECRETS = tuple(name for name in SETTINGS if name.startswith("client_secret"))
"""The settings that are the client's secret, or say where it is."""
