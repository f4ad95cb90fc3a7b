"""Reads a page as a person does who has no script: its title, its text, its forms with their buttons, its links."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_LINES = {"button", "dd", "details", "div", "dl", "dt", "fieldset", "footer", "form", "h1", "h2", "h3", "header"} | {
    "label",
    "legend",
    "li",
    "main",
    "p",
    "section",
    "summary",
    "ul",
}
_UNSEEN = {"head", "script", "style", "svg"}
_VOID = {"br", "hr", "img", "input", "link", "meta", "path"}


@dataclass
class Field:
    """One field of a form; `on` says whether it is sent as the form stands."""

    name: str
    kind: str
    value: str
    on: bool


@dataclass
class Button:
    """One button with the words that name it, hidden ones included."""

    label: str
    name: str
    value: str
    form: Written


@dataclass
class Written:
    """One form as it was written; without an `action` it goes to the page's own address."""

    method: str
    action: str | None
    fields: list[Field] = field(default_factory=list)


class Sheet(HTMLParser):
    """What is on a page.

    >>> Sheet("<title>A</title><form><button name=x value=1>Go <b>on</b></button></form>").buttons[0].label
    'Go on'
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.title = ""
        self.buttons: list[Button] = []
        self.fields: list[Field] = []
        self.links: dict[str, str] = {}
        self._text: list[str] = []
        self._words: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self._ended = False
        self._form: Written | None = None
        self._button: Button | None = None
        self._address = ""
        self.feed(text)
        self.close()

    @property
    def text(self) -> str:
        """What the page is about, a line for each part: its main part, without what all pages have around it."""
        lines = (" ".join(line.split()) for line in "".join(self._text).split("\n"))
        return "\n".join(line for line in lines if line)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Something begins."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Written(given.get("method", "get").lower(), given.get("action"))
        elif tag == "input":
            self._field(given)
        elif tag == "button" and self._form is not None:
            self._button = Button("", given.get("name", ""), given.get("value", ""), self._form)
            self.buttons.append(self._button)
        elif tag == "a":
            self._address = given.get("href", "")
        if tag in ("a", "button"):
            self._words = []
        if tag == "main":
            self._text = []
        if tag in _LINES:
            self._text.append("\n")
        if tag not in _VOID:
            unseen = tag in _UNSEEN or given.get("aria-hidden") == "true"
            self._open.append((tag, unseen or (bool(self._open) and self._open[-1][1])))

    def handle_endtag(self, tag: str) -> None:
        """Something ends."""
        while self._open and self._open.pop()[0] != tag:
            pass
        words = " ".join("".join(self._words).split())
        if tag == "button" and self._button is not None:
            self._button.label, self._button = words, None
        elif tag == "a" and self._address:
            self.links[words], self._address = self._address, ""
        elif tag == "form":
            self._form = None
        self._ended = self._ended or tag == "main"
        if tag in _LINES:
            self._text.append("\n")

    def handle_data(self, data: str) -> None:
        """Words."""
        if any(name == "title" for name, _ in self._open):
            self.title += data
        elif not self._open or not self._open[-1][1]:
            self._words.append(data)
            if not self._ended:
                self._text.append(data)

    def _field(self, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        on = kind not in ("checkbox", "radio") or "checked" in given
        found = Field(given.get("name", ""), kind, given.get("value", ""), on)
        self.fields.append(found)
        if self._form is not None:
            self._form.fields.append(found)
