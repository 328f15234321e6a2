"""The lines of an assessment in words."""

from __future__ import annotations

from collections.abc import Mapping

from reminders.domain.customer import RiskInput
from reminders.domain.scorecard import Feature

BILLING = "billing"
_WORDS: Mapping[Feature, str] = {
    Feature.LATE_COUNT: "{:g} late in 12 months",
    Feature.WORST_DAYS_PAST_DUE: "{:g} days past due at worst in 12 months",
    Feature.DAYS_PAST_DUE: "{:g} days past due now",
    Feature.WORST_MONTHS_LATE: "{:g} months late at worst",
    Feature.MONTHS_LATE_MEAN: "{:.2f} months late on average",
    Feature.AMOUNT_RATIO: "amount due {:.2f} times the usual payment",
    Feature.UTILISATION: "{:.0%} of the credit limit in use",
    Feature.PAY_RATIO: "{:.0%} of what was billed is paid",
    Feature.PAY_RATIO_RECENT: "{:.0%} of the last bill that fell due is paid",
    Feature.UNPAID_SHARE: "{:.0%} of bills without any payment",
    Feature.FULL_SHARE: "{:.0%} of bills paid in full",
    Feature.CREDIT_LIMIT: "credit limit {:,.0f}",
    Feature.CREDIT_LEFT: "credit left {:,.0f}",
    Feature.BILL_AMOUNT: "newest bill {:,.2f}",
    Feature.PAYMENT_AMOUNT: "usual payment {:,.2f}",
    Feature.LEAST_PAYMENT: "least payment {:,.2f}",
    Feature.BALANCE_CHANGE: "newest bill {:.2f} times the mean of the older",
    Feature.EARLY_COUNT: "{:g} of the last 6 paid early",
    Feature.ON_TIME_STREAK: "{:g} on time in a row",
    Feature.BILLS_KNOWN: "{:g} bills have fallen due",
    Feature.FAILED_PAYMENTS: "{:g} failed payments in 30 days",
    Feature.BROKEN_PROMISES: "{:g} broken promises in 60 days",
    Feature.LENDER_SCORE: "lender score {:g}",
}
# Values that are better said than counted.
_SAID: Mapping[tuple[Feature, float], str] = {
    (Feature.REPAYMENT_STATUS, -1): "the last bill was paid in full in time",
    (Feature.REPAYMENT_STATUS, 0): "the last minimum was met in time",
    (Feature.REPAYMENT_STATUS, 1): "1 month late at the last due date",
    (Feature.BILLS_KNOWN, 0): "no bill has fallen due yet",
    (Feature.BILLS_KNOWN, 1): "1 bill has fallen due",
    (Feature.DAYS_PAST_DUE, 0): "nothing is past due now",
    (Feature.DAYS_PAST_DUE, 1): "1 day past due now",
    (Feature.LATE_COUNT, 0): "none late in 12 months",
    (Feature.FAILED_PAYMENTS, 0): "no failed payment in 30 days",
    (Feature.FAILED_PAYMENTS, 1): "1 failed payment in 30 days",
    (Feature.BROKEN_PROMISES, 0): "no broken promise in 60 days",
    (Feature.BROKEN_PROMISES, 1): "1 broken promise in 60 days",
    (Feature.AUTOPAY, 0): "no working autopay",
    (Feature.AUTOPAY, 1): "autopay is active and its last run succeeded",
    (Feature.ANOMALY, 0): "no early warning",
    (Feature.ANOMALY, 1): "an early warning is in force",
}


def fact_words(feature: Feature, value: float | None) -> str:
    """What was seen of one input: `2 late in 12 months`, `credit limit unknown`."""
    name = feature.replace("_", " ")
    if value is None:
        return f"{name} unknown"
    said = _SAID.get((feature, value))
    if said is not None:
        return said
    if feature is Feature.REPAYMENT_STATUS:
        return f"{value:g} months late at the last due date"
    return _WORDS.get(feature, name + " {:g}").format(value)


def source_words(observed: RiskInput) -> str:
    """Where an observation comes from: `credit limit from core at 2026-01-02 10:00 UTC`."""
    name = observed.feature.replace("_", " ")
    return f"{name} from {observed.source} at {observed.observed_at:%Y-%m-%d %H:%M} UTC"


def base_words() -> str:
    return "every customer of this card"
