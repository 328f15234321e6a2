"""The points card: explainable whole points for what is known of a customer, summed to a tier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from reminders.domain.tier import Tier


class Feature(StrEnum):
    """Every input a card may use. Opting out, protected traits and third parties' data are none
    of them, so that no card can express them (S1.6)."""

    REPAYMENT_STATUS = "repayment_status"  # months late at the newest due date; 0 met, -1 in full
    LATE_COUNT = "late_count"  # bills of the last 12 months whose minimum was late
    WORST_DAYS_PAST_DUE = "worst_days_past_due"  # in 12 months
    DAYS_PAST_DUE = "days_past_due"  # now
    WORST_MONTHS_LATE = "worst_months_late"  # most months late of the known bills
    MONTHS_LATE_MEAN = "months_late_mean"  # mean months late over the known bills
    AMOUNT_RATIO = "amount_ratio"  # amount due over the usual payment
    UTILISATION = "utilisation"  # balance over the credit limit
    PAY_RATIO = "pay_ratio"  # paid over billed, all known pairs
    PAY_RATIO_RECENT = "pay_ratio_recent"  # of the newest pair
    UNPAID_SHARE = "unpaid_share"  # bills with no payment at all over bills
    FULL_SHARE = "full_share"  # bills paid in full over bills
    CREDIT_LIMIT = "credit_limit"  # major units
    CREDIT_LEFT = "credit_left"  # the limit less what is owed, major units
    BILL_AMOUNT = "bill_amount"  # major units, newest
    PAYMENT_AMOUNT = "payment_amount"  # major units, mean paid over the known pairs
    LEAST_PAYMENT = "least_payment"  # major units, least paid of the known pairs
    BALANCE_CHANGE = "balance_change"  # newest over the mean of the older ones
    EARLY_COUNT = "early_count"  # paid in full before due, of the last 6
    ON_TIME_STREAK = "on_time_streak"  # minimums met on time in a row, newest first
    BILLS_KNOWN = "bills_known"  # bills that have fallen due
    AUTOPAY = "autopay"  # 1 active and its last run succeeded, else 0
    FAILED_PAYMENTS = "failed_payments"  # in the last 30 days
    BROKEN_PROMISES = "broken_promises"  # in the last 60 days
    LENDER_SCORE = "lender_score"  # supplied by the lender, higher is safer
    ANOMALY = "anomaly"  # 1 while an early warning is in force


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One input's bins: (from, points) with rising lower bounds; below the first counts as it."""

    feature: Feature
    bins: tuple[tuple[float, int], ...]
    missing: int = 0


@dataclass(frozen=True, slots=True)
class RiskCard:
    """Characteristics and the least points of each tier. `hysteresis`: points below a tier's
    threshold that a customer must fall before the tier does."""

    name: str
    version: int
    characteristics: tuple[Characteristic, ...]
    tiers: tuple[tuple[int, Tier], ...]  # (points from, tier), ascending; the first holds below too
    hysteresis: int = 0
    base: int = 0


Features = Mapping[Feature, float]
