"""Positions after one fact more, for the price of the bills that it touches.

What `positions` says of all facts together is said here from the positions before, or None where
that cannot be said: then all facts have to be gone through. A simulation hears of facts one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from reminders.domain.bill import BillPosition, BillVersion, Payment, payment_order


def with_payment(
    known: Mapping[str, BillPosition], payment: Payment
) -> dict[str, BillPosition] | None:
    """With one payment more; None where its bill is not known yet or it was taken back."""
    bill = None if payment.bill_id is None else known.get(payment.bill_id)
    if bill is None or payment.reversed_at is not None:
        return None
    seen = {bill.bill_id}
    while (after := bill.superseded_by) is not None and after not in seen:
        if payment.paid_at < known[after].terms.issued_at:
            break
        seen.add(after)
        bill = known[after]
    found = dict(known)
    if bill.terms.currency == payment.currency:
        paid = tuple(sorted((*bill.payments, payment), key=payment_order))
        found[bill.bill_id] = _changed(bill, bill.superseded_by, paid)
    return found


def with_bill(
    known: Mapping[str, BillPosition],
    added: BillVersion,
    versions: Collection[BillVersion],
    payments: Collection[Payment],
) -> dict[str, BillPosition] | None:
    """With the first version of one bill more, beside those `versions` and `payments` that are
    known; None where it was spoken of before, or takes money over."""
    terms = added.terms
    if terms is None or _spoken_of(added.bill_id, versions) or _left_over(known, payments):
        return None
    found = dict(known)
    older = None if terms.supersedes is None else known.get(terms.supersedes)
    if older is not None:
        if older.superseded_by is not None:
            return None
        for payment in older.payments:
            if payment.paid_at >= terms.issued_at:
                return None
        found[older.bill_id] = _changed(older, added.bill_id, older.payments)
    found[added.bill_id] = BillPosition(
        added.bill_id, added.version, terms, 0, cancelled=False, superseded_by=None, payments=()
    )
    return found


def _spoken_of(bill_id: str, versions: Collection[BillVersion]) -> bool:
    """By an event of its own, or by a statement that takes it over."""
    for each in versions:  # no `any(...)`: this runs for every bill of a simulation
        if each.bill_id == bill_id or (each.terms and each.terms.supersedes == bill_id):
            return True
    return False


def _left_over(known: Mapping[str, BillPosition], payments: Collection[Payment]) -> bool:
    """Whether a payment names a bill and reduces none: it may reduce the new one."""
    used = sum([len(bill.payments) for bill in known.values()])
    return used != sum([payment.bill_id is not None for payment in payments])


def _changed(
    bill: BillPosition, superseded_by: str | None, payments: tuple[Payment, ...]
) -> BillPosition:
    return BillPosition(
        bill.bill_id, bill.version, bill.terms, bill.epoch, bill.cancelled, superseded_by, payments
    )
