"""A breaker's rules as settings: the lender's by the environment, a provider's in its account."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from channels.accounts import read_accounts, read_rules
from channels.breaker_rules import BreakerRules
from channels.breaker_settings import NAMES, rules_with
from channels.errors import ChannelSettingsError
from config.breaker import Breaker

USUAL = BreakerRules()
ACCOUNT = (
    "  - {adapter: sms-gateway, name: a, base_url: 'http://127.0.0.1:1', token: t,"
    " receipts_secret: s"
)


def accounts(folder: Path, breaker: str) -> Path:
    path = folder / "providers.yaml"
    path.write_text(f"providers:\n{ACCOUNT}{breaker}}}\n", encoding="utf-8")
    return path


def test_the_settings_have_every_rule_and_its_usual_figure() -> None:
    assert set(Breaker.model_fields) == NAMES
    assert rules_with(USUAL, Breaker().model_dump()) == USUAL


def test_a_lender_changes_what_it_names() -> None:
    rules = rules_with(USUAL, Breaker(failed_share=0.4, cool_down_s=60).model_dump())
    assert rules == replace(USUAL, failed_share=0.4, cool_down=timedelta(seconds=60))


def test_a_provider_has_rules_of_its_own_in_its_account(tmp_path: Path) -> None:
    path = accounts(tmp_path, ", breaker: {failed_share: 0.5, steps: [0.2, 0.6]}")
    usual = replace(USUAL, told=70)
    assert read_rules(path, usual) == {"a": replace(usual, failed_share=0.5, steps=(0.2, 0.6))}
    assert [each.name for each in read_accounts(path)] == ["a"]


def test_an_account_without_any_has_none(tmp_path: Path) -> None:
    assert read_rules(accounts(tmp_path, ""), USUAL) == {}


@pytest.mark.parametrize(
    ("breaker", "says"),
    [
        ("{colour: 1}", "breaker.colour: is no rule of a breaker; there are busy_share, calm_s"),
        ("{failed_share: 1.5}", "breaker.failed_share: must be above 0 and at most 1"),
        ("{failed_share: no}", "breaker.failed_share: must be a number"),
        ("{failed_share: .nan}", "breaker.failed_share: must be above 0 and at most 1"),
        ("{probes: 2.5}", "breaker.probes: must be a whole number, 1 or more"),
        ("{probes: .inf}", "breaker.probes: must be a whole number, 1 or more"),
        ("{cool_down_s: 0}", "breaker.cool_down_s: must be above 0 seconds"),
        ("{cool_down_s: 1.0e+300}", "breaker.cool_down_s: must be above 0 seconds"),
        ("{quick_s: 2.5}", "breaker.quick_s: must be whole seconds"),
        ("{quick_s: 90}", "breaker.quick_s: must be at most window_s"),
        ("{steps: [0.5, 0.2]}", "breaker.steps: must be shares that rise, above 0 and below 1"),
        ("{steps: 0.5}", "breaker.steps: must be shares that rise, above 0 and below 1"),
        ("{cohort_s: 60}", "breaker.cohort_s: is one for all providers: set REMINDERS_BREAKER__"),
        ("often", "breaker: want rules by name, such as failed_share: 0.3"),
    ],
)
def test_a_wrong_rule_is_told_in_one_line(tmp_path: Path, breaker: str, says: str) -> None:
    path = accounts(tmp_path, f", breaker: {breaker}")
    with pytest.raises(ChannelSettingsError) as caught:
        read_rules(path, USUAL)
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{path}, entry 1: {says}")
