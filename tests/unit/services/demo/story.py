"""A run of one customer, told line by line: what an auditor would find in its logs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reminders.domain.tier import Tier
from reminders.services.demo.auditor import Audit, Inputs, audit
from reminders.services.policy_files import read

POLICY = Path(__file__).resolve().parents[4] / "config" / "policies" / "default.yaml"
ISSUED = datetime(2005, 4, 30, 1, tzinfo=UTC)
D_3 = datetime(2005, 5, 17, 2, tzinfo=UTC)  # 10:00 in Taipei, three days before 20 May
DAY = timedelta(days=1)
NUMBER = "+8610000000001"
ASKED = "Example Credit: we could not reach you. Please check your contact details in our app. http://127.0.0.1:1/p?t=a0.63"
# Of a customer without history, tier R1, whose other stages are those of every tier.
STAGES = tuple(
    stage.offset_days
    for stage in read(POLICY)[0].stages
    if Tier.R1 in stage.tiers and not stage.when
)


@dataclass
class Story:
    """A run of one customer with one bill of NT$ 1,000.00, told line by line."""

    folder: Path
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def tell(self, kind: str, at: datetime, fenced: float | None = None, /, **data: object) -> None:
        identity = f"{kind}-{len(self.lines.get('published', ()))}"
        event = {
            "source": "/test",
            "id": identity,
            "type": kind,
            "time": at.isoformat(),
            "data": {"customer_id": "C-1", **data},
        }
        machine = at.timestamp() if fenced is None else fenced
        self._add("published", machine=machine, at=at.isoformat(), event=event)
        self._add(
            "fenced",
            source="/test",
            id=identity,
            acknowledged=machine - 0.005,
            fenced=machine,
            at=at.isoformat(),
        )

    def begin(
        self,
        *,
        zone: str = "Asia/Taipei",
        jurisdiction: str = "TW",
        others: tuple[str, ...] = (),
        **changed: object,
    ) -> None:
        """The customer, reached by text alone, and the bill."""
        self.tell(
            "customer.updated",
            ISSUED - DAY,
            language="en",
            time_zone=zone,
            jurisdiction=jurisdiction,
            contact_points=[{"channel": "sms", "address": NUMBER}],
            consent={},
            **({"other_time_zones": list(others)} if others else {}),
        )
        self.bill("bill.issued", ISSUED, **changed)

    def bill(self, kind: str, at: datetime, **changed: object) -> None:
        terms: dict[str, object] = {
            "bill_id": "B-1",
            "version": 1,
            "currency": "TWD",
            "amount_due_minor": 100_000,
            "minimum_due_minor": 2_000,
            "due_on": "2005-05-20",
            "product": "credit_card",
            "revolving": True,
            "issued_at": ISSUED.isoformat(),
        }
        self.tell(kind, at, None, **{**terms, **changed})

    def pay(self, at: datetime, amount: int = 100_000, fenced: float | None = None) -> None:
        self.tell(
            "payment.received",
            at,
            fenced,
            payment_id=f"P-{at:%d%H}",
            bill_id="B-1",
            amount_minor=amount,
            currency="TWD",
            paid_at=at.isoformat(),
        )

    def send(
        self,
        at: datetime,
        amount: str = "1,000.00",
        *,
        reference: str = "",
        began: float | None = None,
        answer_after: float | None = 0.01,
        status: str = "202",
        reached: bool = True,
        script: str = "deliver",
        bill: str = "B-1",
    ) -> None:
        began = at.timestamp() + 5 if began is None else began
        reference = reference or f"A-{at:%d%H%M}"
        text = f"NT${amount} (minimum NT$20.00) https://pay.example.com/{bill}" if amount else ASKED
        head = {"at": at.isoformat(), "began": began, "reference": reference, "to": NUMBER}
        self._add("sms", kind="request", machine=began, text=text, script=script, **head)
        if answer_after is not None:
            self._add("sms", kind="answer", machine=began + answer_after, status=status, **head)
        if reached:
            self._add("sms", kind="reached", machine=began + 0.02, text=text, **head)

    def ask_for_address(self, at: datetime) -> None:
        """A message that names no bill, though it was sent because of one (`attempts.jsonl`)."""
        reference = f"R-{at:%d%H%M}"
        self._add("attempts", attempt=reference, bill="B-1")
        self.send(at, "", reference=reference)

    def send_all(self, *, but: tuple[int, ...] = ()) -> None:
        """The message of every stage at its hour, save those of the days in `but`."""
        for days in STAGES:
            if days not in but:
                self.send(D_3 + (days + 3) * DAY)

    def _add(self, name: str, **line: object) -> None:
        self.lines.setdefault(name, []).append(line)

    def audit(self) -> Audit:
        for name in ("published", "fenced", "sms", "email", "phone", "attempts"):
            lines = "".join(json.dumps(line) + "\n" for line in self.lines.get(name, ()))
            (self.folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
        return audit(Inputs.of(self.folder, POLICY))

    def found(self) -> dict[str, int]:
        return {name: count for name, count in self.audit().checks.items() if count}
