"""Files of variables, commonly called `.env`."""

from __future__ import annotations

from ...errors import ValueUnquotable

# All readers read these alike without quotes, which `docker run --env-file` takes for a part of the
# value.
_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+:@%,~!=")


def dotenv(name: str, value: str) -> str:
    r"""
    Return a line that python-dotenv, Node's --env-file, Docker Compose and Ruby's dotenv agree on.

    There is no standard. Between single quotes characters stand for themselves, except that
    python-dotenv undoes `\\` and `\'`, and fills in `${NAME}` whatever the quotes; only some read
    line ends.

    Raises:
        ValueUnquotable: The readers would read *value* differently.
    """
    if value and _BARE.issuperset(value):
        return f"{name}={value}"
    if any(c in value for c in "'\n\r") or "\\\\" in value or value.endswith("\\") or "${" in value:
        raise ValueUnquotable(
            f"the value for {name} holds a quote, a line end, ${{ or backslashes,"
            " which readers of .env files take differently",
            form="dotenv",
        )
    return f"{name}='{value}'"
