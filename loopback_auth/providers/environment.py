"""
The environment variables that a provider's file may fill.

The name comes from a file that somebody else may have written, and the value from a server; the
shell or the pipeline that gets both must run as before. No list of the variables that change how
programs run is ever complete (`PATH`, `LD_PRELOAD`, `NODE_OPTIONS`, `GIT_SSH_COMMAND`,
`PIP_INDEX_URL`, ...). So a name must say that it holds what a sign-in gives: a credential, whoever
reads it; or another fact, and then in the provider's own name, unless a widespread program has that
name, too.
"""

from __future__ import annotations

from ..oauth.text import is_variable_name, one_line

CREDENTIALS = ("TOKEN", "PASSWORD", "API_KEY")
"""How the name of a variable ends that any provider may fill."""

FACTS = (
    "URL",
    "HOST",
    "ADDR",
    "DOMAIN",
    "ID",
    "USER",
    "USERNAME",
    "NAME",
    "EMAIL",
    "SCOPE",
    "ORG",
    "ACCOUNT",
    "TENANT",
    "REGION",
)
"""Its last word, where its first one is the provider's."""

# They read their settings, such as the server that they trust, from variables that begin so.
_PROGRAMS = frozenset(
    (
        "AWS",
        "CARGO",
        "DOCKER",
        "GIT",
        "HOMEBREW",
        "HTTP",
        "HTTPS",
        "KUBERNETES",
        "LOOPBACK",
        "NODE",
        "NPM",
        "PIP",
        "POETRY",
        "UV",
    )
)


def why_unfit(name: str, provider: str) -> str:
    """Return why a file of *provider* may not fill the variable *name*, or an empty text."""
    if not is_variable_name(name):
        return (
            f"{one_line(repr(name), limit=80)} is not a name for a variable:"
            " letters, digits and _, no digit first"
        )
    words = name.upper().split("_")
    if words[:2] != ["LOOPBACK", "AUTH"] and name.upper().endswith(CREDENTIALS):
        return ""
    own = provider.replace("-", "_").upper().split("_")[0]
    if words[0] == own and own not in _PROGRAMS and len(words) > 1 and words[-1] in FACTS:
        return ""
    return (
        f"{name[:80]} is none that a file may fill: those end in {', '.join(CREDENTIALS)},"
        f" or begin with {own}_ and end in {', '.join(FACTS)}"
    )
