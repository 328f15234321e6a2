"""What simulated devices and the app on them do with a push."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from channels.sandbox.carrier import Carrier, Handover
from channels.sandbox.scripts import Said, Script, script_of_mark


def reported(address: str) -> Script:
    """The script of a device's token. The app speaks of what was shown, never of what was not."""
    script = script_of_mark(address)
    return replace(
        script, receipts=tuple(said for said in script.receipts if said.status == "DELIVRD")
    )


class PushCarrier(Carrier):
    """Receipts are the app's."""

    def receipt(
        self, message: Handover, ref: str, said: Said, dated_at: datetime
    ) -> Mapping[str, object]:
        return {
            "reference": message.reference,
            "status": "delivered",
            "at": dated_at.isoformat(),
        }
