"""The channel to use now: the first rung open to us by opt-out, consent, health, hours and caps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from reminders.domain.caps import Blocked, first_blocked
from reminders.domain.case import CHANNEL_RULE, NO_PROVIDER, REFUSED, WORDS_RULE, Case
from reminders.domain.compliance import Mandate, Rules
from reminders.domain.customer import ChannelName, ContactHealth, ContactPoint
from reminders.domain.decision import Decision, Defer, Exhaust, Expire, Reason, Suppress
from reminders.domain.escalation import spent
from reminders.domain.hours import is_open, opens_at
from reminders.domain.kinds import DATED
from reminders.domain.policy import Rung
from reminders.domain.usage import PASSIVE, Contact

Choice = tuple[Rung, Contact]
LOOK_AGAIN: Final = timedelta(minutes=1)  # at channels of which none takes anything
LOOK_AGAIN_AT_LEAST: Final = timedelta(minutes=10)
# Read once: in CPython 3.11 the attribute of an enum costs more than the comparison with it.
# A person can always be asked to reach the customer: no address is needed for it.
_HUMAN_TASK: Final = ChannelName.HUMAN_TASK
_A_PERSON: Final = ContactPoint(ChannelName.HUMAN_TASK.value, "", ContactHealth.VALID)
_DEAD: Final = ContactHealth.DEAD
_NONE_SPENT: Final = frozenset[str]()


@dataclass(slots=True)
class _Seen:
    """Why rungs were passed over."""

    barred: list[Rung] = field(default_factory=list)
    unconsented: bool = False
    blocked: list[Blocked] = field(default_factory=list)
    down: bool = False
    refused: bool = False


def choose(case: Case) -> Choice | Decision:
    """The first rung that is not spent and open, and what it uses up; or what to do where none
    is."""
    gone = spent(case.history) if case.history else _NONE_SPENT
    seen = _Seen()
    in_hours: Rules | None = None  # a call may have other hours than a message
    for rung in ladder(case):
        if rung.channel in gone:
            continue
        if case.down and _down(case, rung, seen):
            continue
        rules = case.rules(rung.channel)
        if not _allowed(case, rung, rules, seen):
            continue
        if rules is not in_hours and not _in_hours(case, rules):
            return _outside_hours(case, rules)
        in_hours = rules
        choice = _under_caps(case, rung, rules, seen)
        if choice is not None:
            return choice
    return _none_left(case, seen)


def still_open(case: Case, channel: str) -> bool:
    """Whether a channel of the ladder takes messages, is allowed and in its hours; caps aside."""
    rung = next((each for each in ladder(case) if each.channel == channel), None)
    if rung is None or case.down_for(channel):
        return False
    rules = case.rules(channel)
    return _allowed(case, rung, rules, _Seen()) and _in_hours(case, rules)


def _down(case: Case, rung: Rung, seen: _Seen) -> bool:
    """Passed over while its channel takes nothing, or not these words: the next one is used at
    once. Words are not waited for."""
    why = case.down_for(rung.channel)
    if why.startswith(REFUSED):
        case.check(f"{WORDS_RULE}{rung.channel}", False, "{}", why.removeprefix(REFUSED))
        seen.refused = True
    elif why:
        case.check(f"{CHANNEL_RULE}{rung.channel}", False, "{}", why)
        seen.down = seen.down or why != NO_PROVIDER
    return bool(why)


def ladder(case: Case) -> Sequence[Rung]:
    """The tier's rungs; for an event rule that wants a backup, those after the first. Addresses
    that are in doubt are tried last."""
    rungs = case.policy.ladders[case.tier]
    rule = case.policy.event_rule(case.reminder.stage)
    if rule is not None and rule.backup and len(rungs) > 1:
        rungs = rungs[1:]
    suspect = case.customer.suspect
    return sorted(rungs, key=lambda rung: rung.channel in suspect) if suspect else rungs


def _allowed(case: Case, rung: Rung, rules: Rules, seen: _Seen) -> bool:
    """Opt-out, consent, freshness and health of one channel."""
    channel = rung.channel
    if case.customer.opted_out(channel, case.kind):
        case.check(f"opt-out.{channel}", False, "opted out")
        seen.barred.append(rung)
        return False
    if not case.brief:
        case.check(f"opt-out.{channel}", True, "allowed")
    if rules.consent_needed and not case.customer.consented(channel, case.kind):
        case.check(f"consent.{channel}", False, "none given")
        seen.unconsented = True
        return False
    return _reachable(case, channel, rules)


def _reachable(case: Case, channel: str, rules: Rules) -> bool:
    contact = _contact(case, channel)
    if contact is None or contact.health is _DEAD:
        case.check(f"contact.{channel}", False, "none" if contact is None else contact.health)
        return False
    if not case.brief:
        case.check(f"contact.{channel}", True, contact.health)
    return not rules.freshness or _fresh(case, contact, rules)


def _contact(case: Case, channel: str) -> ContactPoint | None:
    found = case.customer.contacts.get(channel)
    return _A_PERSON if found is None and channel == _HUMAN_TASK else found


def _fresh(case: Case, contact: ContactPoint, rules: Rules) -> bool:
    """Confirmed lately, where a pack demands it of this channel."""
    for rule in rules.freshness:
        if contact.channel not in rule.channels:
            continue
        since = case.now - timedelta(days=rule.days)
        fresh = contact.confirmed_at is not None and contact.confirmed_at >= since
        known = contact.confirmed_at or "never"
        cite = rule.source.cite
        case.check(f"fresh.{contact.channel}", fresh, "confirmed {}", known, cite=cite)
        if not fresh:
            return False
    return True


def _in_hours(case: Case, rules: Rules) -> bool:
    if not is_open(rules.hours, case.customer.zones, case.now):
        return False
    if not case.brief:
        zones = ", ".join(case.customer.zones)
        case.check("hours", True, "allowed in {}", zones, cite=rules.hours_cite)
    return True


def _outside_hours(case: Case, rules: Rules) -> Decision:
    """Wait for the next opening; a stage that none will reach any more ends."""
    opens = opens_at(rules.hours, case.customer.zones, case.now)
    ends_at = case.reminder.expires_at
    shown = "none in sight" if opens is None else "not before {}"
    case.check("hours", False, shown, opens, cite=rules.hours_cite)
    if opens is not None and opens < ends_at:
        return Defer(opens, Reason.QUIET_HOURS, case.seen())
    if case.history:  # what is on its way may yet be confirmed before the stage ends
        return Defer(ends_at, Reason.QUIET_HOURS, case.seen())
    return Suppress(Reason.NO_LEGAL_HOUR, case.seen())


def _under_caps(case: Case, rung: Rung, rules: Rules, seen: _Seen) -> Choice | None:
    """The rung with what it uses up; None where a cap holds it back."""
    point = _contact(case, rung.channel)
    wanted = Contact(
        at=case.now,
        channel=rung.channel,
        message_class=case.message_class(rung.channel),
        customer=str(case.customer.customer_id),
        bill=case.bill.bill_id,
        contact_point="" if point is None else point.key,
        kind=case.kind,
    )
    if rung.channel in PASSIVE:
        return rung, wanted
    blocked = first_blocked(rules.caps, case.usage, wanted, case.customer.zones)
    if blocked is None:
        if not case.brief:
            case.check(f"caps.{rung.channel}", True, "under every cap")
        return rung, wanted
    cap = blocked.cap
    saw = "{}: {} of {}, for good" if blocked.until is None else "{}: {} of {}, until {}"
    parts = (cap.cap_id, blocked.used, cap.limit, blocked.until)
    case.check(f"caps.{rung.channel}", False, saw, *parts, cite=cap.source.cite)
    seen.blocked.append(blocked)
    return None


def _none_left(case: Case, seen: _Seen) -> Choice | Decision:
    """Wait for a channel or a cap, pass an opt-out where the law orders the notice, or end."""
    if seen.down:
        return _all_down(case)
    if seen.blocked:
        return _capped(case, seen.blocked)
    if case.history:
        why = Reason.CONTENT if seen.refused else Reason.LADDER_SPENT
        return Exhaust(why, case.seen())
    mandate = case.mandate()
    if seen.barred and mandate is not None:
        choice = _ordered_by_law(case, seen.barred, mandate)
        if choice is not None:
            return choice
    return _not_sent(case, seen)


def _not_sent(case: Case, seen: _Seen) -> Decision:
    """Why no channel was open to the first message."""
    if seen.refused:
        return Suppress(Reason.CONTENT, case.seen())
    if seen.barred:
        return Suppress(Reason.OPTED_OUT, case.seen())
    if seen.unconsented:
        return Suppress(Reason.NO_CONSENT, case.seen())
    return Exhaust(Reason.NO_CONTACT, case.seen())


def _all_down(case: Case) -> Decision:
    """Look again soon: a channel comes back without telling. At the end of its use it ends."""
    # The longer it lasts the less often: whoever ends an incident wakes what waits for it.
    waited = (case.now - case.reminder.due_at) / 4
    until = case.now + min(max(waited, LOOK_AGAIN), LOOK_AGAIN_AT_LEAST)
    ends_at = case.reminder.expires_at
    if until < ends_at:
        return Defer(until, Reason.CHANNEL_DOWN, case.seen())
    if case.history:  # what is on its way may yet be confirmed before the stage ends
        return Defer(ends_at, Reason.CHANNEL_DOWN, case.seen())
    return Expire(Reason.CHANNEL_DOWN, case.seen())


def _capped(case: Case, blocked: Sequence[Blocked]) -> Decision:
    opens = [each.until for each in blocked if each.until is not None]
    ends_at = case.reminder.expires_at
    until: datetime | None = min(opens, default=None)
    if until is not None and until < ends_at:
        return Defer(until, Reason.CAP, case.seen())
    if case.history:  # what is on its way may yet be confirmed before the stage ends
        return Defer(ends_at, Reason.CAP, case.seen())
    return Suppress(Reason.CAP, case.seen())


def _ordered_by_law(
    case: Case, barred: Sequence[Rung], mandate: Mandate
) -> Choice | Decision | None:
    """One notice on one channel, the least intrusive: a bill that has had one needs no other."""
    if _given(case):
        return None
    for rung in sorted(barred, key=lambda rung: rung.channel not in PASSIVE):
        rules = case.rules(rung.channel)
        if _reachable(case, rung.channel, rules):
            case.check(
                f"mandate.{rung.channel}",
                True,
                "{} is ordered by law",
                case.kind,
                cite=mandate.legal_basis,
            )
            if not _in_hours(case, rules):
                return _outside_hours(case, rules)
            seen = _Seen()
            return _under_caps(case, rung, rules, seen) or _capped(case, seen.blocked)
    return None


def _given(case: Case) -> bool:
    """Whether what the law orders was said: that the bill is due, or else this very notice."""
    bill_id = case.bill.bill_id
    if case.kind in DATED:
        return bill_id in case.usage.told
    if (bill_id, case.kind) in case.usage.noted:
        return True
    return any(each.bill == bill_id and each.kind == case.kind for each in case.usage.contacts)
