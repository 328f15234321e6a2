"""Carries out a decision to send: the attempt, its text, its message."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from channels.contract import Message
from reminders.domain.bill import BillPosition
from reminders.domain.customer import WRITTEN, ChannelName
from reminders.domain.decision import Check, Send
from reminders.domain.human_task import TaskKind
from reminders.domain.identity import make_id
from reminders.domain.kinds import DATED
from reminders.domain.outcome import AttemptState
from reminders.domain.policy import Policy
from reminders.domain.record import record
from reminders.domain.reminder import ReminderState
from reminders.ledger import contact_points, tasks
from reminders.ledger.attempts import KeptAttempt
from reminders.ledger.facts import Facts
from reminders.ledger.reminders import Kept, Move
from reminders.messages.errors import TemplateError
from reminders.messages.facts import Rendered
from reminders.services import used_up
from reminders.services.compose import NAMED, compose, headers
from reminders.services.gate_work import GateWork, Handover, Past, new_attempt
from reminders.services.record import wake_up
from reminders.services.snapshot import Snapshot

_NO_ADDRESS: tuple[None, str, bytes] = (None, "", b"")
DigestKey = tuple[int, str, str, int, date]


@record
class Judged:
    """A reminder with everything that is known of it."""

    kept: Kept
    known: Facts
    bill: BillPosition | None
    policy: Policy
    past: Past

    @property
    def digest(self) -> DigestKey | None:
        """What bills share that go into one message; None where the policy sends one each."""
        if not self.policy.digest or self.bill is None or self.kept.reminder.kind not in DATED:
            return None
        reminder = self.kept.reminder
        due_on = self.bill.terms.due_on
        return reminder.customer_id, self.policy.label, reminder.stage, reminder.month, due_on


Carried = tuple[Judged, BillPosition, Send, Snapshot]


@dataclass(slots=True)
class Leader:
    """A message that may carry further bills of its customer."""

    case: Judged
    bill: BillPosition
    attempt: KeptAttempt
    address: str
    before: Snapshot  # what was used up before it
    carried: list[Carried] = field(default_factory=list)


def send(
    work: GateWork, case: Judged, bill: BillPosition, decision: Send, seen: Snapshot
) -> Send | str:
    """Write the attempt and its message; the decision, with the providers that could not carry
    it, or why its words were refused: then nothing is kept."""
    try:
        rendered = text_of(work, case, bill, decision.rung.channel, ())
    except TemplateError as error:
        return str(error)
    # Whatever may fail (a key that is gone) fails before the first row of it is kept.
    address = address_of(work, case, decision.rung.channel)
    length = len(rendered.text)
    attempt = attempt_of(work, case, decision, _provider(work, case, decision, address, length))
    customer = case.known.customer
    keys = used_up.keys_of(case.policy, customer, decision.rung.channel)
    work.keep_attempt(attempt, decision, keys, leader=None)
    leader = Leader(case, bill, attempt, address, seen)
    of_its_kind = work.leaders.setdefault(case.digest, {}) if case.digest is not None else None
    if of_its_kind is not None and decision.rung.channel not in of_its_kind:
        of_its_kind[decision.rung.channel] = leader
    else:
        hand_over(work, leader, rendered)
    return _with_left_out(work, decision, length)


def _with_left_out(work: GateWork, decision: Send, length: int) -> Send:
    """The decision with a check for the providers that do not carry so long a text."""
    left_out = work.resources.fleet.too_short(decision.rung.channel, length)
    if not left_out:
        return decision
    most = ", ".join(f"{name} takes {chars:,}" for name, chars in left_out.items())
    check = Check("provider", f"{length:,} characters: {most}", True)
    return Send(
        decision.rung, decision.cause, decision.amount, (*decision.checks, check), decision.contact
    )


def refusal(work: GateWork, case: Judged, bill: BillPosition, channel: str) -> str:
    """Why a message would be refused on this channel; "" if it would not."""
    try:
        text_of(work, case, bill, channel, ())
    except TemplateError as error:
        return str(error)
    return ""


def attempt_of(work: GateWork, case: Judged, decision: Send, provider: str) -> KeptAttempt:
    """The attempt that carries out a decision by this provider."""
    reminder, channel = case.kept.reminder, decision.rung.channel
    number, attempt_id = len(case.past) + 1, _attempt_id(case)
    secret_id, _, _ = work.addresses.get((reminder.customer_id, channel), _NO_ADDRESS)
    return KeptAttempt(
        new_attempt(
            attempt_id,
            number,
            provider,
            decision,
            work.now,
            written=channel in WRITTEN,
        ),
        reminder_id=reminder.reminder_id,
        amount=decision.amount,
        was_uncertain=False,
        secret_id=secret_id,
    )


def _attempt_id(case: Judged) -> UUID:
    """The id of the attempt that comes next: its text is written before it, and links to it."""
    reminder = case.kept.reminder
    return _made(reminder.month, reminder.customer_id, reminder.reminder_id, len(case.past) + 1)


# Asked for by the text, by the choice of a provider and by the attempt, one after the other.
_made = lru_cache(maxsize=64)(make_id)


def _provider(work: GateWork, case: Judged, decision: Send, address: str, length: int) -> str:
    """The one that the fleet chooses for a text of so many characters. A retry never takes the
    provider that just failed it, where the channel has another."""
    channel = decision.rung.channel
    tries = [each.attempt for each in case.past if each.attempt.channel == channel]
    avoid = {tries[-1].provider} if tries and tries[-1].state is not AttemptState.RELEASED else ()
    chosen = work.resources.fleet.choose(
        channel, address, _attempt_id(case).int, avoid=avoid, budget=work.budget, length=length
    )
    return chosen.name


def address_of(work: GateWork, case: Judged, channel: str) -> str:
    """The address; of several devices those that are not known to be no more."""
    customer, ring = case.kept.reminder.customer_id, work.resources.ring
    if channel in WRITTEN:
        return ""
    _, key_id, ciphertext = work.addresses[customer, channel]
    address = ring.open(key_id, ciphertext).decode()
    dead = work.dead_devices.get(customer) if channel == ChannelName.PUSH else None
    if not dead:
        return address
    left = [each for each in address.split() if ring.hash(f"{channel}:{each}") not in dead]
    return " ".join(left) or address


def text_of(
    work: GateWork,
    case: Judged,
    bill: BillPosition,
    channel: str,
    others: tuple[BillPosition, ...],
) -> Rendered:
    """The words of a message that one of those carries which would be asked for its address.
    Raises `TemplateError`."""
    reminder = case.kept.reminder
    about = (reminder, case.known.customer, bill, work.now, others, _attempt_id(case))
    called = _name(work, reminder.customer_id) if channel in NAMED else ""
    rendered = compose(work.resources, channel, *about, policy=case.policy, called=called)
    fleet, length = work.resources.fleet, len(rendered.text)
    # Whom to ask hangs on the address, which is opened only where some carry less.
    short = fleet.too_short(channel, length)
    most = fleet.too_long(channel, address_of(work, case, channel), length) if short else 0
    if most:
        raise TemplateError(f"too_long: {length:,} characters, at most {most:,} are carried")
    return rendered


def _name(work: GateWork, customer: int) -> str:
    """What billing calls the customer; "" where it does not say."""
    held = work.addresses.get((customer, contact_points.NAME))
    return work.resources.ring.open(held[1], held[2]).decode() if held else ""


def hand_over(work: GateWork, leader: Leader, rendered: Rendered) -> None:
    """The text, and the call where the channel needs one."""
    case, attempt = leader.case, leader.attempt
    kept, channel = case.kept, attempt.attempt.channel
    work.keep_text(attempt, rendered)
    if channel in WRITTEN:
        # What needs no call: committed with the gate, it can be neither uncertain nor late.
        if channel == ChannelName.HUMAN_TASK:
            work.tasks.append(_task(kept, attempt, work.now))
        history = [*(each.attempt for each in case.past), attempt.attempt]
        work.moves.append(wake_up(kept, history, work.now))
        return
    _call(work, case, attempt, leader.address, rendered)


def _call(
    work: GateWork, case: Judged, attempt: KeptAttempt, address: str, rendered: Rendered
) -> None:
    kept, channel = case.kept, attempt.attempt.channel
    message = Message(
        idempotency_key=str(attempt.attempt.attempt_id),
        address=address,
        text=rendered.text,
        language=rendered.language,
        subject=rendered.subject,
        html=rendered.html,
        headers=headers(work.resources, channel, case.known.customer, kept.reminder.kind),
        kind=rendered.kind,
        params=rendered.params,
        urgency=kept.reminder.urgency,
        link=rendered.link,
        expires_at=kept.reminder.expires_at,
    )
    work.passed.handovers.append(Handover(kept, attempt, message))
    # It stays due under our lease: if we die here, whoever takes it next finds `submitted`.
    work.moves.append(Move(kept, ReminderState.CONTACTING, "", work.now, channel, keep_lease=True))


def send_again(work: GateWork, case: Judged, last: KeptAttempt) -> bool:
    """Hand an attempt over once more whose answer never came, under its own key: the provider
    knows it by that. False where the address is another one by now, or the text cannot be written.

    The words are today's. If the first copy arrived, the second changes nothing there.
    """
    customer, channel = case.kept.reminder.customer_id, last.attempt.channel
    secret_id, _, _ = work.addresses.get((customer, channel), _NO_ADDRESS)
    if case.bill is None or secret_id != last.secret_id:
        return False
    try:
        rendered = text_of(work, case, case.bill, channel, ())
    except TemplateError:
        return False
    _call(work, case, last, address_of(work, case, channel), rendered)
    return True


def _task(kept: Kept, attempt: KeptAttempt, now: datetime) -> tuple[object, ...]:
    """A person is to reach the customer by the end of the wait for it."""
    held, reminder = attempt.attempt, kept.reminder
    due_at = min(held.confirm_by, reminder.expires_at)
    return tasks.rows_for(
        *(attempt.customer_id, attempt.month, held.attempt_id, TaskKind.REMINDER),
        *(reminder.bill_id, reminder.reminder_id, due_at, now),
    )
