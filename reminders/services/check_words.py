"""What the checks of a decision ask, whose word is behind each, and what would be without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from reminders.domain.compliance import Cap, Count, Window
from reminders.domain.customer import Customer
from reminders.domain.decision import Check, Defer, Satisfy, Send
from reminders.domain.rules import PER_BILL, PER_DAY
from reminders.messages.facts import clean
from reminders.services import wording
from reminders.services.counterfactual import Otherwise
from reminders.services.lifting import Lifted

_RULES: Mapping[str, str] = {
    "open": "still to pay",
    "holds": "no hold",
    "due": "due by now",
    "chosen": "a day of the customer's",
    "tier": "meant for this tier",
    "condition": "the stage's condition",
    "experiment": "not held out",
    "newest": "still of use",
    "confirmed": "confirmed already",
    "waiting": "nothing awaited",
    "hours": "allowed hours",
    "content": "amount to name",
    "template": "text can be written",
    "digest": "shares a message",
    "provider": "a provider that carries its length",
    "send-time": "the best hour",
}
_OF_CHANNEL: Mapping[str, str] = {
    "opt-out": "allowed",
    "consent": "consented to",
    "contact": "reachable",
    "fresh": "confirmed lately",
    "caps": "within the caps",
    "channel": "takes messages",
    "words": "carries the words",
    "mandate": "ordered by law",
}
_BY_POLICY = frozenset(
    {"send-time", "tier", "chosen", "condition", "experiment", "due", "newest", "waiting"}
)


def meaning(rule: str) -> str:
    """What a rule asks: `opt-out.sms` → `SMS allowed`."""
    name, _, channel = rule.partition(".")
    if channel:
        return f"{wording.channel_words(channel)} {_OF_CHANNEL.get(name, name)}"
    return _RULES.get(rule, rule)


def basis(check: Check, policy: str, customer: Customer | None) -> str:
    """Whose word a check rests on: the law or house rule it cites, else where its facts are from.

    `customer` as they were then; None where nothing was kept of that.
    """
    if check.cite:
        return check.cite
    name, _, channel = check.rule.partition(".")
    if name in _BY_POLICY:
        return f"policy {policy}"
    if name == "opt-out" and not check.passed and customer is not None:
        return _no_of(customer, channel)
    return _FACTS.get(name, "")


_FACTS: Mapping[str, str] = {
    "open": "bills and payments from billing",
    "holds": "holds from billing",
    "contact": "contacts from billing, receipts of carriers",
    "opt-out": "the customer's settings",
    "consent": "the customer's settings",
    "confirmed": "receipts of carriers",
    "template": "the message templates",
    "words": "the message templates",
}


def _no_of(customer: Customer, channel: str) -> str:
    """Who said no to a channel, and when."""
    said = [each for each in customer.preferences if each.channel == channel and not each.allowed]
    if not said:
        return _FACTS["opt-out"]
    last = said[-1]
    when = f", {last.changed_at:%Y-%m-%d}" if last.changed_at else ""
    return f"setting {last.version} by {clean(last.actor) or 'the customer'}{when}"


def cap_words(cap: Cap) -> str:
    """`at most 2 contacts on one day`."""
    what = {
        Count.ATTEMPT: "contact",
        Count.CONNECTED: "answered call",
        Count.CONVERSATION: "conversation",
    }[cap.count]
    number = f"{cap.limit} {what}{'' if cap.limit == 1 else 's'}"
    match cap.window:
        case Window.LOCAL_DAY:
            within = "on one day" if cap.length == 1 else f"in {cap.length} days"
        case Window.ROLLING:
            days, rest = divmod(cap.length, 24)
            within = f"in {cap.length} h" if rest else f"in {days} times 24 h"
        case Window.BILL:
            within = "about one bill"
        case Window.AFTER:
            within = f"in the {cap.length} days from it"
    return f"at most {number} {within}"


def otherwise_words(otherwise: Otherwise | None, zone: str) -> str:
    """`would have gone by SMS at 09:00 but for quiet hours`; "" where nothing is to be said."""
    if otherwise is None:
        return ""
    what = _behind([lifted_words(each, zone) for each in otherwise.lifted])
    at = wording.local(otherwise.at, zone)
    match otherwise.decision:
        case Send(rung=rung):
            channel = wording.channel_words(rung.channel)
            return f"would have gone by {channel} at {at[11:]} but for {what}"
        case Satisfy(channel=channel):
            return f"but for {what}: done, {wording.channel_words(channel)} confirmed"
        case Defer(reason=reason, checks=checks):
            return f"even without {what}: {wording.deferral_words(reason, checks, zone)}"
        case ended:
            return f"even without {what}: not sent: {wording.reason_words(ended.reason)}"


def _behind(parts: list[str]) -> str:
    return ", and behind it ".join(parts)


def lifted_words(lifted: Lifted, zone: str) -> str:
    """What was thought away, as a noun."""
    words = _LIFTED[lifted.rule]
    return words if isinstance(words, str) else words(lifted, zone)


def _tier(lifted: Lifted, zone: str) -> str:
    return f"its tier (the least that it is for is {lifted.subject})"


def _cap(lifted: Lifted, zone: str) -> str:
    if lifted.cap is not None:
        return f"the cap {lifted.subject} ({cap_words(lifted.cap)})"
    known = {PER_DAY: "the policy's cap per day", PER_BILL: "the policy's cap per bill"}
    return known.get(lifted.subject, f"the cap {lifted.subject}")


def _of_channel(words: str) -> Callable[[Lifted, str], str]:
    return lambda lifted, _: words.format(wording.channel_words(lifted.subject))


def _named(words: str) -> Callable[[Lifted, str], str]:
    return lambda lifted, _: words.format(clean(lifted.subject).replace("_", " "))


_LIFTED: Mapping[str, str | Callable[[Lifted, str], str]] = MappingProxyType(
    {
        "hours": "quiet hours",
        "caps": _cap,
        "holds": _named("the hold ({})"),
        "opt-out": _of_channel("the customer's no to {}"),
        "consent": _of_channel("the consent to {} that is missing"),
        "contact": _of_channel("the {} address that does not work or is missing"),
        "fresh": _of_channel("the {} address that was not confirmed lately"),
        "tier": _tier,
        "chosen": _named("the days that the customer chose ({})"),
        "condition": lambda lifted, _: f"the condition `{clean(lifted.subject)}`",
        "experiment": lambda lifted, _: f"the holdout of the experiment {clean(lifted.subject)}",
        "payments": "the payments",
        "cancellation": "the cancellation of the bill",
        "newer": lambda lifted, _: f"the newer statement {clean(lifted.subject)}",
        "epoch": "the plan that was made anew",
        "newest": "the end of its use",
        "due": "its time, which had not come",
        "waiting": "the wait for an answer",
        "ladder": "the channels that were used already",
        "template": "its text, which could not be written",
    }
)
