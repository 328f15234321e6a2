"""Versions are frozen, activated, seen by what already runs, and taken back (policy as code)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from reminders.ledger import policies
from reminders.ledger.errors import LedgerError
from reminders.ledger.policies import Act
from reminders.ledger.schema import engine_for
from reminders.services.policy import book as books
from reminders.services.policy.activation import ActivationRefused, activate, rollback
from reminders.services.policy.book import PolicyBook, open_book
from reminders.services.policy.bundle import Sources
from reminders.services.policy.files import gather

SHIPPED = Path(books.__file__).parents[3] / "config" / "policies" / "default.yaml"
DEFAULT = gather(SHIPPED)
FIRST = DEFAULT.shape().version
NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = engine_for(database_url, pool_size=2)
    with made.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("DELETE FROM policy_activation"))
        connection.execute(text("DELETE FROM policy_version"))
    yield made
    made.dispose()


def raised(version: int, name: str = "default", applies: str = "", also: str = "") -> Sources:
    """The default policy as another version, in the same words otherwise."""
    words = DEFAULT.policy.replace("name: default", f"name: {name}")
    words = words.replace(f"version: {FIRST}", f"version: {version}", 1)
    words = words.replace("applies_to: {}", f"applies_to: {{{applies}}}")
    return Sources(words + also, DEFAULT.packs, DEFAULT.card)


def put(
    engine: Engine, sources: Sources, at: datetime = NOW, starts_at: datetime | None = None
) -> None:
    activate(engine, sources, now=at, actor="ana", reason="a trial", starts_at=starts_at)


def back(engine: Engine, name: str = "default", at: datetime = NOW) -> policies.Activation:
    return rollback(engine, name, now=at, actor="ben", reason="complaints rose")


def test_an_empty_ledger_starts_with_the_settings_policy_and_keeps_who_and_why(
    engine: Engine,
) -> None:
    book = open_book(engine, SHIPPED)
    assert book.active.label == f"default@{FIRST}"
    assert book.choose(NOW, "card", "TWD", "TW") is book.active
    open_book(engine, SHIPPED)
    with engine.connect() as connection:
        (act,) = policies.activations(connection)
    assert (act.act, act.actor, act.label) == (Act.START, "settings", f"default@{FIRST}")


def test_a_running_book_sees_an_activation_within_seconds(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books, "REFRESH_S", 300.0)
    book = open_book(engine, SHIPPED)
    assert book.active.version == FIRST
    put(engine, raised(FIRST + 1))
    assert book.active.version == FIRST  # it looks again only after a while
    monkeypatch.setattr(books, "REFRESH_S", 0.0)
    assert book.active.version == FIRST + 1
    assert book.get(f"default@{FIRST}").version == FIRST  # what was planned goes on as it was


def test_an_activation_ahead_starts_at_its_instant_of_business_time(engine: Engine) -> None:
    book = open_book(engine, SHIPPED)
    start = NOW + timedelta(days=7)
    put(engine, raised(FIRST + 1), starts_at=start)
    book.refresh()
    before = start - timedelta(microseconds=1)
    assert book.choose(before, "card", "TWD", "TW").version == FIRST
    assert book.choose(start, "card", "TWD", "TW").version == FIRST + 1
    assert book.choose(before, "card", "TWD", "TW").version == FIRST


def test_the_narrowest_policy_that_covers_a_bill_is_chosen_else_the_widest(engine: Engine) -> None:
    book = open_book(engine, SHIPPED)
    put(engine, raised(1, "cards", "product: [card]"))
    put(engine, raised(1, "cards-cn", "product: [card], jurisdiction: [CN]"))
    book.refresh()
    chosen = {
        (product, place): book.choose(NOW, product, "CNY", place).name
        for product in ("card", "loan")
        for place in ("CN", "TW")
    }
    assert chosen == {
        ("card", "CN"): "cards-cn",
        ("card", "TW"): "cards",
        ("loan", "CN"): "default",
        ("loan", "TW"): "default",
    }
    assert book.active.name == "default"


def test_a_rollback_goes_one_version_back_and_a_second_one_further(engine: Engine) -> None:
    book = open_book(engine, SHIPPED)
    put(engine, raised(FIRST + 1))
    put(engine, raised(FIRST + 2), NOW + timedelta(hours=1))
    for hour, version in ((2, FIRST + 1), (3, FIRST)):
        at = NOW + timedelta(hours=hour)
        assert back(engine, at=at).version == version
        book.refresh()
        assert book.choose(at, "card", "TWD", "TW").version == version
    with pytest.raises(ActivationRefused, match="the only policy"):
        back(engine, at=NOW + timedelta(hours=4))


def test_a_rollback_takes_back_what_has_not_started(engine: Engine) -> None:
    book = open_book(engine, SHIPPED)
    start = NOW + timedelta(days=7)
    put(engine, raised(FIRST + 1), starts_at=start)
    taken = back(engine)
    assert (taken.version, taken.starts_at) == (FIRST, start)
    book.refresh()
    assert book.choose(start, "card", "TWD", "TW").version == FIRST


def test_a_policy_without_a_version_before_is_withdrawn(engine: Engine) -> None:
    book = open_book(engine, SHIPPED)
    put(engine, raised(1, "cards", "product: [card]"))
    assert back(engine, "cards").act is Act.WITHDRAW
    book.refresh()
    assert book.choose(NOW, "card", "TWD", "TW").name == "default"


def test_what_is_refused_is_told(engine: Engine) -> None:
    open_book(engine, SHIPPED)
    with pytest.raises(LedgerError, match="with another text: raise its version"):
        put(engine, raised(FIRST, also="\njitter_minutes: 5\n"), starts_at=NOW + timedelta(1))
    with pytest.raises(ActivationRefused, match="in force already"):
        put(engine, DEFAULT)
    with pytest.raises(ActivationRefused, match="is past"):
        put(engine, raised(FIRST + 1), starts_at=NOW - timedelta(seconds=1))
    with pytest.raises(ActivationRefused, match="say why"):
        activate(engine, raised(FIRST + 1), now=NOW, actor="ana", reason=" ")
    with pytest.raises(ActivationRefused, match=r"no policy cards is in force; .*default"):
        back(engine, "cards")


def test_a_changed_file_with_the_same_version_does_not_start(
    engine: Engine, tmp_path: Path
) -> None:
    open_book(engine, SHIPPED)
    policy = raised(FIRST, also="\njitter_minutes: 5\n")
    with pytest.raises(LedgerError, match="raise its version"):
        PolicyBook(engine, policy.policy_of({}), policy.policy)


def test_a_raised_version_in_the_settings_file_waits_for_an_activation(
    engine: Engine, tmp_path: Path
) -> None:
    open_book(engine, SHIPPED)
    draft = tmp_path / "policies" / "default.yaml"
    draft.parent.mkdir()
    for folder in ("packs", "cards"):
        (tmp_path / folder).symlink_to(SHIPPED.parents[1] / folder)
    draft.write_text(raised(FIRST + 1).policy, encoding="utf-8")
    with capture_logs() as logs:
        book = open_book(engine, draft)
    assert book.active.version == FIRST
    (told,) = [each for each in logs if each["log_level"] == "warning" and "activate" in each]
    assert told["activate"] == f"reminders policy activate {draft}"
    draft.write_text(raised(FIRST + 1, also="\njitter_minutes: 5\n").policy, encoding="utf-8")
    open_book(engine, draft)  # a draft may still change


def test_no_act_is_rewritten(engine: Engine) -> None:
    open_book(engine, SHIPPED)
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.execute(text("UPDATE policy_activation SET actor = 'nobody'"))


def test_a_version_is_read_while_the_caller_holds_every_connection(
    engine: Engine, database_url: str
) -> None:
    """`explain` reads older versions within its own transaction, on a pool of one."""
    open_book(engine, SHIPPED)
    put(engine, raised(FIRST + 1))
    single = engine_for(database_url, pool_size=1)
    book = open_book(single, SHIPPED)
    with single.connect():
        assert book.get(f"default@{FIRST}").version == FIRST
        assert book.get(f"default@{FIRST + 1}").version == FIRST + 1
    single.dispose()
