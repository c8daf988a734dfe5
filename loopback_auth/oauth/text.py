"""Text from servers, browsers and files, made fit to print."""

SHOWN_CHARACTERS = 300
"""The most that is shown of one text: enough for any error_description that helps."""

# Cc and Cf hold the control, bidirectional and zero-width characters, Co and Cs what has no glyph,
# Zl and Zp line breaks.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})


# What a copied text may have around it and nobody sees; `str.strip` knows the blanks alone.
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"


def trimmed(text: str) -> str:
    """Return *text* without the blanks, line ends and invisible characters around it."""
    before = ""
    while before != text:
        before, text = text, text.strip().strip(_INVISIBLE)
    return text


def one_line(text: str, *, limit: int = SHOWN_CHARACTERS) -> str:
    """Return *text* as one line of at most *limit* printable characters."""
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return " ".join(text.split())
    import unicodedata

    head = text[: limit * 4]
    shown = "".join(" " if unicodedata.category(c) in _UNPRINTABLE else c for c in head)
    shown = " ".join(shown.split())
    return shown if len(shown) <= limit else shown[: limit - 3] + "..."


def duration_in_words(seconds: float, *, exactly: bool = False) -> str:
    """
    Return a length of time in the largest unit of which it has two, without the rest.

    *exactly*: in the largest of which it is a whole number.
    """
    for unit, length_s in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length_s and not (exactly and seconds % length_s):
            return f"{seconds // length_s:.0f} {unit}"
    return f"{seconds:g} s" if exactly else f"{int(seconds)} s"


def short(client_id: str) -> str:
    """Return *client_id* for a sentence: a UUID is whole, and 40 columns hold any."""
    return one_line(client_id, limit=36)


def is_variable_name(text: str) -> bool:
    """
    Return whether *text* can name an environment variable in every shell.

    POSIX.1-2017 section 8.1.
    """
    return text.isascii() and text.isidentifier()
