"""Every setting, in one typed and frozen model, loaded once and cross-checked at start."""

from __future__ import annotations

import json
import os
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSetting

from config.breaker import Breaker

Positive = Annotated[float, Field(gt=0)]
SHIPPED = Path(__file__).parent
# Of all that shares a worker nobody waits for much longer than this for a turn: a spike in one lane
# would else hold every child of it for minutes.
TURN_S = 20.0


class SettingsError(ValueError):
    """A setting is missing or wrong; the message names each one and says what to do."""


class NoSettings(SettingsError):
    """Nothing is set, and no system of one's own runs: one line says how to begin."""


class SmsGateway(BaseModel):
    """One HTTP JSON SMS gateway."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = "sms-gateway"
    url: str = "http://127.0.0.1:8091"
    token: SecretStr = SecretStr("")
    rate_per_s: Positive = 1000
    concurrency: Annotated[int, Field(ge=1, le=1000)] = 100
    timeout_s: Positive = 10


class SmtpRelay(BaseModel):
    """One SMTP relay."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = "smtp-relay"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8025
    user: str = ""
    password: SecretStr = SecretStr("")
    starttls: bool = False
    sender: str = "bills@lender.example.com"
    rate_per_s: Positive = 500
    concurrency: Annotated[int, Field(ge=1, le=100)] = 20
    timeout_s: Positive = 30


class Settings(BaseSettings):
    """All settings. Read from the environment as REMINDERS_<NAME> (nested: REMINDERS_SMS__URL).

    REDIS_URL and DATABASE_URL are read without the prefix. A secret may be given as a file:
    REMINDERS_ENCRYPTION_KEYS_FILE=/run/secrets/keys.
    """

    model_config = SettingsConfigDict(
        env_prefix="REMINDERS_", env_nested_delimiter="__", frozen=True, extra="ignore"
    )

    redis_url: Annotated[str, Field(validation_alias="REDIS_URL", repr=False)]
    database_url: Annotated[str, Field(validation_alias="DATABASE_URL", repr=False)]

    encryption_keys: dict[str, SecretStr]  # key id → 64 hex digits; the first encrypts
    hash_key: SecretStr  # keys the content hashes and address hashes
    producer_tokens: dict[str, SecretStr] = {}
    inbox_key: SecretStr
    receipt_secrets: dict[str, SecretStr] = {}

    metrics_token: SecretStr = SecretStr("")  # of the scraper; "": only this machine may look
    operator_tokens: dict[str, SecretStr] = {}  # who may work on tasks and look at operations
    task_webhook_url: str = ""  # is told of tasks for people, signed by Standard Webhooks
    task_webhook_secrets: SecretStr = SecretStr("")  # newest first, by spaces

    lender: str = "Example Credit"
    pay_url: str = "https://pay.example.com"
    console_url: str = ""  # where customers reach the preference page; "": under `pay_url`
    short_links: bool = False  # messages show `console_url`/p/… in place of `pay_url`/<bill>
    collects_for_others: bool = False  # a third-party collector: packs make it say so
    brands: dict[str, str] = {}  # product → brand whose own words its messages have
    policy_file: Path = SHIPPED / "policies" / "default.yaml"
    template_folder: Path = SHIPPED / "templates"
    provider_file: Path | None = None  # every provider account; without it the next two
    sms: SmsGateway = SmsGateway()
    email: SmtpRelay = SmtpRelay()

    clock: Literal["machine", "virtual"] = "machine"
    batch: Annotated[int, Field(ge=1, le=500)] = 500
    lease_s: Positive = 60
    gate_to_call_max_s: Positive = 1.0
    sweep_every_s: Positive = 5
    channel_down_after_s: Positive = 60  # of failing providers: then it is an incident
    breaker: Breaker = Breaker()  # when a provider is taken out, and how it comes back
    task_time_limit_s: Positive = 240
    visibility_timeout_s: Positive = 300
    restore_interval_s: Annotated[int, Field(ge=1, le=5)] = 5
    idle_claim_s: Positive = 15  # an event unread by a dead consumer is claimed after this
    http_max_body: Annotated[int, Field(ge=1024)] = 8 * 1024 * 1024
    history_days: Annotated[int, Field(ge=31)] = 400
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @model_validator(mode="after")
    def _times_fit(self) -> Self:
        longest = max(self.sms.timeout_s, self.email.timeout_s)
        rules = {
            f"lease_s ({self.lease_s:g}) must exceed every provider time-out ({longest:g})": (
                self.lease_s > longest
            ),
            f"gate_to_call_max_s ({self.gate_to_call_max_s:g}) must be below lease_s": (
                self.gate_to_call_max_s < self.lease_s
            ),
            "task_time_limit_s must be below visibility_timeout_s, or a task runs twice": (
                self.task_time_limit_s < self.visibility_timeout_s
            ),
            (
                f"lease_s must be at most {self.soft_time_limit_s - self.run_for_s:g}:"
                " a task's last claim ends within its soft time limit"
            ): self.run_for_s + self.lease_s <= self.soft_time_limit_s,
            "sweep_every_s must be at most 60": self.sweep_every_s <= 60,
            "DATABASE_URL must be a postgresql:// address": (
                self.database_url.startswith("postgresql")
            ),
            "REDIS_URL must start with redis://, rediss:// or unix://": (
                self.redis_url.startswith(("redis://", "rediss://", "unix://"))
            ),
            "short_links needs console_url: that is where they lead": (
                bool(self.console_url) or not self.short_links
            ),
            "task_webhook_url needs task_webhook_secrets: whsec_… keys with spaces between": (
                not self.task_webhook_url
                or _are_webhook_keys(self.task_webhook_secrets.get_secret_value())
            ),
            "encryption_keys must hold at least one key": bool(self.encryption_keys),
        }
        wrong = [line for line, holds in rules.items() if not holds]
        for key_id, key in self.encryption_keys.items():
            if not _is_key(key.get_secret_value()):
                wrong.append(f"encryption_keys.{key_id} must be 64 hex digits (32 bytes)")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @property
    def soft_time_limit_s(self) -> float:
        """After so long a task is asked to end; at `task_time_limit_s` it is killed."""
        return self.task_time_limit_s * 0.75

    @property
    def run_for_s(self) -> float:
        """After so long a task leaves what is left to another one."""
        return min(TURN_S, self.task_time_limit_s * 0.4)

    @property
    def sqlalchemy_url(self) -> str:
        """DATABASE_URL with the driver we use, whatever spelling it came in."""
        _, _, rest = self.database_url.partition("://")
        return f"postgresql+psycopg://{rest}"


def _is_key(text: str) -> bool:
    try:
        return len(bytes.fromhex(text)) == 32
    except ValueError:
        return False


def _are_webhook_keys(text: str) -> bool:
    """Without one a post would be signed by nobody, and tried again with every tick."""
    keys = [each.removeprefix("whsec_").rstrip("=") for each in text.split()]
    return bool(keys) and all(map(_is_base64, keys))


def _is_base64(text: str) -> bool:
    try:
        return bool(b64decode(text + "=" * (-len(text) % 4), validate=True))
    except ValueError:
        return False


def load(**overrides: Any) -> Settings:
    """Read the settings. Raises `SettingsError` with one line per wrong or missing value."""
    try:
        return Settings(**_from_files(), **overrides)
    except ValidationError as error:
        raise SettingsError(_lines(error)) from None
    except UnreadableSetting as error:
        # Its message names the field; the cause says what is wrong with the JSON, not its text.
        raise SettingsError(f"{error}: it must be JSON ({error.__cause__})") from None


def settings_from(environment: Mapping[str, str]) -> Settings:
    """The settings of a process that was started with this environment added to our own."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        return load()
    finally:
        os.environ.clear()
        os.environ.update(before)


def _lines(error: ValidationError) -> str:
    lines = []
    for wrong in error.errors():
        name = ".".join(str(part) for part in wrong["loc"]) or "settings"
        says = wrong["msg"].removeprefix("Value error, ")
        lines.append(f"{_variable(name)}: {says}")
    return "\n".join(lines)


def _variable(name: str) -> str:
    if name in {"REDIS_URL", "DATABASE_URL", "settings"}:
        return name
    return "REMINDERS_" + name.upper().replace(".", "__")


def _from_files() -> dict[str, Any]:
    """Secrets given as REMINDERS_<NAME>_FILE; REDIS_URL_FILE and DATABASE_URL_FILE too."""
    found: dict[str, Any] = {}
    for variable, path in os.environ.items():
        if not variable.endswith("_FILE"):
            continue
        name = variable.removesuffix("_FILE")
        if name in {"REDIS_URL", "DATABASE_URL"}:
            found[name] = _read(variable, path)
        elif name.startswith("REMINDERS_"):
            field = name.removeprefix("REMINDERS_").lower()
            if field not in {"policy"} and field in Settings.model_fields:
                found[field] = _value(field, variable, _read(variable, path))
    return found


def _value(field: str, variable: str, text: str) -> Any:
    """A file's text as its field wants it: JSON for the maps, plain text for the rest."""
    if field not in {"encryption_keys", "producer_tokens", "receipt_secrets", "operator_tokens"}:
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise SettingsError(f"{variable}: the file must hold a JSON object: {error}") from None


def _read(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{variable}: cannot read {path}: {error.strerror}") from None
