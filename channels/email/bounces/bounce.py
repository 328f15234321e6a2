"""What a mail that came back says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What sort of mail it is."""

    BOUNCE = "bounce"  # given up, or refused for good
    COMPLAINT = "complaint"  # "this is spam" (RFC 5965)
    AUTO_REPLY = "auto_reply"  # somebody is on holiday (RFC 3834)
    NOTICE = "notice"  # delayed, relayed, delivered, failed authentication: nothing is over


@dataclass(frozen=True, slots=True)
class Bounce:
    """One mail read. `hard`: its words blame the address itself, for ever as far as they know.

    `status` is an enhanced code such as "5.1.1" (RFC 3463), `reply_code` an SMTP reply (RFC 5321);
    both may be empty. `message_ids` are the left halves of the Message-IDs it speaks of, the
    returned message's own first; `return_paths` every address it was or may have been sent to.
    """

    kind: Kind
    hard: bool = False
    status: str = ""
    reply_code: str = ""
    reason: str = ""
    recipient: str = field(default="", repr=False)
    at: datetime | None = None  # as its Date says, aware UTC
    message_ids: tuple[str, ...] = ()
    return_paths: tuple[str, ...] = field(default=(), repr=False)

    @property
    def dead_contact(self) -> bool:
        """The address is to be written to no more.

        A carrier that gave up on a 4.x.x may have been wrong about the mailbox, and one that is
        still trying has not made up its mind.
        """
        if self.kind is Kind.COMPLAINT:
            return True
        return self.kind is Kind.BOUNCE and self.hard and not self.status.startswith("4")
