"""A wrong setting is told in one clear line, and no secret is ever shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from channels.webhook.signing import key_of
from config.settings import Settings, SettingsError, load

KEY = "ab" * 32
GOOD = {
    "REDIS_URL": "redis://:redis-password@127.0.0.1/0",
    "DATABASE_URL": "postgresql://user:database-password@127.0.0.1/bills",
    "REMINDERS_ENCRYPTION_KEYS": f'{{"k1": "{KEY}"}}',
    "REMINDERS_HASH_KEY": "hash-secret",
    "REMINDERS_INBOX_KEY": "inbox-secret",
    "REMINDERS_PRODUCER_TOKENS": '{"billing": "producer-secret"}',
    "REMINDERS_RECEIPT_SECRETS": '{"sms-gateway": "receipt-secret"}',
    "REMINDERS_SMS__TOKEN": "sms-secret",
    "REMINDERS_EMAIL__PASSWORD": "email-secret",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test says, whatever the machine's own environment holds."""
    for name in list(os.environ):
        if name.startswith("REMINDERS_") or name in {"REDIS_URL", "DATABASE_URL"}:
            monkeypatch.delenv(name)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)


def refused() -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load()
    return str(caught.value).splitlines()


def test_the_good_ones_load_and_are_frozen() -> None:
    settings = load()
    assert settings.sms.token.get_secret_value() == "sms-secret"
    assert settings.sqlalchemy_url.startswith("postgresql+psycopg://user:")
    with pytest.raises(ValueError, match="frozen"):
        settings.batch = 7  # type: ignore[misc]  # what must fail


def test_the_breakers_rules_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMINDERS_BREAKER__FAILED_SHARE", "0.4")
    monkeypatch.setenv("REMINDERS_BREAKER__STEPS", "[0.2, 0.6]")
    breaker = load().breaker
    assert (breaker.failed_share, breaker.steps, breaker.probes) == (0.4, (0.2, 0.6), 8)


@pytest.mark.parametrize("name", ["QUICK_S", "PAUSE_MAX_S", "PROBES"])
@pytest.mark.parametrize("value", ["inf", "40000000000"])
def test_a_breakers_rule_beyond_all_measure_is_told_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"REMINDERS_BREAKER__{name}", value)
    with pytest.raises(SettingsError, match=f"REMINDERS_BREAKER__{name}"):
        load()


def test_no_secret_is_in_what_is_printed() -> None:
    settings = load()
    shown = f"{settings!r} {settings} {settings.sms!r} {settings.email} {settings.encryption_keys}"
    secrets = [value for name, value in GOOD.items() if name.endswith(("KEY", "TOKEN", "PASSWORD"))]
    secrets += [KEY, "redis-password", "database-password", "producer-secret", "receipt-secret"]
    assert [secret for secret in secrets if secret in shown] == []


@pytest.mark.parametrize("name", ["REDIS_URL", "DATABASE_URL", "REMINDERS_HASH_KEY"])
def test_a_missing_one_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    assert refused() == [f"{name}: Field required"]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("REMINDERS_BATCH", "501", "REMINDERS_BATCH: Input should be less than or equal to 500"),
        ("REMINDERS_LEASE_S", "soon", "REMINDERS_LEASE_S: Input should be a valid number"),
        ("REMINDERS_CLOCK", "sundial", "REMINDERS_CLOCK: Input should be 'machine' or 'virtual'"),
        ("REMINDERS_SMS__TIMEOUT_S", "-1", "REMINDERS_SMS__TIMEOUT_S: Input should be greater"),
        ("REMINDERS_SMS__COLOUR", "red", "REMINDERS_SMS__COLOUR: Extra inputs"),
        ("REMINDERS_LEASE_S", "20", "lease_s (20) must exceed every provider time-out (30)"),
        ("REMINDERS_GATE_TO_CALL_MAX_S", "60", "gate_to_call_max_s (60) must be below lease_s"),
        ("REMINDERS_TASK_TIME_LIMIT_S", "300", "must be below visibility_timeout_s"),
        ("REMINDERS_SWEEP_EVERY_S", "61", "sweep_every_s must be at most 60"),
        ("REMINDERS_ENCRYPTION_KEYS", "{}", "encryption_keys must hold at least one key"),
        ("REMINDERS_ENCRYPTION_KEYS", '{"k": "short"}', "encryption_keys.k must be 64 hex digits"),
        (
            "REMINDERS_BREAKER__FAILED_SHARE",
            "1.5",
            "REMINDERS_BREAKER__FAILED_SHARE: Input should be less than or equal to 1",
        ),
        ("REMINDERS_BREAKER__COLOUR", "red", "REMINDERS_BREAKER__COLOUR: Extra inputs"),
        ("REMINDERS_BREAKER__QUICK_S", "90", "REMINDERS_BREAKER: quick_s must be at most window_s"),
        ("REMINDERS_BREAKER__STEPS", "[0.5, 0.2]", "REMINDERS_BREAKER: steps must rise"),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL must be a postgresql:// address"),
        ("REDIS_URL", "http://x", "REDIS_URL must start with redis://"),
    ],
)
def test_a_wrong_one_is_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    (line,) = refused()
    assert says in line


def test_secrets_may_stand_in_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    files = {"REDIS_URL": "redis://x/1\n", "REMINDERS_HASH_KEY": "from-file\n"}
    files["REMINDERS_ENCRYPTION_KEYS"] = f'{{"k2": "{KEY}"}}'
    for name, text in files.items():
        monkeypatch.delenv(name)
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        monkeypatch.setenv(f"{name}_FILE", str(path))
    settings = load()
    assert settings.redis_url == "redis://x/1"
    assert settings.hash_key.get_secret_value() == "from-file"
    assert list(settings.encryption_keys) == ["k2"]


def test_a_file_that_is_away_or_no_json_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REMINDERS_HASH_KEY_FILE", str(tmp_path / "away"))
    assert "REMINDERS_HASH_KEY_FILE: cannot read" in refused()[0]
    monkeypatch.delenv("REMINDERS_HASH_KEY_FILE")
    broken = tmp_path / "keys"
    broken.write_text("{secret", encoding="utf-8")
    monkeypatch.setenv("REMINDERS_ENCRYPTION_KEYS_FILE", str(broken))
    (line,) = refused()
    assert line.startswith("REMINDERS_ENCRYPTION_KEYS_FILE: the file must hold a JSON object")
    assert "{secret" not in line


def test_every_setting_has_a_default_or_is_asked_for() -> None:
    required = {name for name, field in Settings.model_fields.items() if field.is_required()}
    assert required == {"redis_url", "database_url", "encryption_keys", "hash_key", "inbox_key"}


def test_a_map_that_is_no_json_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMINDERS_ENCRYPTION_KEYS", "{bad")
    with pytest.raises(SettingsError, match=r"encryption_keys.*JSON"):
        load()


def test_short_links_lead_to_the_console(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMINDERS_SHORT_LINKS", "true")
    assert any("short_links needs console_url" in line for line in refused())
    monkeypatch.setenv("REMINDERS_CONSOLE_URL", "https://b.example.com")
    monkeypatch.setenv("REMINDERS_BRANDS", '{"bnpl": "acme"}')
    settings = load()
    assert settings.short_links
    assert settings.brands == {"bnpl": "acme"}


@pytest.mark.parametrize(
    ("secrets", "good"),
    [
        ("", False),
        ("whsec_", False),
        ("whsec_!", False),
        ("whsec_MDEyMzQ1Njc4OWFiY2RlZg== whsec_A", False),
        ("whsec_MDEyMzQ1Njc4OWFiY2RlZg==", True),
        ("whsec_MDEyMzQ1Njc4OWFiY2RlZg whsec_b2xkIGtleSBvbGQga2V5", True),
    ],
)
def test_whoever_is_told_of_tasks_is_told_so_by_signed_posts(
    monkeypatch: pytest.MonkeyPatch, secrets: str, good: bool
) -> None:
    monkeypatch.setenv("REMINDERS_TASK_WEBHOOK_SECRETS", secrets)
    assert load().task_webhook_url == "", "without an address nobody wants them"
    monkeypatch.setenv("REMINDERS_TASK_WEBHOOK_URL", "https://tickets.example.com/in")
    if good:
        settings = load()
        assert all(map(key_of, settings.task_webhook_secrets.get_secret_value().split()))
    else:
        assert any("task_webhook_url needs task_webhook_secrets" in line for line in refused())


@pytest.mark.parametrize(("limit_s", "turn_s"), [("240", 20.0), ("15", 6.0)])
def test_no_task_holds_a_worker_for_long(
    monkeypatch: pytest.MonkeyPatch, limit_s: str, turn_s: float
) -> None:
    """However long one may last before it is killed: the other lanes wait for their turn."""
    monkeypatch.setenv("REMINDERS_TASK_TIME_LIMIT_S", limit_s)
    monkeypatch.setenv("REMINDERS_LEASE_S", "4")
    monkeypatch.setenv("REMINDERS_SMS__TIMEOUT_S", "1")
    monkeypatch.setenv("REMINDERS_EMAIL__TIMEOUT_S", "1")
    assert load().run_for_s == pytest.approx(turn_s)
