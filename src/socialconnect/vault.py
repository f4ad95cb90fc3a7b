"""Where a secret key is kept, besides variables and `.env` files: in this process, in the system keyring, in Colab.

One key is kept in each, that of the last instance. A keyring's backend that writes a file in the clear is as good as
none. Colab's secrets are read only: Colab has no way to write them.
"""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from pydantic import SecretStr

from socialconnect.errors import MissingPackage, SetupError
from socialconnect.secret import Secret, scrub

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

KEY = "CLERK_SECRET_KEY"
SERVICE = "socialconnect"

_INSTEAD = f"Set {KEY} in the environment instead."
_IN_COLAB = f"Click the key at the left edge of Colab, add {KEY} and switch on its notebook access."
_NAMES = {
    "keyring.backends.macOS": "the macOS Keychain",
    "keyring.backends.Windows": "the Windows Credential Manager",
    "keyring.backends.SecretService": "the desktop's keyring",
    "keyring.backends.libsecret": "the desktop's keyring",
    "keyring.backends.kwallet": "KWallet",
}
_RECOMMENDED = 1  # from this priority on, keyring itself recommends a backend
_NOWHERE = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")  # the last keeps files of its own


class Backend(Protocol):
    """What the keyring package asks of a backend."""

    @property
    def priority(self) -> float:
        """How much keyring thinks of it."""

    def get_password(self, service: str, username: str) -> str | None:
        """What is kept under that name."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""

    def delete_password(self, service: str, username: str) -> None:
        """Keep it no longer."""


_process: SecretStr | None = None


def remembered() -> SecretStr | None:
    """The key that this process keeps in memory, if any; a child by fork has it too."""
    return _process


def remember(key: SecretStr | None) -> None:
    """Keep a key in the memory of this process, or none any longer."""
    global _process  # noqa: PLW0603 - there is one per process: every client made from now on takes it
    _process = key


def in_keyring() -> SecretStr | None:
    """The key in the system keyring; None where there is none, no backend, or the package is not installed."""
    try:
        keyring, errors = _keyring()
    except ImportError:
        return None
    try:
        return SecretStr(keyring.get_password(SERVICE, KEY) or "") or None
    except (errors.KeyringError, ImportError, AttributeError, OSError, RuntimeError):
        # a container has no backend, or the one that is configured cannot be had: then there is no key here
        return None


def backend() -> Backend:
    """What can keep a key; a SetupError where there is nothing, or only what would write it in the clear."""
    cure = _IN_COLAB if in_colab() else _INSTEAD
    good, why = None, "There is no system keyring here that would keep a key safe."
    try:
        good = next(filter(_is_safe, _backends(_keyring()[0])), None)
    except ImportError as error:
        if error.name == "keyring":
            install = "" if in_colab() else "pip install 'socialconnect[keyring]', or: "
            raise MissingPackage("The package keyring is not installed.", cure=f"{install}{cure}") from None
        why = f"The system keyring cannot be used: {error}."
    except Exception as error:  # noqa: BLE001 - a backend that was configured may fail as it likes
        why = f"The system keyring cannot be used: {error or type(error).__name__}."
    if good is None:
        raise SetupError(why, cure=cure)
    return good


def named(one: Backend) -> str:
    """What people call a backend."""
    return _NAMES.get(type(one).__module__, "the system keyring")


def keep(key: Secret) -> str:
    """Keep a key in the system keyring, in place of the one before; where, in words. Raises what `backend` raises."""
    one = backend()
    try:
        one.set_password(SERVICE, KEY, key.reveal())
        why = "" if one.get_password(SERVICE, KEY) == key.reveal() else "it did not give back what it was given"
    except Exception as error:  # noqa: BLE001 - whatever it is, its frames hold the key: it goes no further
        why = scrub(str(error)) or type(error).__name__
    if why:
        raise SetupError(f"The key could not be kept in {named(one)}: {why}.", cure=_INSTEAD)
    return named(one)


def drop() -> bool:
    """Take the key out of the system keyring; whether there was one. A SetupError where it cannot be taken out."""
    try:
        keyring, errors = _keyring()
    except ImportError:
        return False
    had, why = False, ""
    try:
        for one in _backends(keyring):
            if one.get_password(SERVICE, KEY) is not None:
                one.delete_password(SERVICE, KEY)
                had = True
    except errors.NoKeyringError:
        return False
    except Exception as error:  # noqa: BLE001 - as above
        why = scrub(str(error)) or type(error).__name__
    if why:
        raise SetupError(
            f"The key could not be taken out of the system keyring: {why}.",
            cure=f"Remove the entry {SERVICE!r} there by hand.",
        )
    return had


def in_colab() -> bool:
    """Whether this is Colab: its package can be imported elsewhere too, and then its secrets hang."""
    return "google.colab" in sys.modules


def colab_secret() -> SecretStr | None:
    """The key among Colab's secrets, where this is Colab; asked for once, since each asking may wait for a click."""
    global _colab  # noqa: PLW0603 - there is one notebook per process
    if not in_colab():
        return None
    with _asking:  # not safe for several threads
        if _colab is None:
            _colab = _from_colab()
        return _colab or None


def ask_colab_again() -> None:
    """Forget what Colab answered: its owner may have given the secret, or access to it, since."""
    global _colab  # noqa: PLW0603 - as above
    _colab = None


_asking = threading.Lock()
_colab: SecretStr | None = None  # empty once it was asked for in vain


def _from_colab() -> SecretStr:
    userdata = import_module("google.colab.userdata")
    try:
        return SecretStr(userdata.get(KEY) or "")
    except (userdata.SecretNotFoundError, userdata.NotebookAccessError, userdata.TimeoutException):
        return SecretStr("")


def _keyring() -> tuple[ModuleType, Any]:
    return import_module("keyring"), import_module("keyring.errors")


def _backends(keyring: ModuleType) -> list[Backend]:
    """The backend, or those that it tries in turn."""
    one = keyring.get_keyring()
    return list(cast("Iterable[Backend]", getattr(one, "backends", None) or [one]))


def _is_safe(one: Backend) -> bool:
    """Whether it keeps a key, and not in the clear."""
    kind = type(one)
    told = f"{kind.__module__}.{kind.__qualname__}"
    return one.priority >= _RECOMMENDED and not told.startswith(_NOWHERE) and "plain" not in told.lower()
