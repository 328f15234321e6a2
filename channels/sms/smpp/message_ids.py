"""One reference for a message, however the carrier writes its id.

Many carriers answer a submit_sm with the id in hexadecimal and quote it in the receipt's text in
decimal, with zeros before it or without. The reference is the number in decimal, so that both are
the same.
"""

from __future__ import annotations

import re

from channels.sms.smpp.settings import MessageId

_HEX = re.compile(r"[0-9A-Fa-f]{1,64}")
_DECIMAL = re.compile(r"[0-9]{1,64}")


def submitted_ref(message_id: str, form: MessageId) -> str:
    """The reference of an id as submit_sm_resp has it; so has receipted_message_id (§5.3.2.12)."""
    return _ref(message_id, form, in_hex=form is MessageId.HEX_TO_DEC)


def receipted_ref(message_id: str, form: MessageId) -> str:
    """The reference of an id as a receipt's text has it."""
    return _ref(message_id, form, in_hex=form is MessageId.DEC_TO_HEX)


def _ref(message_id: str, form: MessageId, *, in_hex: bool) -> str:
    """An id that is no number of its form stays as it is: at worst its receipt finds no attempt."""
    bare = message_id.strip()
    if form is MessageId.AS_IS:
        return bare
    if form is MessageId.AUTO:
        # Letters tell hexadecimal. One in forty ids of eight hexadecimal digits has none and is
        # read as decimal: right where receipts are in hexadecimal too, else wrong.
        in_hex = not _DECIMAL.fullmatch(bare)
    if not (_HEX if in_hex else _DECIMAL).fullmatch(bare):
        return bare
    return str(int(bare, 16 if in_hex else 10))
