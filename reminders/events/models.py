"""What each event says: the models of `data`, one per type."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, FailFast, Field, model_validator

from reminders.events.fields import (
    ANY_URL,
    DEVICES,
    E164,
    EMAIL,
    EMAIL_MAX,
    OPENID,
    WEB,
    Actor,
    Address,
    Amount,
    ChannelName,
    Currency,
    Flag,
    HoldKind,
    Instant,
    Jurisdiction,
    Label,
    Language,
    LocalDate,
    MessageKind,
    Name,
    Note,
    Offsets,
    OtherZones,
    PositiveAmount,
    Ref,
    TimeZone,
    Version,
)


class Model(BaseModel):
    """Frozen, and a field nobody knows is refused: a misspelt one would be lost in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Data(Model):
    """Every event names its customer."""

    customer_id: Ref


_NUMBER = (E164, "an E.164 number such as +8613012345678")
_SHAPES = {
    "sms": _NUMBER,
    "voice": _NUMBER,
    "whatsapp": _NUMBER,
    "email": (EMAIL, "a plain e-mail address"),
    "push": (DEVICES, "one to ten devices such as fcm:TOKEN apns:TOKEN"),
    "wechat": (OPENID, "an OpenID"),
    "webhook": (WEB, "a http or https address"),
    "apprise": (ANY_URL, "an Apprise address such as ntfys://host/topic"),
}
_WITHOUT_ADDRESS = ("in_app", "human_task")


def _check_address(channel: ChannelName, address: str) -> None:
    shape, meant = _SHAPES.get(channel, (None, ""))
    longest = EMAIL_MAX if channel == "email" else len(address)
    if shape is not None and not (len(address) <= longest and shape.fullmatch(address)):
        raise ValueError(f"address is not {meant}")


class ContactPoint(Model):
    """Where a customer can be reached. `in_app` and `human_task` need no address."""

    channel: ChannelName
    address: Address | None = None

    @model_validator(mode="after")
    def _address_fits(self) -> Self:
        if self.address is not None:
            _check_address(self.channel, self.address)
        elif self.channel not in _WITHOUT_ADDRESS:
            raise ValueError(f"a contact point of {self.channel} needs an address")
        return self


def _in_order(consent: dict[ChannelName, bool]) -> dict[ChannelName, bool]:
    """Sorted, so that equal consent has equal bytes and an equal hash."""
    return dict(sorted(consent.items()))


class CustomerUpdated(Data):
    """The whole of a customer's profile; it replaces what was known before."""

    language: Language
    time_zone: TimeZone
    jurisdiction: Jurisdiction
    contact_points: Annotated[tuple[ContactPoint, ...], FailFast()] = Field(
        default=(), max_length=20
    )
    consent: Annotated[dict[ChannelName, Flag], AfterValidator(_in_order)] = Field(
        default_factory=dict
    )
    name: Name | None = None
    other_time_zones: OtherZones | None = None  # where else the customer may be


class ContactChanged(Data):
    """One channel's address is now this; `null` says that there is none any more."""

    channel: ChannelName
    address: Address | None = None

    @model_validator(mode="after")
    def _address_fits(self) -> Self:
        if self.address is not None:
            _check_address(self.channel, self.address)
        return self


class PreferenceChanged(Data):
    """Someone (`actor`) allowed or forbade a kind of message on a channel.

    Without an actor it is not refused: it waits for a person (S4.24).
    """

    actor: Actor | None = None
    channel: ChannelName
    message_kind: MessageKind
    allowed: Flag
    source: Label | None = None


class OffsetsChosen(Data):
    """On which days from the due date reminders are wanted; none = as the lender does it."""

    offsets: Offsets
    actor: Label


class BillSnapshot(Data):
    """All of a bill as of `version`; the highest version wins, whatever order they come in."""

    bill_id: Ref
    version: Version
    currency: Currency
    amount_due_minor: Amount
    minimum_due_minor: Amount
    due_on: LocalDate
    product: Label
    revolving: Flag
    issued_at: Instant
    supersedes: Ref | None = None
    reason: Note | None = None

    @model_validator(mode="after")
    def _minimum_within_amount(self) -> Self:
        if self.minimum_due_minor > self.amount_due_minor:
            raise ValueError("minimum_due_minor is above amount_due_minor")
        if self.supersedes == self.bill_id:
            raise ValueError("a bill cannot supersede itself")
        return self


class BillIssued(BillSnapshot):
    """A bill is there."""


class BillDue(BillSnapshot):
    """As `bill.issued`, to be evaluated at once."""


class BillAdjusted(BillSnapshot):
    """The bill's amounts or date changed; `reason` may say why."""


class BillCancelled(Data):
    """The bill is void as of `version`."""

    bill_id: Ref
    version: Version
    reason: Note | None = None


class PaymentReceived(Data):
    """Money came in; without a `bill_id` it is for the customer's account."""

    payment_id: Ref
    bill_id: Ref | None = None
    amount_minor: PositiveAmount
    currency: Currency
    paid_at: Instant


class PaymentFailed(Data):
    """A payment was tried and did not succeed."""

    payment_id: Ref
    bill_id: Ref | None = None
    amount_minor: PositiveAmount
    currency: Currency
    failed_at: Instant
    reason: Note


class PaymentReversed(Data):
    """A payment that had been received was taken back."""

    payment_id: Ref
    bill_id: Ref | None = None
    reversed_at: Instant
    reason: Note | None = None


class HoldPlaced(Data):
    """Reminders pause from `from_at` to `until_at`, or until the hold is lifted."""

    hold_id: Ref
    kind: HoldKind
    bill_id: Ref | None = None
    from_at: Instant
    until_at: Instant | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.until_at is not None and self.until_at <= self.from_at:
            raise ValueError("until_at is not after from_at")
        return self


class HoldLifted(Data):
    """The hold ends."""

    hold_id: Ref
    lifted_at: Instant
