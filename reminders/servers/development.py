"""What a system on one's own machine needs to know: secrets drawn once, ports, settings."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reminders.servers import ports, state

SECRETS = "dev-secrets.json"
PORTS = "dev-ports.json"
PRODUCER = "billing"
OPERATOR = "operator"
KEY_ID = "dev"
# The providers' names in the settings' defaults; the carriers post receipts under them.
SMS_PROVIDER, EMAIL_PROVIDER = "sms-gateway", "smtp-relay"
# Two keys of 32 bytes as hex; the rest are tokens. The carriers read their own from this file.
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
class Servers:
    """Where the two servers are, embedded or given. Both addresses contain a password."""

    redis_url: str
    database_url: str


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
