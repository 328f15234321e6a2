"""What a mail provider posts when its user presses "unsubscribe" (RFC 8058 §3.2)."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.errors import MessageError
from urllib.parse import parse_qs

_FIELD, _VALUE = "List-Unsubscribe", "One-Click"


def is_one_click(body: bytes, content_type: bytes) -> bool:
    """True for the one field of the standard, in either of the two forms that it allows.

    Anything else, and every GET, is no unsubscription: link scanners follow what they find.
    """
    kind = content_type.partition(b";")[0].strip().lower()
    if kind == b"application/x-www-form-urlencoded":
        try:
            return parse_qs(body.decode("ascii"), max_num_fields=5).get(_FIELD) == [_VALUE]
        except ValueError:
            return False
    return kind == b"multipart/form-data" and _in_parts(body, content_type)


def _in_parts(body: bytes, content_type: bytes) -> bool:
    try:
        form = message_from_bytes(
            b"Content-Type: " + content_type + b"\r\n\r\n" + body, policy=policy.HTTP
        )
        return any(
            part.get_param("name", header="content-disposition") == _FIELD
            and part.get_payload(decode=True) == _VALUE.encode()
            for part in form.walk()
        )
    except (MessageError, ValueError, LookupError, AttributeError, TypeError):
        return False
