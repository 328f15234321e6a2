"""What can be said of risk and of kinds of message is a closed list, and it is the domain's."""

from __future__ import annotations

from typing import get_args

import pytest

from reminders.domain.customer import EVERY_KIND, ChannelName
from reminders.domain.kinds import MessageClass, MessageKind
from reminders.domain.scorecard import Feature
from reminders.events import EventError, fields, parse_event
from reminders.events.models import PreferenceChanged
from reminders.events.observed import RISK_BOUNDS
from tests.unit.events.samples import raw


def test_a_lender_can_tell_of_these_inputs_to_risk_and_no_others() -> None:
    """S1.6: opting out, protected traits and third parties' data cannot be expressed."""
    names = set(get_args(fields.RiskName))
    assert names == {"credit_limit", "autopay", "lender_score", "anomaly", "utilisation"}
    assert names <= {feature.value for feature in Feature}
    assert names == RISK_BOUNDS.keys()


@pytest.mark.parametrize(
    "name",
    [
        *("opted_out", "opt_out", "complaints", "channel_off"),
        *("age", "gender", "sex", "marriage", "education", "ethnicity", "religion", "health"),
        *("contacts_overdue", "family_score", "social_graph", "address_book", "employer"),
        *("late_count", "broken_promises", "repayment_status"),  # derived here, never told
        *("", "Credit_limit", "credit_limit "),
    ],
)
def test_what_must_not_be_an_input_cannot_be_said(name: str) -> None:
    """S1.6, and what is derived from the ledger is never overruled by an event."""
    with pytest.raises(EventError, match=r"data\.name: "):
        parse_event(raw("risk.observed", data_name=name))


def test_an_observation_carries_nothing_but_a_number_and_its_origin() -> None:
    with pytest.raises(EventError, match="Extra inputs"):
        parse_event(raw("risk.observed", data_gender="x"))


def test_every_kind_of_message_can_be_allowed_and_forbidden() -> None:
    """S4.24: no kind is out of the customer's reach to state; what may pass is the pack's."""
    assert set(get_args(fields.MessageKind)) == {EVERY_KIND, *map(str, MessageKind)}


def test_the_channels_and_classes_are_the_domains() -> None:
    assert set(get_args(fields.ChannelName)) == set(map(str, ChannelName))
    assert set(get_args(fields.ChannelName)) < set(get_args(fields.OutsideChannel))
    assert set(get_args(fields.OutsideClass)) < set(map(str, MessageClass))


@pytest.mark.parametrize("actor", [None, "", " "])
def test_a_change_without_an_actor_is_not_refused(actor: str | None) -> None:
    """S4.24: it is kept and waits for a person, so that nobody overlooks it."""
    data = parse_event(raw("preference.changed", data_actor=actor)).data
    assert isinstance(data, PreferenceChanged)
    assert not (data.actor or "").strip()


def test_no_choice_of_days_is_a_choice() -> None:
    assert parse_event(raw("preference.offsets_chosen", data_offsets=[]))
