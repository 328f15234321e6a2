"""Outside vectors, each set judged by the code that it is for. Everything is read from the files.

A set takes the folder and returns its score. What it needs of this project it imports itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Vectors = list[dict[str, Any]]  # Any: JSON


@dataclass(frozen=True, slots=True)
class Score:
    """How many vectors of a set were right; `wrong` names the others."""

    right: int
    of: int
    wrong: tuple[str, ...] = ()
    more: Mapping[str, float] = field(default_factory=dict)


def score(judged: Iterable[tuple[str, bool]]) -> Score:
    """The score of (name, right) pairs."""
    pairs = list(judged)
    wrong = tuple(name for name, right in pairs if not right)
    return Score(len(pairs) - len(wrong), len(pairs), wrong)


def _read(path: Path) -> Any:  # Any: JSON
    return json.loads(path.read_text(encoding="utf-8"))


def bounces(folder: Path) -> Score:
    """Hard or not, message by message: right where the address was blamed as both parsers say."""
    from channels.email.bounces import read_bounce

    expected: dict[str, Vectors] = _read(folder / "bounces" / "expected.json")
    judged, hits = [], {True: [0, 0], False: [0, 0]}
    for name, found in sorted(expected.items()):
        hard = any(each["hard"] for each in found)
        bounce = read_bounce((folder / "bounces" / "messages" / name).read_bytes())
        right = (bounce is not None and bounce.hard) is hard
        hits[hard][0] += right
        hits[hard][1] += 1
        judged.append((name, right))
    whole = score(judged)
    rates = [right / of for right, of in hits.values() if of]
    figures = {
        "accuracy": round(whole.right / whole.of, 4) if whole.of else 0.0,
        "balanced_accuracy": round(sum(rates) / len(rates), 4) if rates else 0.0,
        "hard": float(hits[True][1]),
    }
    return Score(whole.right, whole.of, whole.wrong, figures)


def sms_segments(folder: Path) -> Score:
    """Texts and how many segments they take."""
    from reminders.messages.segments import segments

    vectors: Vectors = _read(folder / "sms-segments.json")
    return score((each["name"], segments(each["text"]) == each["segments"]) for each in vectors)


def phone_numbers(folder: Path) -> Score:
    """Numbers, whether they are valid, and of which type."""
    from channels.numbers import describe

    def right(each: dict[str, Any]) -> bool:  # Any: JSON
        number = describe(each["e164"])
        if number.valid != each["valid"]:
            return False
        names = {kind.name for kind in type(number.type) if number.may_be(kind)}
        return not each["valid"] or each["type"] in names

    vectors: Vectors = _read(folder / "phone-numbers.json")
    return score((f"{each['region']} {each['e164']}", right(each)) for each in vectors)


def standard_webhooks(folder: Path) -> Score:
    """Signatures, good and bad, at the instant of their own stamp."""
    from channels.webhook.signing import verify

    def right(each: dict[str, Any]) -> bool:  # Any: JSON
        headers = {
            "webhook-id": each["id"],
            "webhook-timestamp": str(each["timestamp"]),
            "webhook-signature": each["signature"],
        }
        at = datetime.fromtimestamp(each["timestamp"], UTC)
        said = verify(each["secret"], headers, each["payload"].encode(), at)
        return said is each["valid"]

    vectors: Vectors = _read(folder / "standard-webhooks-vectors.json")
    return score(
        (f"{number} {each.get('why', each['id'])}", right(each))
        for number, each in enumerate(vectors, 1)
    )


def smpp_receipts(folder: Path) -> Score:
    """Texts of delivery receipts, field by field."""
    from channels.sms.smpp.receipts import read_text

    names = ("id", "stat", "err", "dlvrd", "done", "final", "delivered")

    def right(each: dict[str, Any]) -> bool:  # Any: JSON
        found = read_text(each["text"])
        return all(getattr(found, name) == each[name] for name in names if name in each)

    vectors: Vectors = _read(folder / "smpp-receipts.json")
    return score((each["text"], right(each)) for each in vectors)


def retry_after(folder: Path) -> Score:
    """`Retry-After` in every form. A date is measured a minute before it, and after it."""
    from channels.retry_after import LONGEST, parse_retry_after

    def right(each: dict[str, Any]) -> bool:  # Any: JSON
        value, expect = each["value"], each["expect"]
        found = parse_retry_after(value, datetime.now(UTC))
        if isinstance(expect, str) and expect.startswith("date"):
            at = _instant(value)
            minute = timedelta(minutes=1)
            before, after = (parse_retry_after(value, at + wait) for wait in (-minute, minute))
            return before == minute and after == timedelta(0)
        if expect == "huge":
            return found == LONGEST
        return found == (None if expect is None else min(timedelta(seconds=expect), LONGEST))

    vectors: Vectors = _read(folder / "retry-after.json")
    return score((repr(each["value"]), right(each)) for each in vectors)


# RFC 9110 §5.6.7: the preferred form, RFC 850's and asctime's.
_DATES = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y")


def _instant(value: str) -> datetime:
    for form in _DATES:
        try:
            return datetime.strptime(value, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise ValueError(f"{value!r} is no date of RFC 9110")


def provider_callbacks(folder: Path) -> Score:
    """What providers post and answer, and the words that customers write."""
    from benchmarks.vector_callbacks import judged

    return score(judged(_read(folder / "provider-callbacks.json")))


# name → the file that it is in, and what judges it
SETS: Mapping[str, tuple[str, Callable[[Path], Score]]] = {
    "bounces": ("bounces/expected.json", bounces),
    "sms-segments": ("sms-segments.json", sms_segments),
    "phone-numbers": ("phone-numbers.json", phone_numbers),
    "standard-webhooks": ("standard-webhooks-vectors.json", standard_webhooks),
    "smpp-receipts": ("smpp-receipts.json", smpp_receipts),
    "retry-after": ("retry-after.json", retry_after),
    "provider-callbacks": ("provider-callbacks.json", provider_callbacks),
}
