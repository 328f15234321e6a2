"""The contract suite's row of tasks for people: written, never called."""

from __future__ import annotations

from channels.human_task import HumanTaskChannel, HumanTaskSettings
from reminders.domain.outcome import ReceiptStatus
from tests.contract.row import Row

SECRET = "ticket-secret"  # noqa: S105  (made up)

ROW = Row(
    name="human_task",
    make=lambda world: HumanTaskChannel(HumanTaskSettings(SECRET)),
    make_unreachable=None,
    good="customer-1",
    status_word="acted",
    status=ReceiptStatus.ACTED,
    signed_with=SECRET,
    offline=lambda: HumanTaskChannel(HumanTaskSettings(SECRET)),
    secrets=(SECRET,),
)
