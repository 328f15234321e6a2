"""What a system on one's own machine needs to know: secrets drawn once, ports, settings."""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from channels.accounts import read_accounts, settings_of
from channels.errors import ChannelSettingsError
from channels.registry import build
from reminders.servers import ports, state
from reminders.servers.embedded import Servers
from reminders.servers.errors import ServerError

SECRETS = "dev-secrets.json"
PORTS = "dev-ports.json"
PRODUCER = "billing"
OPERATOR = "operator"
KEY_ID = "dev"
# The providers' names in the settings' defaults; the carriers post receipts under them.
SMS_PROVIDER, EMAIL_PROVIDER = "sms-gateway", "smtp-relay"
# Two keys of 32 bytes as hex; the rest are tokens. The carriers read their own from this file.
PROVIDERS = "providers.json"  # JSON is YAML: every account, written when the carriers are up
KEYS = ("encryption_key", "hash_key")
TOKENS = (
    "producer_token",
    "inbox_key",
    "operator_token",
    "sms_token",
    "sms_receipts_secret",
    "email_receipts_secret",
    "control_token",
)


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the development system listens, all on 127.0.0.1."""

    http: int
    sms: int
    smtp: int
    control: int

    @property
    def http_url(self) -> str:
        return f"http://{ports.HOST}:{self.http}"


def load_secrets(data_dir: Path) -> dict[str, str]:
    """The folder's development secrets; what is missing is drawn and kept, readable by us alone."""
    path = data_dir / SECRETS
    known = {str(name): str(value) for name, value in state.read_private(path).items()}
    drawn = {name: secrets.token_hex(32) for name in KEYS}
    drawn |= {name: secrets.token_urlsafe(24) for name in TOKENS}
    complete = drawn | known
    if complete != known:
        state.write_private(path, complete)
    return complete


def choose_ports(data_dir: Path, http: int = 0) -> Ports:
    """The folder's ports, the same from run to run where they are free; `http=0` chooses one."""
    known = state.read_private(data_dir / PORTS)
    chosen = {name: ports.choose(known.get(name)) for name in ("sms", "smtp", "control")}
    chosen["http"] = http or ports.choose(known.get("http"))
    state.write_private(data_dir / PORTS, chosen)
    return Ports(**chosen)


def write_providers(
    data_dir: Path,
    everywhere: Mapping[str, object],
    own: Mapping[str, Mapping[str, object]] | None = None,
) -> None:
    """The providers' file of a system whose carriers are up, from what they say of themselves.

    `everywhere`: settings that each account gets whose adapter has them; `own`: those of the
    account with that name.
    """
    told = _told(data_dir / "sandbox" / "sandbox.json")
    accounts = [
        {
            "adapter": "sms-gateway",
            "name": told["sms_name"],
            "base_url": told["sms_url"],
            "token": told["sms_token"],
            "receipts_secret": told["sms_receipts_secret"],
        },
        {
            "adapter": "smtp",
            "name": told["email_name"],
            "host": told["smtp_host"],
            "port": told["smtp_port"],
            "sender": "bills@lender.example.com",
            "receipts_secret": told["email_receipts_secret"],
        },
        *cast("list[dict[str, object]]", told["accounts"]),
    ]
    theirs = own or {}
    found = [{**_with(each, everywhere), **theirs.get(str(each["name"]), {})} for each in accounts]
    state.write_private(data_dir / PROVIDERS, {"providers": found})


def _told(path: Path, within_s: float = 10) -> Mapping[str, object]:
    """What the carriers say: on the disk a moment after their first port answers."""
    deadline = time.monotonic() + within_s
    while not (told := state.read_private(path)):
        if time.monotonic() > deadline:
            raise ServerError("the simulated carriers did not say how they are reached")
        time.sleep(0.02)
    return told


def _with(account: Mapping[str, object], everywhere: Mapping[str, object]) -> dict[str, object]:
    fields = settings_of(str(account["adapter"]))
    return {**account, **{name: each for name, each in everywhere.items() if name in fields}}


def is_listened_to(provider_file: str | None) -> bool:
    """Whether some account of a providers' file speaks over a connection of ours.

    Raises `ServerError` where the file names no accounts that work.
    """
    if not provider_file:
        return False
    try:
        providers = build(read_accounts(Path(provider_file))).values()
        return any(hasattr(each, "listen") for each in providers)
    except ChannelSettingsError as error:
        raise ServerError(str(error)) from None


def environment(
    servers: Servers,
    drawn: Mapping[str, str],
    at: Ports,
    *,
    sandbox: bool,
    given: Mapping[str, str],
) -> dict[str, str]:
    """The settings of every process, as environment variables; what is `given` stays as it is.

    Without the sandbox carriers the providers' settings are left to the environment.
    """
    wanted = {
        "REMINDERS_ENCRYPTION_KEYS": json.dumps({KEY_ID: drawn["encryption_key"]}),
        "REMINDERS_HASH_KEY": drawn["hash_key"],
        "REMINDERS_PRODUCER_TOKENS": json.dumps({PRODUCER: drawn["producer_token"]}),
        "REMINDERS_INBOX_KEY": drawn["inbox_key"],
        "REMINDERS_OPERATOR_TOKENS": json.dumps({OPERATOR: drawn["operator_token"]}),
        "REMINDERS_CONSOLE_URL": f"http://{ports.HOST}:{at.http}",
    }
    if sandbox:
        receipts = {
            SMS_PROVIDER: drawn["sms_receipts_secret"],
            EMAIL_PROVIDER: drawn["email_receipts_secret"],
        }
        wanted |= {
            "REMINDERS_RECEIPT_SECRETS": json.dumps(receipts),
            "REMINDERS_SMS__NAME": SMS_PROVIDER,
            "REMINDERS_SMS__URL": f"http://{ports.HOST}:{at.sms}",
            "REMINDERS_SMS__TOKEN": drawn["sms_token"],
            "REMINDERS_EMAIL__NAME": EMAIL_PROVIDER,
            "REMINDERS_EMAIL__HOST": ports.HOST,
            "REMINDERS_EMAIL__PORT": str(at.smtp),
        }
    missing = {
        name: value
        for name, value in wanted.items()
        if name not in given and f"{name}_FILE" not in given
    }
    addresses = {"REDIS_URL": servers.redis_url, "DATABASE_URL": servers.database_url}
    return missing | addresses | {"PYTHONUNBUFFERED": "1"}
