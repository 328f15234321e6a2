"""The simulated mail carrier: what became of a message once SMTP took it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from channels.sandbox.carrier import Carrier, Handover
from channels.sandbox.scripts import Said


class EmailCarrier(Carrier):
    """Like a mail provider's event webhook: `{"reference", "status", "at", "code"}`."""

    def receipt(
        self, message: Handover, ref: str, said: Said, dated_at: datetime
    ) -> Mapping[str, object]:
        return {
            "reference": message.reference,
            "status": said.status,
            "at": dated_at.isoformat(),
            "code": said.error,
        }
