"""One frozen `Settings`, and where each value comes from.

In this order: an argument, the environment, a `.env` file in the working directory. The secret key has three more
places: what `login()` was given in this process comes right after an argument, since somebody chose it here and now;
the system keyring (with the `keyring` package installed) and Colab's secrets come last. Nothing is read before a
`Settings` is made.
"""

from __future__ import annotations

import ipaddress
import re
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings.exceptions import SettingsError

from socialconnect import vault
from socialconnect.errors import InvalidKey, MissingKey, UnknownName, UsageError
from socialconnect.markup import block, table
from socialconnect.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic.fields import FieldInfo

KEY = vault.KEY
Place = Literal["argument", "process", "environment", "dotenv", "keyring", "colab", "sandbox"]
"""Where a secret key came from."""

_GET_KEY = "Find it in the Clerk Dashboard under API keys; it begins with sk_test_ or sk_live_."


class Settings(BaseSettings):
    """Everything that can be set; each name but the key's is also `SOCIALCONNECT_<NAME>` in the environment.

    `secret_key` is the first of: an argument, what `login()` was given in this process, CLERK_SECRET_KEY in the
    environment or in a `.env` file, the system keyring, a Colab secret.

    `base_urls` puts another address in the place of an origin, for each host that can be called: self-hosted services,
    proxies, the sandbox. `budgets` does the same for limits (`{"https://api.clerk.com": "1000/10s"}`). `api_versions`
    chooses an older version of a provider's API (`{"notion": "2022-06-28"}`). `max_wait` is
    the longest wait, in seconds, for one request; `concurrency` the most requests under way at one host.

    `engine` says where synchronous calls run: on a background thread, or "nested", on the caller's own loop where one
    is running: see `enable_nested_asyncio`.

    `progress` shows how far a call is that takes longer than a second, in a cell or on a terminal; False shows
    nothing, True also writes lines to the log of a job that nobody watches.

    `cache` is a file, a folder or ":memory:" in which answers are kept, so that what has not changed is not sent again;
    nothing is kept by default. Each read still asks the provider: GitHub answers 304, which costs nothing of its
    limit. An answer is found again only with the same token, for the same account, under the same secret key. The file
    holds what the providers answered, so personal data, and is readable by you alone; tokens are never in it. What is
    not used for 30 days is dropped, and past 1 GiB what was used longest ago. It needs the extra `cache`.

    `hash_key` is what an export hashes personal columns with (`--hash-personal`): a secret of at least 32 bytes, the
    same for every export whose rows are to be joined. `openssl rand -hex 32` makes one. Whoever has it can find out
    whose rows are whose.

    `redirect_url` is where `connect(…, flow="native")` ends, an address that the Clerk instance allows: by default the
    user's page of its Account Portal.

    >>> Settings.make(max_wait=30).max_wait
    30.0
    """

    model_config = SettingsConfigDict(
        env_prefix="SOCIALCONNECT_",
        env_file=".env",
        env_ignore_empty=True,  # a CI secret that is not set is an empty variable
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    secret_key: SecretStr | None = Field(None, validation_alias=KEY)  # never SECRET_KEY, which is Django's
    base_urls: dict[str, str] = Field(default_factory=dict)
    budgets: dict[str, str] = Field(default_factory=dict)
    clerk_api_version: str = "2026-05-12"
    api_versions: dict[str, str] = Field(default_factory=dict)
    max_wait: float = Field(300.0, ge=0)
    timeout: float = Field(60.0, gt=0)
    attempts: int = Field(5, ge=1)
    concurrency: int = Field(80, ge=1, le=100)
    transport: Literal["auto", "httpx", "pyreqwest"] = "auto"
    engine: Literal["thread", "nested"] = "thread"
    progress: bool | None = None
    cache: str | Path = ""
    hash_key: SecretStr | None = None
    redirect_url: str = ""

    @classmethod
    def make(cls, **values: object) -> Settings:
        """Settings from the given values and the usual places; a UsageError names what is wrong."""
        for name in values:
            if name not in cls.model_fields:
                near = get_close_matches(name, cls.model_fields, n=1)
                hint = f"Did you mean {near[0]!r}?" if near else f"There is: {', '.join(cls.model_fields)}."
                raise UnknownName(f"There is no setting {name!r}.", cure=hint)
        try:
            # what pydantic cannot see from here: the values are checked by the call itself
            return cls(**{name: value for name, value in values.items() if value is not None})  # type: ignore[arg-type]
        except ValidationError as error:
            problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {_said(item['msg'])}" for item in error.errors())
        except (SettingsError, UnicodeDecodeError) as error:  # a variable that is not JSON, a .env in UTF-16
            problems = str(error)
        del values  # a traceback that shows locals would show the key
        raise UsageError(f"The settings are not right: {problems}.", cure="Mend the argument or the variable.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The places, first come first served."""
        del file_secret_settings
        return init_settings, _Process(settings_cls), env_settings, dotenv_settings, _Stored(settings_cls)

    @field_validator("base_urls")
    @classmethod
    def _safe(cls, base_urls: dict[str, str]) -> dict[str, str]:
        for origin, base in base_urls.items():
            check_address(base, f"base_urls[{origin!r}]")
        return {origin.rstrip("/"): base.rstrip("/") for origin, base in base_urls.items()}

    def key(self) -> Secret:
        """The Clerk secret key; a MissingKey or InvalidKey says where to put it."""
        # no local holds the value itself: a traceback may show locals
        if not self._key():
            raise MissingKey(
                "No Clerk secret key was found.",
                cure=f"Run sc.login(), set {KEY} in the environment or a .env file, or pass Client(secret_key=…). "
                f"{_GET_KEY} "
                "Without an account, sc.sandbox() gives a client on an embedded world.",
            )
        if self._key().startswith("pk_"):
            raise InvalidKey("This is a publishable key, not a secret key.", cure=_GET_KEY)
        if re.search(r"\s|[^!-~]", self._key()):
            raise InvalidKey("The secret key has a blank or a character that no key has.", cure=_GET_KEY)
        return Secret(self._key())

    def _key(self) -> str:
        return self.secret_key.get_secret_value().strip() if self.secret_key else ""

    @property
    def production(self) -> bool:
        """Whether the key is one of a production instance, with its higher limits."""
        return self._key().startswith("sk_live_")

    def _repr_html_(self) -> str:
        """What a cell shows that ends with it: every setting; of the key, only whether there is one."""
        values: dict[str, object] = {name: getattr(self, name) for name in type(self).model_fields}
        values["secret_key"] = "there is one" if self._key() else "none"
        values["hash_key"] = "there is one" if self.hash_key else ""
        rows = [(name, "" if value in (None, "", {}) else value) for name, value in values.items()]
        return block(
            table(
                ("setting", "value", ""), [(*row, "as set" if row[0] in self.model_fields_set else "") for row in rows]
            )
        )

    def __reduce__(self) -> NoReturn:
        raise TypeError("Settings hold a key, so they cannot be pickled")


def hide(key: str | SecretStr | None) -> SecretStr | None:
    """A key that shows itself nowhere; None where there is none."""
    return SecretStr(key) if isinstance(key, str) and key else key or None


def _said(message: str) -> str:
    return message.removeprefix("Value error, ").rstrip(".")


def check_address(address: str, what: str) -> None:
    """Refuse an address that a token must not be sent to: only https, or http on this machine."""
    if not _is_safe(address):
        raise UsageError(
            f"{what} is not an address that a token may be sent to.",
            cure="Use https://…, or http:// on this machine only.",
        )


def _is_safe(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if "@" in parts.netloc or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost.example.com")
    (True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Process(PydanticBaseSettingsSource):
    """The secret key that `login()` was given in this process."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """What pydantic-settings asks of a source; the key is the only value kept in such a place."""
        del field
        return self._look() if field_name == "secret_key" else None, KEY, False

    def __call__(self) -> dict[str, Any]:
        """Look only when nothing before this gave a key."""
        if self.current_state.get(KEY):
            return {}
        value, name, _ = self.get_field_value(Settings.model_fields["secret_key"], "secret_key")
        return {name: value} if value else {}

    def _look(self) -> SecretStr | None:
        return vault.remembered()


class _Stored(_Process):
    """The secret key out of the system keyring or Colab's secrets, where either is there."""

    def _look(self) -> SecretStr | None:
        return _from_keyring() or _from_colab()


def places() -> Iterator[tuple[Place, SecretStr]]:
    """Every place that holds a secret key, with it, in the order in which they are asked."""
    field = Settings.model_fields["secret_key"]
    looks: dict[Place, Callable[[], str | SecretStr | None]] = {
        "process": vault.remembered,
        "environment": lambda: EnvSettingsSource(Settings).get_field_value(field, "secret_key")[0],
        "dotenv": lambda: DotEnvSettingsSource(Settings).get_field_value(field, "secret_key")[0],
        "keyring": _from_keyring,
        "colab": _from_colab,
    }
    for place, look in looks.items():
        key = hide(look())
        if key is not None and key.get_secret_value().strip():
            yield place, key


def _from_keyring() -> SecretStr | None:
    return vault.in_keyring()


def _from_colab() -> SecretStr | None:
    return vault.colab_secret()
