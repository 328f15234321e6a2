"""Outside vectors, each set judged by the code that it is for. Everything is read from the files.

A set takes its file and returns its score. What it needs of this project it imports itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.vector_judging import UNFIT, Judged, Score, Vector, one_by_one, score, unfit


def _read(path: Path) -> Any:  # Any: JSON
    return json.loads(path.read_text(encoding="utf-8-sig"))


def bounces(path: Path) -> Score:
    """Hard or not, message by message: right where the address was blamed as both parsers say."""
    expected: dict[str, list[Vector]] = _read(path)
    judged: list[Judged] = []
    hits = {True: [0, 0], False: [0, 0]}
    for name, found in sorted(expected.items()):
        try:
            hard = any(each["hard"] for each in found)
            right = _says_hard(path.parent / "messages" / name) is hard
        except UNFIT as error:
            judged.append((f"{name} has {unfit(error)}", False))
            continue
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


def _says_hard(message: Path) -> bool:
    from channels.email.bounces import read_bounce

    bounce = read_bounce(message.read_bytes())
    return bounce is not None and bounce.hard


def sms_segments(path: Path) -> Score:
    """Texts and how many segments they take."""
    from reminders.messages.segments import segments

    return score(
        one_by_one(
            _read(path),
            lambda each: each.get("name") or repr(each["text"][:40]),
            lambda each: segments(each["text"]) == each["segments"],
        )
    )


def phone_numbers(path: Path) -> Score:
    """Numbers, whether they are valid, and of which type."""
    from channels.numbers import describe

    def right(each: Vector) -> bool:
        number = describe(each["e164"])
        if number.valid is not each["valid"]:
            return False
        names = {kind.name for kind in type(number.type) if number.may_be(kind)}
        return not each["valid"] or each["type"] in names

    return score(
        one_by_one(_read(path), lambda each: f"{each.get('region', '')} {each['e164']}", right)
    )


def standard_webhooks(path: Path) -> Score:
    """Signatures, good and bad, at the instant of their own stamp. A secret that is none signs
    nothing."""
    from channels.errors import ChannelSettingsError
    from channels.webhook.signing import verify

    def right(each: Vector) -> bool:
        headers = {
            "webhook-id": each["id"],
            "webhook-timestamp": str(each["timestamp"]),
            "webhook-signature": each["signature"],
        }
        try:
            at = datetime.fromtimestamp(int(each["timestamp"]), UTC)
        except (ValueError, OverflowError, OSError):
            at = datetime.now(UTC)
        try:
            said = verify(each["secret"], headers, each["payload"].encode(), at)
        except ChannelSettingsError:
            said = False
        return said is each["valid"]

    return score(one_by_one(_read(path), lambda each: each.get("why") or each["id"], right))


def smpp_receipts(path: Path) -> Score:
    """Texts of delivery receipts, field by field."""
    from channels.sms.smpp.receipts import read_text

    names = ("id", "stat", "err", "dlvrd", "done", "final", "delivered")

    def right(each: Vector) -> bool:
        found = read_text(each["text"])
        return all(getattr(found, name) == each[name] for name in names if name in each)

    return score(one_by_one(_read(path), lambda each: each["text"], right))


def retry_after(path: Path) -> Score:
    """`Retry-After` in every form. A date is measured a minute before it, and after it."""
    from channels.retry_after import LONGEST, parse_retry_after

    def right(each: Vector) -> bool:
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

    return score(one_by_one(_read(path), lambda each: repr(each["value"]), right))


# RFC 9110 §5.6.7: the preferred form, RFC 850's and asctime's; a zone as mails have it, as some do.
_DATES = ("%a, %d %b %Y %H:%M:%S %z", "%A, %d-%b-%y %H:%M:%S %z", "%a %b %d %H:%M:%S %Y %z")


def _instant(value: str) -> datetime:
    said = value.strip()
    said = f"{said[:-3]}+0000" if said.endswith(("GMT", "UTC")) else said
    for text in (said, f"{said} +0000"):
        for form in _DATES:
            try:
                return datetime.strptime(text, form).astimezone(UTC)
            except ValueError:
                continue
    raise ValueError(f"{value!r} is no date")


def provider_callbacks(path: Path) -> Score:
    """What providers post and answer, and the words that customers write."""
    from benchmarks.vector_callbacks import judged

    return score(judged(_read(path)))


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


def files_of(folder: Path, name: str) -> list[Path]:
    """The set's file; where there is none of its name, those that have it in their name."""
    named = folder / SETS[name][0]
    if named.is_file():
        return [named]
    pattern = "*" + name.replace("-", "[-_]") + "*"
    wider = f"{pattern}/expected.json" if name == "bounces" else f"{pattern}.json"
    found = sorted(each for each in folder.glob(wider) if each.is_file())
    if name == "bounces" and (folder / "messages").is_dir():
        found += [each for each in (folder / "expected.json",) if each.is_file()]
    return found
