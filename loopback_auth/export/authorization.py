"""The `Authorization` header of a token, for `curl -H @-` and `curl --config -`."""

from __future__ import annotations

from ..errors import ValueUnquotable


def header(token: str, *, form: str = "headers") -> str:
    """
    Return the `Authorization` header of *token*, without a line end.

    Raises:
        ValueUnquotable: *token* has a character that begins another line, or that no header may
            have (RFC 9110 section 5.5).
    """
    if not (token.isascii() and token.isprintable()):
        raise ValueUnquotable(
            "the token cannot stand in a header",
            cause="It holds a control character or a letter outside of ASCII.",
            fix="to see which: `loopback-auth token {profile} --format json`",
            form=form,
        )
    return f"Authorization: Bearer {token}"


def curl_config(token: str) -> str:
    r"""
    Return the `Authorization` header of *token* as a line for `curl --config`.

    By curl's manual, `\\` and `\"` between double quotes are `\` and `"`.

    Raises:
        ValueUnquotable: As for `header`.
    """
    quoted = header(token, form="curl").replace("\\", "\\\\").replace('"', '\\"')
    return f'header = "{quoted}"'
