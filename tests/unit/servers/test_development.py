"""Development secrets are drawn once; what the environment sets is never overridden."""

import json
from pathlib import Path

import pytest

from reminders.servers import development, providers
from reminders.servers.development import Ports, Servers
from reminders.servers.errors import ServerError

SERVERS = Servers("redis://here", "postgresql+psycopg://here/reminders")
AT = Ports(http=1, sms=2, smtp=3, control=4)


def test_secrets_are_drawn_once_and_completed_when_one_is_missing(tmp_path: Path) -> None:
    first = development.load_secrets(tmp_path)
    assert development.load_secrets(tmp_path) == first
    assert len(bytes.fromhex(first["encryption_key"])) == 32
    assert len(set(first.values())) == len(first)
    path = tmp_path / development.SECRETS
    path.write_text(json.dumps({"inbox_key": "kept"}))
    assert development.load_secrets(tmp_path)["inbox_key"] == "kept"
    assert set(development.load_secrets(tmp_path)) == set(first)


def test_ports_differ_from_each_other_and_stay(tmp_path: Path) -> None:
    first = development.choose_ports(tmp_path)
    assert development.choose_ports(tmp_path) == first
    assert development.choose_ports(tmp_path, http=8080).http == 8080


def test_the_environment_carries_addresses_secrets_and_carriers(tmp_path: Path) -> None:
    drawn = development.load_secrets(tmp_path)
    env = development.environment(SERVERS, drawn, AT, sandbox=True, given={})
    assert env["REDIS_URL"] == SERVERS.redis_url
    assert env["DATABASE_URL"] == SERVERS.database_url
    assert json.loads(env["REMINDERS_PRODUCER_TOKENS"]) == {"billing": drawn["producer_token"]}
    assert env["REMINDERS_SMS__URL"] == "http://127.0.0.1:2"
    assert env["REMINDERS_EMAIL__PORT"] == "3"


def test_what_is_given_directly_or_as_a_file_is_left_alone(tmp_path: Path) -> None:
    drawn = development.load_secrets(tmp_path)
    given = {"REMINDERS_HASH_KEY": "own", "REMINDERS_INBOX_KEY_FILE": "/run/secrets/inbox"}
    env = development.environment(SERVERS, drawn, AT, sandbox=True, given=given)
    assert "REMINDERS_HASH_KEY" not in env
    assert "REMINDERS_INBOX_KEY" not in env


def test_without_the_sandbox_the_providers_are_the_environments(tmp_path: Path) -> None:
    drawn = development.load_secrets(tmp_path)
    env = development.environment(SERVERS, drawn, AT, sandbox=False, given={})
    assert not any(name.startswith(("REMINDERS_SMS", "REMINDERS_EMAIL")) for name in env)


SMPP = {"adapter": "smpp", "host": "127.0.0.1", "port": 1, "system_id": "id", "source": "1069"}
RELAY = {"adapter": "smtp", "host": "127.0.0.1", "port": 1, "sender": "a@lender.example.com"}
RELAY |= {"receipts_secret": "secret"}
MAILBOX = {"verp_key": "key", "mailbox": "maildir:/var/mail/bounces"}


def _file(folder: Path, *accounts: object) -> str:
    path = folder / "given.yaml"
    path.write_text(json.dumps({"providers": accounts}))
    return str(path)


def test_a_listener_is_wanted_where_an_account_speaks_over_our_connection(tmp_path: Path) -> None:
    assert providers.is_listened_to(_file(tmp_path, SMPP))
    assert providers.is_listened_to(_file(tmp_path, RELAY | MAILBOX))
    assert not providers.is_listened_to(_file(tmp_path, RELAY))
    assert not providers.is_listened_to(None)


def test_a_providers_file_that_cannot_work_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="'smoke' is none of"):
        providers.is_listened_to(_file(tmp_path, {"adapter": "smoke"}))


def test_an_account_gets_what_is_meant_for_it_alone(tmp_path: Path) -> None:
    told: dict[str, object] = dict.fromkeys(("sms_url", "sms_token", "sms_receipts_secret"), "x")
    told |= {"smtp_host": "x", "smtp_port": 1, "email_receipts_secret": "x"}
    told |= {"sms_name": "gateway", "email_name": "relay", "accounts": [SMPP | {"name": "smpp"}]}
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox" / "sandbox.json").write_text(json.dumps(told))
    own = {"gateway": {"weight": 3.0}}
    providers.write_providers(tmp_path, {"rate_per_s": 9, "call_gap": 0}, own)
    written = json.loads((tmp_path / providers.PROVIDERS).read_text())["providers"]
    assert [each.get("weight") for each in written] == [3.0, None, None]
    assert [each["rate_per_s"] for each in written] == [9, 9, 9]
    assert not any("call_gap" in each for each in written)
