"""The first form of a page, as a browser reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(slots=True)
class Form:
    """A form: where it goes, its fields, and its buttons as pairs of name and value."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    asks_password: bool = False
    submits_itself: bool = False


def read_form(html: str) -> Form | None:
    """Return the first form of *html* that is posted, or `None`."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.form


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.form: Form | None = None
        self._is_inside = False
        self._is_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self._is_script = tag == "script"
        if tag == "form" and self.form is None and attributes.get("method", "").lower() == "post":
            self.form, self._is_inside = Form(attributes.get("action", "")), True
        elif self.form is not None and self._is_inside:
            _take(self.form, tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        self._is_script = False
        self._is_inside = self._is_inside and tag != "form"

    def handle_data(self, data: str) -> None:
        if self._is_script and self.form is not None and ".submit()" in data:
            self.form.submits_itself = True


def _take(form: Form, tag: str, attributes: dict[str, str]) -> None:
    name, kind = attributes.get("name", ""), attributes.get("type", "").lower()
    if tag == "button" or (tag == "input" and kind == "submit"):
        form.buttons.append((name, attributes.get("value", "")))
    elif tag == "input" and name and (kind not in {"checkbox", "radio"} or "checked" in attributes):
        form.fields[name] = attributes.get("value", "")
        form.asks_password = form.asks_password or kind == "password"
