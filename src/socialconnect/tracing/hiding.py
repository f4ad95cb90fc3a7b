"""What may be shown of an exchange: short, and with a mark in the place of whatever is or looks like a secret.

A value is hidden because it is known (every `Secret` alive), because of the name of its field, because of its shape,
or because it is long and no word: what is left is for people to read, and no machine needs all of it. The same value
has the same mark everywhere, so that a token can be followed from Clerk's answer to the request that it goes with.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from socialconnect.http.scrubbing import Scrubber, shape_in
from socialconnect.secret import SHORTEST, mark, marked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from socialconnect.reading.paths import Json

_LINES, _WIDE, _FAR = 40, 72, 200  # of an excerpt
_FIELDS, _ROWS, _TEXTS, _DEEP = 10, 1, 4, 4
_MOST = 4_000_000  # bytes
_READ = 10_000  # of one text; no more than its beginning is shown

_NAMED = re.compile(
    r"(?i)(token|jwt|ticket|secret|password|passcode|passphrase|nonce|cookie|signature|credential|assertion|verifier"
    r"|authorization|(?:api|secret|private|access|encryption)_?key|private_metadata|otp|__session|backup_code)s?$"
)
_PASSING = re.compile(r"(?i)^(code|state|dev_browser|__clerk_.*|session|client)$")  # secrets in an address or a form
_WORD = re.compile(r"[a-z]{1,12}(_[a-z]{1,12}){0,6}")  # what a code or a state is that is none
_ID = re.compile(r"(user|eac|idn|ins|dmn|org|orgmem|sess|client|sia|sua|sit)_[0-9A-Za-z]{1,40}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_OPAQUE = re.compile(r"[A-Za-z0-9_~+=.\-]{24,}")
_MARK = re.compile(r"\[(?:token|ticket|secret|secret key|hidden)(?: [0-9a-f]{6})?\]")
_ADDRESS = re.compile(r"https?://[^\s\"'<>\\]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")

# fields that tell most, where there are too many
_FIRST = {
    *("object", "id", "status", "verification", "external_accounts", "provider", "approved_scopes", "email_addresses"),
    *("email_address", "token", "expires_at", "scopes", "name", "login", "title", "username", "first_name"),
    *("last_name", "full_name", "sign_in", "session", "response", "errors"),
}
_ASKED = re.compile(r"accept|content-type|if-none-match|[a-z-]+-version")
_ANSWERED = re.compile(
    r"content-type|date|link|location|retry-after|[a-z-]*ratelimit[a-z-]*|x-(accepted-)?oauth-scopes|www-authenticate"
    r"|clerk-api-version|etag"
)


def hidden(value: str, kind: str = "hidden") -> str:
    """What stands in the place of a secret.

    >>> hidden("open sesame", "token") == hidden("open sesame", "token")
    True
    """
    return f"[{kind} {mark(value)}]"


def text(value: str) -> str:
    """Any text without what is or looks like a secret, on one line.

    >>> text("a word, and 0a1b2c3d4e5f60718293a4b5c6d7e8f9")[:20]
    'a word, and [hidden '
    """
    shown = _CONTROL.sub(" ", value[:_READ].encode("utf-8", "replace").decode())
    shown = _ADDRESS.sub(lambda found: address(found[0]), shown)
    return _plain(shown)


def address(url: str) -> str:
    """An address, readable: what its parameters carry for machines is hidden.

    >>> address("https://accounts.acme.example/sign-in?__clerk_ticket=abc&page=2")[-7:]
    '&page=2'
    """
    try:
        parts = urlsplit(url[:_READ])
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return hidden(url)
    path = "/".join(_plain(unquote(one)) for one in parts.path.split("/"))
    query = f"?{form(parts.query)}" if parts.query else ""
    after = f"#{form(parts.fragment) if '=' in parts.fragment else _plain(parts.fragment)}" if parts.fragment else ""
    scheme = f"{parts.scheme}://" if parts.netloc else ""
    return f"{scheme}{_plain(host)}{path}{query}{after}"


def form(query: str) -> str:
    """Parameters of an address or a form, readable; what only passes through (`code`, `state`) is hidden too."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return "&".join(f"{_plain(name)}={_parameter(name, value)}" for name, value in pairs)


def _parameter(name: str, value: str) -> str:
    kind = _kind(name) or ("secret" if _PASSING.match(name) and not _WORD.fullmatch(value[:_READ]) else "")
    return hidden(value, kind) if kind and value else text(value)


def asked(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """The headers of a request that may be shown; the token's own is not among them."""
    return [(name.lower(), text(value)) for name, value in headers.items() if _ASKED.fullmatch(name.lower())]


def answered(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """The headers of an answer that may be shown, and of what must not that it came."""
    shown = [(name, text(value)) for name, value in headers.items() if _ANSWERED.fullmatch(name)]
    if token := headers.get("authorization", "").removeprefix("Bearer ").strip():
        shown.append(("authorization", hidden(token, "token")))  # how the Frontend API renews a client's token
    if "set-cookie" in headers:
        shown.append(("set-cookie", "[secret]"))
    return shown


def body(content: bytes, kind: str, secrets: Iterable[str]) -> str:
    """An excerpt of a body; of what is neither JSON nor a form only its kind and size.

    Where one of `secrets` or the shape of one could still be read out of it, however it was encoded, nothing.
    """
    if not content:
        return ""
    shown = _body(content, kind.partition(";")[0].strip().lower())
    left = Scrubber(one for one in secrets if len(one) >= SHORTEST)
    if shape_in(_MARK.sub("", shown)) is not None or left.left(shown):
        return f"({len(content):,} bytes, not shown: something in it looks like a secret)"
    return shown


def _body(content: bytes, kind: str) -> str:
    if kind == "application/x-www-form-urlencoded":
        return form(content.decode("utf-8", "replace")).replace("&", "\n&")
    decoded = _decoded(content)
    if decoded is None:
        return f"({_short(text(kind)) or 'no content-type'}, {len(content):,} bytes)"
    lines = json.dumps(_excerpt(decoded, "", "", 0), indent=2, ensure_ascii=False).splitlines()
    more = [f"… {len(lines) - _LINES} more lines"] if len(lines) > _LINES else []
    return "\n".join([*lines[:_LINES], *more])


def shape(content: bytes) -> tuple[str, int | None]:
    """What a body is, and how many records are in it where it is a list."""
    decoded = _decoded(content)
    if decoded is None:
        return (f"{len(content):,} bytes" if content else "nothing"), None
    records = decoded.get("data") if isinstance(decoded, dict) else decoded
    if isinstance(records, list):
        return f"a list of {len(records):,}", len(records)
    if isinstance(decoded, dict):
        return f"an object with {len(decoded):,} fields", None
    return "a value", None


def _decoded(content: bytes) -> Json:
    """A body as JSON; None where it is none, or too long for anybody to look at."""
    if len(content) > _MOST:
        return None
    try:
        decoded: Json = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return decoded


def _excerpt(value: Json, name: str, kind: str, deep: int) -> Json:
    """The beginning of a value; all texts in what is called a secret (`kind`) are hidden."""
    kind = kind or _kind(name)
    if isinstance(value, dict):
        return _of_object(value, kind, deep)
    if isinstance(value, list):
        if deep >= _DEEP:
            return f"… a list of {len(value):,}"
        few = value[: _TEXTS if all(isinstance(one, str) for one in value[:_TEXTS]) else _ROWS]
        more: list[Json] = [f"… {len(value) - len(few):,} more"] if len(value) > len(few) else []
        return [*(_excerpt(one, name, kind, deep + 1) for one in few), *more]
    if isinstance(value, str):
        passing = name in ("code", "state") and not _WORD.fullmatch(value[:_READ])
        return hidden(value, kind or "secret") if value and (kind or passing) else _short(text(value))
    return f"[{kind}]" if kind and value is not None and not isinstance(value, bool) else value


def _of_object(value: dict[str, Json], kind: str, deep: int) -> Json:
    if deep >= _DEEP:
        return f"… an object with {len(value):,} fields"
    few = _telling(value)
    shown = {_short(text(key)): _excerpt(one, key, kind, deep + 1) for key, one in few}
    return {**shown, "…": f"{len(value) - len(few):,} more"} if len(value) > len(few) else shown


def _telling(value: dict[str, Json]) -> list[tuple[str, Json]]:
    """Of many fields those that tell most, in the order in which they came."""
    if len(value) <= _FIELDS:
        return [*value.items()]
    filled = {name for name, one in value.items() if one not in (None, "", [], {}, False)}
    first = [name for name in value if name in _FIRST] + [name for name in value if name in filled - _FIRST]
    chosen = set(first[:_FIELDS])
    return [(name, one) for name, one in value.items() if name in chosen]


def _kind(name: str) -> str:
    """What a name says that its value is, where that is a secret."""
    found = _NAMED.search(name)
    if found is None:
        return ""
    word = found[1].lower()
    return "token" if word in ("token", "jwt") else word if word == "ticket" else "secret"


def _plain(value: str) -> str:
    return _OPAQUE.sub(lambda found: _opaque(found[0]), _unshaped(marked(value)))


def _unshaped(value: str) -> str:
    return hidden(value) if shape_in(_MARK.sub("", value)) is not None else value


def _opaque(word: str) -> str:
    """A long word as it may stand: an id may, a sentence's word may, what mixes letters and digits may not."""
    known = _ID.fullmatch(word) or _UUID.fullmatch(word)
    mixed = re.search(r"\d", word) and re.search(r"[A-Za-z]", word)
    return hidden(word) if mixed and not known else word


def _short(value: str) -> str:
    most = _WIDE if "://" not in value else _FAR  # the end of an address tells what is asked for
    return value if len(value) <= most else f"{value[: most - 1]}…"
