"""The token as the header that carries it, for `curl -H @-` and `curl --config -`."""

from __future__ import annotations

from ..errors import ValueUnquotable


def header(token: str, *, form: str = "headers") -> str:
    """
    Return the `Authorization` header of *token*, without a line end.

    Raise `ValueUnquotable` for a character that would begin another line, or that no header has
    (RFC 9110 section 5.5).
    """
    if not (token.isascii() and token.isprintable()):
        raise ValueUnquotable(
            "the token cannot stand in a header",
            cause="It holds a control character or a letter outside of ASCII.",
            fix="to see which: loopback-auth token --format json",
            form=form,
        )
    return f"Authorization: Bearer {token}"


def curl_config(token: str) -> str:
    r"""
    Return a line for `curl --config`, whose manual has it so: between double quotes, `\\` and `\"`
    are `\` and `"`.
    """
    quoted = header(token, form="curl").replace("\\", "\\\\").replace('"', '\\"')
    return f'header = "{quoted}"'
