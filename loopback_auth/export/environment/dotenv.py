"""Files of variables, commonly called `.env`."""

from __future__ import annotations

from ...errors import ValueUnquotable

# Read alike by all that read such files, also by `docker run --env-file`, which takes quotes for
# part of the value.
_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+:@%,~!=")


def dotenv(name: str, value: str) -> str:
    r"""
    Write a line that python-dotenv, Node's --env-file, Docker Compose and Ruby's dotenv read alike.

    There is no standard. Between single quotes all is itself, but that python-dotenv undoes `\\`
    and `\'` there, and fills in `${NAME}` whatever the quotes; a line end is a line end only in
    some. What they disagree on is refused.
    """
    if value and _BARE.issuperset(value):
        return f"{name}={value}"
    if any(c in value for c in "'\n\r") or "\\\\" in value or value.endswith("\\") or "${" in value:
        raise ValueUnquotable(
            f"the value for {name} holds a quote, a line end, ${{ or backslashes, which readers of .env files take differently",
            form="dotenv",
        )
    return f"{name}='{value}'"
