"""Rungs that want what their channel never says, or whose channel nobody serves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from reminders.domain.customer import ChannelName
from reminders.domain.policy import Confirm, Rung
from reminders.services.policy.findings import Finding, Rule, Severity, Subject

_C, _SAYS = ChannelName, Confirm
# What some provider of a channel says of a message, beside its acceptance; what customers do by
# themselves (follow the link, answer, pay) is told of every channel. Sources: docs/providers.
_TOLD: Final[Mapping[str, frozenset[Confirm]]] = {
    _C.SMS: frozenset({_SAYS.DELIVERED, _SAYS.READ}),
    _C.EMAIL: frozenset({_SAYS.READ}),  # the server took it, and may send it back yet
    _C.IN_APP: frozenset({_SAYS.READ}),
    _C.PUSH: frozenset({_SAYS.DELIVERED}),
    _C.VOICE: frozenset({_SAYS.DELIVERED}),
    _C.WECHAT: frozenset({_SAYS.DELIVERED}),
    _C.WHATSAPP: frozenset({_SAYS.DELIVERED, _SAYS.READ}),
    _C.WEBHOOK: frozenset(),  # a 2xx is all that a receiver says
    _C.APPRISE: frozenset(),
    _C.HUMAN_TASK: frozenset(),
}
_ALWAYS: Final = frozenset({Confirm.ACCEPTED, Confirm.ACTED})


def rung_findings(subject: Subject) -> Iterator[Finding]:
    """Each rung that waits for a word which never comes, and each that nobody could carry."""
    for tier, ladder in subject.policy.ladders.items():
        for number, rung in enumerate(ladder):
            # A channel without a row: whether it says so is its provider's to know.
            if rung.confirm not in _ALWAYS | _TOLD.get(rung.channel, frozenset(Confirm)):
                yield _finding(subject, str(tier), number, rung)
            if subject.served is not None and rung.channel not in subject.served:
                yield _unserved(subject, str(tier), number, rung)


def _unserved(subject: Subject, tier: str, number: int, rung: Rung) -> Finding:
    return Finding(
        subject.line("ladders", tier, number), Rule.NO_PROVIDER,
        f"ladders.{tier}.{number}: the settings name no provider of {rung.channel}",
        "name one in REMINDERS_PROVIDER_FILE, or take the rung out", Severity.WARNING,
    )  # fmt: skip


def _finding(subject: Subject, tier: str, number: int, rung: Rung) -> Finding:
    told = sorted(each.value for each in _ALWAYS | _TOLD[rung.channel])
    return Finding(
        subject.line("ladders", tier, number), Rule.NEVER_CONFIRMS,
        f"ladders.{tier}.{number}: nothing says of {rung.channel} that it was {rung.confirm};"
        " the next channel would be used as if it had failed",
        f"confirm: {', '.join(told)}", Severity.WARNING,
    )  # fmt: skip
