"""What a message meets is drawn from the declared model: the same fate for the same attempt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import SHIPPED
from reminders.domain.outcome import AttemptState
from reminders.services.simulate.errors import BadInput
from reminders.services.simulate.model import read_model
from tests.unit.services.simulate.history import channel, model

DRAWS = 4_000


def test_the_shipped_model_is_read_and_names_every_channel_of_the_shipped_policies() -> None:
    shipped = read_model(SHIPPED / "simulation" / "model.yaml")
    assert {"sms", "email", "in_app"} <= shipped.channels.keys()


def test_shares_come_out_as_declared() -> None:
    assumed = model(
        sms=channel(refused=0.1, delivered=0.6, undelivered=0.3, read=0.5, opts_out=0.05)
    )
    fates = [assumed.fate(f"C-{n}", "sms", "x", "r\0001") for n in range(DRAWS)]
    taken = [fate for fate in fates if fate.state is AttemptState.ACCEPTED]
    heard = [{state for _, state in fate.receipts} for fate in taken]

    def share(state: AttemptState) -> float:
        return sum(state in each for each in heard) / len(taken)

    assert len(taken) / DRAWS == pytest.approx(0.9, abs=0.02)
    assert share(AttemptState.DELIVERED) == pytest.approx(0.6, abs=0.03)
    assert share(AttemptState.UNDELIVERED) == pytest.approx(0.3, abs=0.03)
    assert share(AttemptState.READ) == pytest.approx(0.3, abs=0.03)
    quits = sum(fate.opts_out_after is not None for fate in taken) / len(taken)
    assert quits == pytest.approx(0.05, abs=0.015)


def test_an_unknown_address_stays_unknown_and_a_new_one_is_drawn_anew() -> None:
    assumed = model(sms=channel(unknown_address=0.5))

    def dead(customer: str, address: str, about: str) -> bool:
        return assumed.fate(customer, "sms", address, about).dead_contact

    for n in range(50):
        assert dead(f"C-{n}", "a", "r1") == dead(f"C-{n}", "a", "r2")
    assert any(dead(f"C-{n}", "a", "r") != dead(f"C-{n}", "b", "r") for n in range(50))


@given(st.text(min_size=1), st.text(), st.integers(-(2**63), 2**63 - 1))
def test_the_same_attempt_has_the_same_fate(customer: str, about: str, seed: int) -> None:
    assumed = replace(model(sms=channel(delivered=0.5, undelivered=0.3, read=0.5)), seed=seed)
    first = assumed.fate(customer, "sms", "", about)
    assert first == assumed.fate(customer, "sms", "", about)
    assert all(0 <= seconds <= 2 for seconds, _ in first.receipts)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[", "not YAML"),
        ("[" * 5000, "not YAML"),
        ("name: 2026-13-45", "not YAML: month must be in"),
        ("name: \udcff", "not YAML: 'utf-8' codec"),  # a byte that no letter begins with
        ("", "name: Field required"),
        ("[1, 2]", "name: Field required"),
        ("name: x", "version: Field required"),
        ("{name: x, version: 1, seed: 1, currency: TWD, channels: {}}", "channels: "),
    ],
)
def test_a_model_that_is_none_is_named_in_one_line(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "model.yaml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(BadInput, match=why) as caught:
        read_model(path)
    assert "\n" not in str(caught.value)
