"""HTML for whole pages: what is not made here is escaped, and nothing is fetched and nothing run."""

from __future__ import annotations

from socialconnect.markup import Html, joined
from socialconnect.sandbox import dice

__all__ = ["Html", "avatar", "hue", "icon", "joined", "mark", "tag"]

_VOID = {"hr", "input", "link", "meta"}
_HUES = {"github": 285, "google": 250, "notion": 60}  # the marks are our own: a letter and a colour, nobody's logo
_PATHS = {
    "check": "M3.5 8.5l3 3 6-7",
    "plus": "M8 3v10M3 8h10",
    "cross": "M4 4l8 8M12 4l-8 8",
    "alert": "M8 4v5M8 11.6v.4",
    "lock": "M5 7.2V5.4a3 3 0 0 1 6 0v1.8M4 7.2h8v5.6H4z",
    "link": "M6.6 9.4l2.8-2.8M7.4 4.6l.9-.9a2.7 2.7 0 0 1 4 4l-.9.9M8.6 11.4l-.9.9a2.7 2.7 0 0 1-4-4l.9-.9",
}


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """One element. Children are escaped unless they are Html, values always; None is left out, `_` in names means `-`.

    >>> tag("label", "1 < 2", for_="a", aria_hidden="true", hidden=False)
    '<label for="a" aria-hidden="true">1 &lt; 2</label>'
    """
    given = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{joined([str(value)])}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    inner = joined(child for child in children if child is not None)
    return Html(f"<{name}{given}>" if name in _VOID else f"<{name}{given}>{inner}</{name}>")


def icon(name: str) -> Html:
    """A small drawing that says nothing to those who hear the page."""
    path = tag("path", d=_PATHS[name])
    return tag("svg", path, class_="icon", viewBox="0 0 16 16", aria_hidden="true", focusable="false")


def hue(name: str) -> int:
    """The colour of a provider or a person, as an angle: always the same one."""
    return _HUES.get(name, dice.number("hue", name) % 360)


def mark(provider: str, title: str, size: str = "") -> Html:
    """A provider's mark: its first letter on its colour."""
    return _letter(title, provider, f"mark {size}".strip())


def avatar(name: str, size: str = "") -> Html:
    """A person's picture: the first letter of the name."""
    return _letter(name, name, f"mark round {size}".strip())


def _letter(text: str, colour: str, look: str) -> Html:
    letter = next((one for one in text if one.isalnum()), "?").upper()
    return tag("span", letter, class_=look, style=f"--hue: {hue(colour)}", aria_hidden="true")
