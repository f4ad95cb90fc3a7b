"""`login()`, `logout()`, `whoami()`: the secret key, typed once and unseen, and which instance it belongs to.

The key is checked before it is kept, and never shown. `vault.py` says where it can be kept, `settings.py` in which
order the places are asked.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import SecretStr

from socialconnect import portal, vault
from socialconnect.client import Client
from socialconnect.errors import InvalidKey, MissingKey, SetupError, SocialConnectError, UsageError
from socialconnect.http.send import unobserved
from socialconnect.markup import block, element, faint
from socialconnect.settings import KEY, Place, Settings, hide, places

if TYPE_CHECKING:
    from socialconnect.async_client import AsyncClient
    from socialconnect.markup import Html

_PATIENCE = 10.0  # seconds for the application's name, which is only pleasant to have
_PROMPT = "Clerk secret key (Dashboard, API keys; it is not shown): "
_GET_KEY = "Copy it from the Clerk Dashboard under API keys."
_FROM: dict[Place, str] = {
    "argument": "an argument",
    "process": "login() in this process",
    "environment": f"{KEY} in the environment",
    "dotenv": f"{KEY} in the file .env",
    "keyring": "the system keyring",
    "colab": "Colab's secrets",
    "sandbox": "the embedded world",
}
_HERE_ONLY = f"It is kept in the memory of this process alone; for scripts, set {KEY} in the environment."
_IN_COLAB = (
    f"Colab forgets it with this session. To keep it: the key at the left edge, add {KEY} and switch on its notebook "
    "access; no program can do that for you."
)


@dataclass(frozen=True, slots=True)
class Login:
    """The Clerk instance that a secret key belongs to, and where the key came from or is kept; the key is not in it.

    `instance` is the instance's id, `kind` `development` or `production`, `application` the name in the Dashboard
    (empty where it could not be had), `place` one of argument, process, environment, dotenv, keyring, colab and
    sandbox; `notes` are sentences for whoever logged in.
    """

    instance: str
    kind: str
    application: str = ""
    place: Place = "argument"
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The instance, as a sentence has it."""
        kind = f"{self.kind} instance" if self.kind else "instance of no known kind"
        return f"{self.application or 'an application'}, {kind} {self.instance}".rstrip()

    def __repr__(self) -> str:
        return f"<Login: {self}, key from {_FROM[self.place]}>"

    def _repr_html_(self) -> Html:
        """What a cell shows that ends with it."""
        name = element("b", self.application or "an application")
        kind = f", {self.kind} instance " if self.kind else ", instance "
        return block(name, kind, element("code", self.instance), " ", faint(f"key from {_FROM[self.place]}"))


def login(secret_key: str | SecretStr | None = None, *, store: bool | None = None, force: bool = False) -> Login:
    """Ask for the Clerk secret key where there is none yet, check it, and keep it: `Client()` then finds it.

    A key that is found already (see `Settings`) and that Clerk accepts is not asked for, so that a notebook that
    begins with this also runs where nobody can type; `force` asks all the same. What is typed is not shown.

    Parameters: `secret_key` gives the key instead of typing it: out of a variable, since what stands in a cell is
    saved; `store` keeps it in the system keyring (extra `keyring`) for later processes, one key whatever the instance;
    by default somebody who typed it is asked, where there is a keyring. It is never written to a file, and always kept
    in the memory of this process, where it comes before the environment. Scripts and jobs set CLERK_SECRET_KEY in the
    environment instead.

    Returns a Login: the instance's id, kind and application, and where the key is. Nothing is kept where this raises: a
    MissingKey where nobody can be asked, an InvalidKey where it is no secret key or Clerk does not accept it, a
    SetupError where `store=True` cannot be done, an Unavailable where Clerk cannot be reached.

    >>> import socialconnect as sc
    >>> sc.login(" ")
    Traceback (most recent call last):
    socialconnect.errors.MissingKey: No secret key was given. Copy it from the Clerk Dashboard under API keys.
    """
    given, secret_key = None if secret_key is None else _hidden(secret_key), None  # a traceback may show locals
    if store:
        vault.backend()  # what cannot be kept need not be typed
    if given is not None:
        return entered(given, store=bool(store))
    vault.ask_colab_again()
    refused = None
    if not force:
        try:
            if found := _found():
                return _stored(found) if store and found.place != "keyring" else found
        except InvalidKey as error:
            refused = error.with_traceback(None)
    return _typed(asked(refused), store)


def logout() -> list[Place]:
    """Forget the secret key in this process and in the system keyring.

    Clients that were made keep theirs; the environment, a `.env` file and Colab's secrets are left to who wrote them:
    `whoami()` says whether there is still a key. Returns where there was one: `process`, `keyring`. Raises a SetupError
    where the keyring does not let go of it.

    >>> import socialconnect as sc
    >>> sc.logout()  # doctest: +SKIP
    ['process', 'keyring']
    """
    forgotten: list[Place] = ["process"] if vault.remembered() else []
    vault.remember(None)
    return [*forgotten, "keyring"] if vault.drop() else forgotten


def whoami(client: Client | None = None) -> Login:
    """Which Clerk instance the secret key belongs to, and where the key came from; Clerk is asked.

    Parameters: `client`, whose key is meant; by default the one that `Client()` would find. Returns a Login: its
    `instance`, `kind`, `application` and `place`. Raises a MissingKey where there is no key, an InvalidKey where Clerk
    does not accept it.

    >>> import socialconnect as sc
    >>> sc.whoami(sc.sandbox(users=1)).kind
    'production'
    """
    if client is None:
        with Client() as own:
            return whoami(own)
    instance = client.instance()
    kind = instance.environment_type or ("production" if client.settings.production else "")
    application = portal.run(_application(client.aio), client.engine)
    return Login(instance.id, kind, application, _place(client))


def asked(refused: InvalidKey | None = None) -> SecretStr:
    """What somebody types, unseen; where nobody can, the error that a found key was refused with, or a MissingKey."""
    from socialconnect.notebook import keyboard  # noqa: PLC0415 - only where somebody is asked

    prompt = _PROMPT if refused is None else f"{refused.message} {_PROMPT}"
    try:
        return keyboard.secret(prompt)
    except MissingKey:
        if refused is None:
            raise
    raise refused


def entered(key: SecretStr, *, store: bool, checked: Login | None = None) -> Login:
    """Check a key unless that was done, and keep it: in this process, with `store` in the keyring too."""
    found = checked or _checked(key)
    kept = replace(found, place="process", notes=(_IN_COLAB if vault.in_colab() else _HERE_ONLY,))
    if store:
        kept = _stored(kept, key)
    vault.remember(key)
    return replace(kept, notes=(*kept.notes, *_before(key)))


def _found() -> Login | None:
    """Who the key belongs to that is found; None where none is. An InvalidKey says where the bad one is."""
    place = next((place for place, _ in places()), None)
    if place is None:
        return None
    try:
        return whoami()
    except MissingKey:  # a variable of blanks alone
        return None
    except InvalidKey as error:
        why, cure = f"{error.message} It came from {_FROM[place]}.", error.cure
    raise InvalidKey(why, cure=cure)


def _typed(key: SecretStr, store: bool | None) -> Login:  # noqa: FBT001 - None has whoever typed it asked
    """Take a key from somebody at the keyboard, who sees what becomes of it."""
    from socialconnect.notebook import keyboard  # noqa: PLC0415 - only where somebody is asked

    checked = _checked(key)
    keyboard.say(f"Clerk accepts the key: {checked}.")
    try:
        done = entered(key, store=_agreed() if store is None else store, checked=checked)
    except SetupError as error:
        if store:
            raise
        done = entered(key, store=False, checked=checked)
        done = replace(done, notes=(error.message, *done.notes))
    keyboard.say(" ".join(done.notes))
    return done


def _checked(key: SecretStr) -> Login:
    """Who a key belongs to; a MissingKey where it is empty, an InvalidKey where Clerk does not accept it."""
    if not key.get_secret_value().strip():
        raise MissingKey("No secret key was given.", cure=_GET_KEY)
    with Client(key) as client:
        return whoami(client)


def _stored(found: Login, key: SecretStr | None = None) -> Login:
    """With its key in the system keyring: the one given, or the one that was found."""
    before = vault.in_keyring()
    settings = Settings.make(secret_key=key)
    where = vault.keep(settings.key())
    replaced = " in place of another" if before is not None and not _same(before, settings.secret_key) else ""
    return replace(found, place="keyring", notes=(f"The key is kept in {where}{replaced}.",))


def _agreed() -> bool:
    """Whether whoever typed the key wants it in the keyring; nobody is asked where there is none."""
    from socialconnect.notebook import keyboard  # noqa: PLC0415 - only where somebody is asked

    try:
        where = vault.named(vault.backend())
    except SetupError:
        return False
    return keyboard.agreed(f"Keep it in {where}, for your other notebooks and scripts? [y/N] ")


def _before(key: SecretStr) -> list[str]:
    """What a new process would take instead, where that is another key."""
    return [
        f"{_FROM[place]} holds another key, which a new process takes first."
        for place, other in places()
        if place in ("environment", "dotenv") and not _same(other, key)
    ]


def _place(client: Client) -> Place:
    """The first place that has the client's key; where none has, somebody gave it."""
    if client.sandbox is not None:
        return "sandbox"
    return next((place for place, key in places() if _same(key, client.settings.secret_key)), "argument")


async def _application(client: AsyncClient) -> str:
    """The application's name, as the Frontend API tells everybody; empty where it cannot be had."""
    try:
        async with asyncio.timeout(_PATIENCE):
            frontend = await client._clerk.frontend(unobserved)  # noqa: SLF001 - the client's own way to Clerk
            return " ".join((await frontend.environment(unobserved)).application.split())
    except (SocialConnectError, TimeoutError):
        return ""


def _hidden(key: str | SecretStr) -> SecretStr:
    if not isinstance(key, str | SecretStr):
        raise UsageError(f"A secret key is given as text, not as {type(key).__name__}.", cure="Pass it as a str.")
    return hide(key) or SecretStr("")


def _same(one: SecretStr, other: SecretStr | None) -> bool:
    return other is not None and one.get_secret_value().strip() == other.get_secret_value().strip()
