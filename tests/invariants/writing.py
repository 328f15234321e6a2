"""Writes the events of a life, as billing would: valid, and then late, doubled or out of order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from tests.invariants.life import Told

ZONES = (
    *("Asia/Shanghai", "Asia/Taipei", "America/New_York", "America/Los_Angeles", "Europe/London"),
    *("Asia/Kolkata", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Kiritimati"),
    *("America/St_Johns", "Asia/Kathmandu", "Pacific/Pago_Pago"),
)
PLACES = ("CN", "CN", "US", "US-NY", "GB", "IN", "DE", "TW", "")
CHANNELS = ("sms", "email", "in_app", "voice")
KINDS = ("*", "*", "pre_due", "due_today", "overdue", "payment_received")
OFTEN = ("pay", "pay", "pay_part", "opt_out", "opt_out", "choose", "silence")
SHARED = "+8616100000077"
_DAY = 24 * 60


class Writer:
    """Collects what is told. Times are whole minutes, up to four weeks after the start."""

    def __init__(self, rng: Random, start: datetime) -> None:
        self.told: list[Told] = []
        self._rng = rng
        self._start = start
        self._bills: dict[str, list[dict[str, Any]]] = {}  # Any: JSON, of each customer
        self._payments: dict[str, list[str]] = {}
        self._holds: dict[str, list[str]] = {}
        self._number = 0
        self._acts: dict[str, Callable[[str, datetime], None]] = {
            "pay": self._pay,
            "pay_part": self._pay_part,
            "reverse": self._reverse,
            "opt_out": self._opt_out,
            "opt_in": self._opt_in,
            "hold": self._hold,
            "lift": self._lift,
            "cancel": self._cancel,
            "reissue": self._reissue,
            "moved": self._moved,
            "new_address": self._new_address,
            "call": self._call,
            "choose": self._choose,
            "promise": self._promise,
            "confirm": self._confirm,
            "travels": self._travels,
            "anomaly": self._anomaly,
            "silence": self._silence,
        }

    def act(self, who: str) -> None:
        """Something happens to a customer at any time."""
        name = self._rng.choice((*self._acts, *OFTEN))
        at = self._start + timedelta(minutes=self._rng.randint(0, 28 * _DAY))
        self._acts[name](who, at)

    def tell(self, kind: str, who: str, at: datetime, data: dict[str, Any]) -> None:  # Any: JSON
        """It holds from `at`; most arrives at once, some late, some once more."""
        rng = self._rng
        self._number += 1
        late = rng.choice((0, 0, 0, 0, 0, 3, 200, 2 * _DAY))
        event_id = f"evt-{self._number:04}"
        heard_at = at + timedelta(minutes=late)
        self.told.append(Told(event_id, kind, who, at, heard_at, data))
        if rng.random() < 0.15:
            again_at = heard_at + timedelta(minutes=rng.choice((0, 5, 3 * _DAY)))
            self.told.append(Told(event_id, kind, who, at, again_at, data))

    def customer(self, who: str) -> None:
        """Profile, with consent to what has an address."""
        rng = self._rng
        points: list[dict[str, Any]] = []
        number = int(who.rpartition("-")[2])
        for channel in CHANNELS:
            if rng.random() < 0.2:
                continue
            if channel == "email":
                points.append({"channel": channel, "address": f"customer.{number}@example.com"})
            elif channel == "in_app":
                points.append({"channel": channel})
            else:
                own = SHARED if rng.random() < 0.5 else f"+86161{number:08}"
                points.append({"channel": channel, "address": own})
        self._profile(who, self._start, points)
        if rng.random() < 0.6:  # most packs ask for a number that is known to be in use
            for channel in ("sms", "email"):
                self._used(who, channel, self._start)

    def _profile(self, who: str, at: datetime, points: list[dict[str, Any]]) -> None:
        rng = self._rng
        zone = rng.choice(ZONES)
        others = sorted({rng.choice(ZONES) for _ in range(rng.choice((0, 0, 1, 2)))} - {zone})
        data: dict[str, Any] = {
            "language": "en",
            "time_zone": zone,
            "jurisdiction": rng.choice(PLACES),
            "contact_points": points,
            "consent": {channel: True for channel in CHANNELS if rng.random() < 0.3},
        }
        if others:
            data["other_time_zones"] = others
        self.tell("customer.updated", who, at, data)

    def bills(self, who: str) -> None:
        """One to three bills, often due on the same day; the second may contain the first."""
        rng = self._rng
        for number in range(1, rng.choice((1, 1, 2, 3)) + 1):
            amount = rng.choice((40_000, 100_000))
            # Down to a part of the amount: then an overdue notice ends before the balance does.
            minimum = rng.choice((amount, amount // 10))
            issued_at = self._start + timedelta(minutes=rng.choice((0, 0, 90, 5 * _DAY)))
            due_on = self._start.date() + timedelta(days=rng.choice((9, 9, 12, 16)))
            data: dict[str, Any] = {
                "bill_id": f"B-{number}-{who}",
                "version": 1,
                "currency": rng.choice(("TWD", "CNY")),
                "amount_due_minor": amount,
                "minimum_due_minor": minimum,
                "due_on": due_on.isoformat(),
                "product": rng.choice(("card", "bnpl")),
                "revolving": True,
                "issued_at": issued_at.isoformat(),
            }
            if number == 2 and rng.random() < 0.4:
                data["supersedes"] = f"B-1-{who}"
            self._bills.setdefault(who, []).append(data)
            self.tell("bill.issued", who, issued_at, data)

    def _pick(self, who: str) -> dict[str, Any]:
        return self._rng.choice(self._bills[who])

    def _pay(self, who: str, at: datetime, share: float = 1.0) -> None:
        bill = self._pick(who)
        self._number += 1
        payment = f"P-{self._number}"
        self._payments.setdefault(who, []).append(payment)
        data = {
            "payment_id": payment,
            "bill_id": bill["bill_id"],
            "amount_minor": round(bill["amount_due_minor"] * share),
            "currency": bill["currency"],
            "paid_at": at.isoformat(),
        }
        self.tell("payment.received", who, at, data)

    def _pay_part(self, who: str, at: datetime) -> None:
        self._pay(who, at, self._rng.choice((0.1, 0.3, 0.6)))

    def _reverse(self, who: str, at: datetime) -> None:
        if self._payments.get(who):
            payment = self._rng.choice(self._payments[who])
            data = {"payment_id": payment, "reversed_at": at.isoformat()}
            self.tell("payment.reversed", who, at, data)

    def _opt_out(self, who: str, at: datetime, *, allowed: bool = False) -> None:
        data: dict[str, Any] = {
            "channel": self._rng.choice(CHANNELS),
            "message_kind": self._rng.choice(KINDS),
            "allowed": allowed,
        }
        if self._rng.random() < 0.9:
            data["actor"] = "customer"
        self.tell("preference.changed", who, at, data)

    def _silence(self, who: str, at: datetime) -> None:
        """Every channel is switched off at once."""
        for channel in CHANNELS:
            data = {"channel": channel, "message_kind": "*", "allowed": False, "actor": "customer"}
            self.tell("preference.changed", who, at, data)

    def _opt_in(self, who: str, at: datetime) -> None:
        self._opt_out(who, at, allowed=True)

    def _hold(self, who: str, at: datetime) -> None:
        rng = self._rng
        self._number += 1
        hold = f"H-{self._number}"
        self._holds.setdefault(who, []).append(hold)
        data: dict[str, Any] = {"hold_id": hold, "kind": "dispute", "from_at": at.isoformat()}
        if rng.random() < 0.6:
            until_at = at + timedelta(minutes=rng.randint(1, 6 * _DAY))
            data["until_at"] = until_at.isoformat()
        if rng.random() < 0.5:
            data["bill_id"] = self._pick(who)["bill_id"]
        self.tell("hold.placed", who, at, data)

    def _lift(self, who: str, at: datetime) -> None:
        if self._holds.get(who):
            hold = self._rng.choice(self._holds[who])
            self.tell("hold.lifted", who, at, {"hold_id": hold, "lifted_at": at.isoformat()})

    def _version(self, bill: dict[str, Any]) -> int:
        bill["version"] += 1
        return int(bill["version"])

    def _cancel(self, who: str, at: datetime) -> None:
        bill = self._pick(who)
        data = {"bill_id": bill["bill_id"], "version": self._version(bill)}
        self.tell("bill.cancelled", who, at, data)

    def _reissue(self, who: str, at: datetime) -> None:
        bill = self._pick(who)
        self._version(bill)
        bill["amount_due_minor"] = self._rng.choice((40_000, 100_000, 150_000))
        bill["minimum_due_minor"] = min(bill["minimum_due_minor"], bill["amount_due_minor"])
        self.tell("bill.adjusted", who, at, dict(bill))

    def _moved(self, who: str, at: datetime) -> None:
        bill = self._pick(who)
        self._version(bill)
        moved = date.fromisoformat(bill["due_on"]) + timedelta(days=self._rng.choice((-1, 1, 4)))
        bill["due_on"] = moved.isoformat()
        self.tell("bill.adjusted", who, at, dict(bill))

    def _new_address(self, who: str, at: datetime) -> None:
        channel = self._rng.choice(("sms", "email"))
        ours = "+8616100000099" if channel == "sms" else "another@example.com"
        address = None if self._rng.random() < 0.4 else ours
        self.tell("contact.changed", who, at, {"channel": channel, "address": address})

    def _call(self, who: str, at: datetime) -> None:
        """An agency's call, or a talk with the customer."""
        self._number += 1
        spoke = self._rng.random() < 0.5
        data = {
            "contact_id": f"CALL-{self._number}",
            "channel": "voice",
            "bill_id": self._pick(who)["bill_id"],
            "connected": spoke or self._rng.random() < 0.5,
            "conversation": spoke,
            "at": at.isoformat(),
            "message_class": "collection",
        }
        self.tell("contact.made", who, at, data)

    def _choose(self, who: str, at: datetime) -> None:
        offsets = self._rng.choice(([], [-3], [-7, -1], [-7], [-5]))
        data = {"offsets": offsets, "actor": "customer"}
        self.tell("preference.offsets_chosen", who, at, data)

    def _promise(self, who: str, at: datetime) -> None:
        bill = self._pick(who)
        self._number += 1
        data = {
            "promise_id": f"W-{self._number}",
            "bill_id": bill["bill_id"],
            "amount_minor": 10_000,
            "currency": bill["currency"],
            "promised_on": (at.astimezone(UTC).date() + timedelta(days=2)).isoformat(),
            "made_at": at.isoformat(),
        }
        self.tell("promise.made", who, at, data)

    def _confirm(self, who: str, at: datetime) -> None:
        self._used(who, self._rng.choice(("sms", "email")), at)

    def _used(self, who: str, channel: str, at: datetime) -> None:
        data = {"channel": channel, "confirmed_at": at.isoformat()}
        self.tell("contact.confirmed", who, at, data)

    def _travels(self, who: str, at: datetime) -> None:
        """A new profile: another zone, perhaps another law, the same addresses."""
        first = next(each for each in self.told if each.who == who)
        self._profile(who, at, list(first.data["contact_points"]))

    def _anomaly(self, who: str, at: datetime) -> None:
        data = {
            "name": "anomaly",
            "value": 1.0,
            "source": "fraud desk",
            "observed_at": at.isoformat(),
        }
        self.tell("risk.observed", who, at, data)
