"""The credit-card file is played as the demo plays it: the same people, the same events."""

from __future__ import annotations

from pathlib import Path

import pytest

from reminders.services.demo.credit_card_data import from_credit_card_data
from reminders.services.simulate.card_file import CardFile
from reminders.services.simulate.engine import simulate
from reminders.services.simulate.errors import BadInput
from reminders.services.simulate.facts import fact_of
from tests.unit.services.simulate.history import channel, model, policy

HEAD = (
    "ID,LIMIT_BAL,PAY_0,PAY_2,PAY_3,PAY_4,PAY_5,PAY_6,"
    + ",".join(f"BILL_AMT{n}" for n in range(1, 7))
    + ","
    + ",".join(f"PAY_AMT{n}" for n in range(1, 7))
    + ",default_next_month"
)
CLIENTS = 150  # more than one chunk


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    rows = [
        f"{n},50000,0,0,{2 * (n % 3)},0,0,0,"
        + ",".join(str(1000 + 7 * n + month) for month in range(6))
        + ","
        + ",".join(str(500 * (n % 4)) for _ in range(6))
        + ",0"
        for n in range(1, CLIENTS + 1)
    ]
    path = tmp_path / "cards.csv"
    path.write_text("\n".join([HEAD, *rows]) + "\n")
    return path


def test_everybody_has_the_events_of_the_demo(cards: Path) -> None:
    source = CardFile(cards, None, seed=1)
    people = {ref: facts for chunk in source.chunks() for ref, facts in chunk.people()}
    portfolio = from_credit_card_data(cards, None, seed=1)
    told: dict[str, set[tuple[str, str]]] = {}
    for each in portfolio.events:
        fact = fact_of(each.event)
        told.setdefault(fact.data["customer_id"], set()).add((fact.kind, fact.rank[1]))
    assert list(people) == [person.customer_id for person in portfolio.customers]
    assert source.total == CLIENTS
    assert {
        ref: {(fact.kind, fact.rank[1]) for fact in facts} for ref, facts in people.items()
    } == told


def test_only_so_many_rows_are_played_as_asked_for(cards: Path) -> None:
    assumed = model(in_app=channel())
    result = simulate(CardFile(cards, 5, seed=1), (policy(),), assumed)
    assert result.tallies[0].customers == 5
    assert sum(result.tallies[0].messages.values()) > 0


def test_a_file_that_is_another_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match="line 2 is not one of"):
        list(CardFile(path, None, seed=1).chunks())
