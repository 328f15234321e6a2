"""Every row of the table of contact rules, pack by pack, with its citation and its mark.

Rows: applies to, hours, voice cap, text cap, who, required and forbidden content, opt-out, what
survives it, conditions of texts, records, automated decisions.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from reminders.domain.caps import first_blocked
from reminders.domain.compliance import Cap, Content, Count, Mark, Pack, Role, Source
from reminders.domain.customer import ChannelName
from reminders.domain.hours import is_open
from reminders.domain.kinds import MessageClass, MessageKind
from reminders.domain.usage import NOTHING_USED, PASSIVE, Contact, Usage
from reminders.messages.facts import VARIABLES
from reminders.services.pack_page import page
from reminders.services.packs import read_packs

CONFIG = Path(__file__).parents[3] / "config"
NAMES = ("cn", "eu", "house", "in-rbi", "uk-conc", "us-reg-f")
VERIFIED, SECOND, UNVERIFIED, HOUSE = Mark
SERVICE, COLLECTION, MANDATED, MARKETING = MessageClass
ZONE = {
    "cn": "Asia/Shanghai",
    "us-reg-f": "America/New_York",
    "uk-conc": "Europe/London",
    "in-rbi": "Asia/Kolkata",
    "eu": "Europe/Berlin",
    "house": "Asia/Taipei",
}
# A Saturday night before each zone's clock changes, and the Monday after it.
SATURDAY = {"us-reg-f": (2026, 3, 7)}
CHANGE = (2026, 3, 28)


@cache
def packs() -> dict[str, Pack]:
    return read_packs(CONFIG / "packs")


def local(name: str, at: str, day: int = 0) -> datetime:
    """A wall time in the pack's zone, so many days after its Saturday, as an instant in UTC."""
    first = datetime(*SATURDAY.get(name, CHANGE), tzinfo=ZoneInfo(ZONE[name])) + timedelta(days=day)
    hour, minute = map(int, at.split(":"))
    return first.replace(hour=hour, minute=minute).astimezone(UTC)


def holds(source: Source | None, cite: str, mark: Mark) -> None:
    assert source is not None
    assert cite in source.cite
    assert source.mark is mark


def test_there_are_five_jurisdictions_and_the_house() -> None:
    assert tuple(packs()) == NAMES


# --- Hours: first and last minute, over a clock change ----------------------------------------


@pytest.mark.parametrize(
    ("name", "classes", "opens", "closes", "cite", "mark"),
    [
        ("cn", [COLLECTION], "08:00", "22:00", "GB/T 45251-2025", SECOND),
        ("cn", [SERVICE, MANDATED], "08:00", "22:00", "same window", HOUSE),
        ("us-reg-f", [COLLECTION], "08:00", "21:00", "1006.6(b)(1)(i)", VERIFIED),
        ("us-reg-f", [SERVICE, MANDATED], "08:00", "21:00", "house", HOUSE),
        ("uk-conc", [COLLECTION], "08:00", "20:00", "CONC 7.9", HOUSE),
        ("uk-conc", [SERVICE, MANDATED], "08:00", "20:00", "house", HOUSE),
        ("in-rbi", [COLLECTION], "08:00", "19:00", "RBI 2022-08-12", SECOND),
        ("in-rbi", [SERVICE], "08:00", "21:00", "house", HOUSE),
        ("in-rbi", [MANDATED], "08:00", "19:00", "house", HOUSE),
        ("eu", [COLLECTION], "08:00", "20:00", "no figure of the EU", HOUSE),
        ("eu", [SERVICE, MANDATED], "08:00", "20:00", "house", HOUSE),
        ("house", [SERVICE, COLLECTION, MANDATED], "08:00", "22:00", "house", HOUSE),
        ("in-rbi", [MARKETING], "09:00", "19:00", "house", HOUSE),
        ("cn", [MARKETING], "09:00", "20:00", "house", HOUSE),
        ("us-reg-f", [MARKETING], "09:00", "20:00", "house", HOUSE),
        ("uk-conc", [MARKETING], "09:00", "20:00", "house", HOUSE),
        ("eu", [MARKETING], "09:00", "20:00", "house", HOUSE),
        ("house", [MARKETING], "09:00", "20:00", "house", HOUSE),
    ],
)
def test_hours(
    name: str, classes: list[MessageClass], opens: str, closes: str, cite: str, mark: Mark
) -> None:
    second = timedelta(seconds=1)
    for message_class in classes:
        rule = packs()[name].hours[message_class]
        holds(rule.source, cite, mark)
        for day in (0, 1, 2):  # Saturday, the Sunday of the clock change, Monday
            on_rest = day == 1 and 6 in rule.hours.closed_weekdays
            first, end = local(name, opens, day), local(name, closes, day)
            found = [
                is_open(rule.hours, (ZONE[name],), at)
                for at in (first - second, first, end - second, end)
            ]
            assert found == [False, not on_rest, not on_rest, False], (message_class, day)


@pytest.mark.parametrize(
    ("name", "message_class", "sundays", "holidays", "mark"),
    [
        ("eu", COLLECTION, True, False, HOUSE),
        ("in-rbi", COLLECTION, False, True, UNVERIFIED),
        *((name, MARKETING, True, True, HOUSE) for name in NAMES),
        *((name, SERVICE, False, False, None) for name in NAMES),
        *((name, MANDATED, False, False, None) for name in NAMES),
        *((n, COLLECTION, False, False, None) for n in ("cn", "us-reg-f", "uk-conc", "house")),
    ],
)
def test_days_of_rest(
    name: str, message_class: MessageClass, sundays: bool, holidays: bool, mark: Mark | None
) -> None:
    rule = packs()[name].hours[message_class]
    assert rule.hours.closed_weekdays == (frozenset({6}) if sundays else frozenset())
    assert rule.holidays is holidays
    assert (rule.days_source.mark if rule.days_source else None) is mark


def test_conflicting_places_leave_only_hours_that_suit_both() -> None:
    """us-reg-f, comment 6(b)(1)(i)-2: 08:00 in New York is 05:00 in Los Angeles."""
    hours = packs()["us-reg-f"].hours[COLLECTION].hours
    both = ("America/New_York", "America/Los_Angeles")
    found = [is_open(hours, both, local("us-reg-f", at)) for at in ("10:59", "11:00", "20:59")]
    assert found == [False, True, True]
    assert not is_open(hours, both, local("us-reg-f", "21:00"))


# --- Caps: as many as allowed go, the next one not before it may --------------------------------

_DEBT, _CUSTOMER, _POINT, _BILL = "bill,customer", "customer", "contact_point", "bill"
_TEXTS = "apprise,email,push,sms,webhook,wechat,whatsapp"


@pytest.mark.parametrize(
    ("cap_id", "limit", "channels", "scope", "opens", "day", "cite", "mark"),
    [
        # cn: voice cap
        ("cn.voice.connected", 3, "voice", _CUSTOMER, "00:00", 1, "GB/T 45251-2025", SECOND),
        ("cn.voice.dials", 6, "voice", _POINT, "00:00", 1, "CBA", SECOND),
        # cn: text cap, and what providers take
        ("cn.text.day", 2, _TEXTS, _CUSTOMER, "00:00", 1, "house", HOUSE),
        ("cn.text.bill", 12, _TEXTS, _BILL, None, 0, "billing cycle", HOUSE),
        ("cn.sms.provider.hour", 10, "sms", _POINT, "11:00", 0, "Baidu", VERIFIED),
        ("cn.sms.provider.day", 50, "sms", _POINT, "10:00", 1, "Aliyun", VERIFIED),
        ("cn.sms.promotion.hour", 4, "sms", _POINT, "11:00", 0, "Huawei", VERIFIED),
        ("cn.sms.promotion.day", 10, "sms", _POINT, "10:00", 1, "Huawei", VERIFIED),
        # us-reg-f: voice cap. The clock goes forward in the night between.
        ("us.voice.7-in-7", 7, "voice", _DEBT, "00:00", 7, "1006.14(b)(2)(i)(A)", VERIFIED),
        ("us.voice.after-talk", 0, "voice", _DEBT, "00:00", 7, "1006.14(b)(2)(i)(B)", VERIFIED),
        # us-reg-f: text cap. 168 hours are an hour less of wall time.
        ("us.text.7d", 3, _TEXTS, _CUSTOMER, "11:00", 7, "1006.14(a)", HOUSE),
        # uk-conc, in-rbi, eu: voice and text caps
        ("uk.voice.7d", 3, "voice", _CUSTOMER, "11:00", 7, "house", HOUSE),
        ("uk.text.7d", 3, _TEXTS, _CUSTOMER, "11:00", 7, "house", HOUSE),
        ("in.voice.day", 3, "voice", _CUSTOMER, "00:00", 1, "persistently", HOUSE),
        ("in.text.day", 2, _TEXTS, _CUSTOMER, "00:00", 1, "house", HOUSE),
        ("eu.voice.7d", 3, "voice", _CUSTOMER, "11:00", 7, "house", HOUSE),
        ("eu.text.7d", 3, _TEXTS, _CUSTOMER, "11:00", 7, "house", HOUSE),
        # house
        ("house.text.day", 2, _TEXTS, _CUSTOMER, "00:00", 1, "house", HOUSE),
        ("house.bill", 12, f"{_TEXTS},voice", _BILL, None, 0, "12 in a cycle", HOUSE),
    ],
)
def test_cap(
    cap_id: str,
    limit: int,
    channels: str,
    scope: str,
    opens: str | None,
    day: int,
    cite: str,
    mark: Mark,
) -> None:
    name, cap = caps()[cap_id]
    holds(cap.source, cite, mark)
    assert (cap.limit, ",".join(sorted(cap.scope))) == (limit, scope)
    assert ",".join(sorted(cap.channels)) == ",".join(sorted(channels.split(",")))
    until = None if opens is None else local(name, opens, day)
    for channel in cap.channels:
        at = local(name, "10:00")
        wanted = contact(at, channel, MARKETING if MARKETING in cap.classes else COLLECTION)
        usage, allowed = NOTHING_USED, 0
        while first_blocked([cap], usage, wanted, (ZONE[name],)) is None:
            allowed += 1
            usage = usage.after(wanted)
            if cap.count is Count.CONVERSATION:
                allowed -= 1  # the talk itself; none may follow
        assert allowed == limit
        found = first_blocked([cap], usage, wanted, (ZONE[name],))
        assert found is not None
        assert found.until == until
        if until is None:
            continue
        for moment, barred in ((until - timedelta(seconds=1), True), (until, False)):
            later = replace(wanted, at=moment)
            assert (first_blocked([cap], usage, later, (ZONE[name],)) is not None) is barred


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channel", sorted(set(ChannelName) - PASSIVE))
def test_no_pack_leaves_a_channel_without_a_cap(name: str, channel: str) -> None:
    """Caps hold across all channels, also those that were added after the pack was written."""
    assert any(channel in cap.channels for cap in packs()[name].caps)


def caps() -> dict[str, tuple[str, Cap]]:
    return {cap.cap_id: (pack.name, cap) for pack in packs().values() for cap in pack.caps}


def contact(at: datetime, channel: str, message_class: MessageClass) -> Contact:
    return Contact(at, channel, message_class, "c", "1", "+8619900000001", conversation=True)


def test_every_cap_stands_in_the_table_above() -> None:
    (mark,) = (each for each in test_cap.pytestmark if each.name == "parametrize")  # type: ignore[attr-defined]  # pytest adds it
    assert sorted(row[0] for row in mark.args[1]) == sorted(caps())


@pytest.mark.parametrize(
    ("connected", "allowed"), [([False] * 9, True), ([None] * 3, False), ([True] * 3, False)]
)
def test_cn_counts_only_calls_that_connected(connected: list[bool | None], allowed: bool) -> None:
    """cn, voice cap: effective calls, and one in flight may become one."""
    _, cap = caps()["cn.voice.connected"]
    at = local("cn", "10:00")
    call = contact(at, "voice", COLLECTION)
    usage = Usage(tuple(replace(call, connected=each) for each in connected))
    assert (first_blocked([cap], usage, call, (ZONE["cn"],)) is None) is allowed


def test_reg_f_counts_per_debt_and_leaves_out_what_it_excludes() -> None:
    """us-reg-f, voice cap: 1006.14(b)(2) per debt, (b)(3) calls that do not count."""
    _, cap = caps()["us.voice.7-in-7"]
    call = contact(local("us-reg-f", "10:00"), "voice", COLLECTION)
    seven = Usage((call,) * 7)
    zone = (ZONE["us-reg-f"],)
    assert first_blocked([cap], seven, call, zone) is not None
    assert first_blocked([cap], seven, replace(call, bill="2"), zone) is None
    not_connected = replace(call, excluded=frozenset({cap.cap_id}))
    assert first_blocked([cap], Usage((not_connected,) * 7), call, zone) is None


@pytest.mark.parametrize(
    "cap_id", [each for each in caps() if ".text." in each or "house." in each]
)
def test_a_notice_that_law_orders_waits_for_no_house_figure(cap_id: str) -> None:
    assert caps()[cap_id][1].exempt == {MANDATED}


# --- The rest of the rows -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("duty_id", "says", "cite", "mark"),
    [
        # applies to
        ("cn.applies", "personal consumer loans", "CBA", SECOND),
        ("us.applies", "Third-party debt collectors only", "1006.2(i)(2)(i)", VERIFIED),
        ("uk.applies", "Regulated credit", "CONC 7.1.1", VERIFIED),
        ("in.applies", "recovery agents", "RBI 2022-08-12", UNVERIFIED),
        ("eu.applies", "2026-11-20", "2023/2225", VERIFIED),
        # hours without a figure
        ("uk.when-where-how", "reasonable requests", "CONC 7.9", VERIFIED),
        ("in.blackouts", "bereavement", "draft 2026-02-12", UNVERIFIED),
        # who may be contacted
        ("cn.who", "The debtor only", "art. 68", SECOND),
        ("us.who", "consumer alone", "1006.6(d)", VERIFIED),
        ("uk.who", "third parties do not learn", "CONC 7.9", VERIFIED),
        ("in.who", "no relatives, referees, friends", "RBI 2022-08-12", SECOND),
        ("eu.who", "nobody", "GDPR", UNVERIFIED),
        ("house.who", "The customer alone", "house", HOUSE),
        # required content in words
        ("cn.letter", "bears the seal", "art. 69", VERIFIED),
        ("us.opt-out-text", "Reply STOP", "1006.6(e)", VERIFIED),
        ("us.collector-line", "from a debt collector", "1006.18(e)", VERIFIED),
        ("us.validation", "Validation", "1006.34", VERIFIED),
        ("in.prior-intimation", "beforehand", "draft 2026-02-12", UNVERIFIED),
        ("eu.forbearance-first", "before enforcement", "art. 35", VERIFIED),
        # opt-out
        ("cn.sms.refusal", "10,000 to 30,000", "通信短信息服务管理规定", SECOND),
        ("us.medium", "bar a medium", "1006.14(h)", VERIFIED),
        # conditions of texts
        ("cn.sms.templates", "real-name signature", "Aliyun", VERIFIED),
        ("cn.sms.provider.minute", "3 a minute", "Baidu", VERIFIED),
        ("us.address", "used or consented", "1006.6(d)", VERIFIED),
        ("in.dlt", "DLT id", "DLT", SECOND),
        # automated decisions
        ("cn.automated", "explanation", "PIPL art. 24", VERIFIED),
        ("cn.sensitive", "sensitive", "PIPL art. 28", VERIFIED),
        ("cn.shortest", "no longer", "PIPL art. 19", UNVERIFIED),
        ("cn.ai", "discrimination", "CBA", SECOND),
        ("uk.automated", "Rights", "UK GDPR art. 22", UNVERIFIED),
        ("in.automated", "Rights", "DPDP", UNVERIFIED),
        ("eu.automated", "Rights", "GDPR art. 22", UNVERIFIED),
    ],
)
def test_duty_in_words(duty_id: str, says: str, cite: str, mark: Mark) -> None:
    duties = {duty.duty_id: duty for pack in packs().values() for duty in pack.duties}
    assert says in duties[duty_id].says
    holds(duties[duty_id].source, cite, mark)


def test_reg_f_binds_third_party_collectors_and_is_a_safe_harbour_for_others() -> None:
    roles = {name: pack.role for name, pack in packs().items()}
    assert roles.pop("us-reg-f") is Role.THIRD_PARTY_COLLECTOR
    assert set(roles.values()) == {Role.LENDER}


@pytest.mark.parametrize(
    ("name", "message_class", "content", "cite", "mark"),
    [
        ("cn", SERVICE, {Content.LENDER}, "【…】", VERIFIED),
        (
            *("cn", COLLECTION),
            {Content.LENDER, Content.AMOUNT, Content.BILL, Content.HOW_TO_PAY}
            | {Content.HOW_TO_DISPUTE, Content.CONTACT},
            *("art. 69", VERIFIED),
        ),
        (
            *("us-reg-f", COLLECTION),
            {Content.LENDER, Content.AMOUNT, Content.OPT_OUT_METHOD, Content.DEBT_COLLECTOR_LINE},
            *("1006.18(e)", VERIFIED),
        ),
        (
            *("uk-conc", MANDATED),
            {Content.LENDER, Content.AMOUNT, Content.INFORMATION_SHEET},
            *("s.86A", SECOND),
        ),
        (
            *("uk-conc", COLLECTION),
            {Content.LENDER, Content.AMOUNT, Content.HOW_TO_PAY, Content.DEBT_ADVICE},
            *("debt-advice", SECOND),
        ),
        (
            *("in-rbi", COLLECTION),
            {Content.LENDER, Content.AMOUNT, Content.AGENT_IDENTITY},
            *("draft 2026-02-12", UNVERIFIED),
        ),
        (
            *("eu", MANDATED),
            {Content.LENDER, Content.AMOUNT, Content.DEBT_ADVICE, Content.FORBEARANCE_OFFER},
            *("art. 35 and 36", VERIFIED),
        ),
        *((name, MARKETING, {Content.LENDER, Content.OPT_OUT_METHOD}, "", None) for name in NAMES),
    ],
)
def test_required_content(
    name: str, message_class: MessageClass, content: set[Content], cite: str, mark: Mark | None
) -> None:
    assert packs()[name].required[message_class] == content
    source = packs()[name].required_sources[message_class]
    assert cite in source.cite
    assert mark in (None, source.mark)


def test_content_that_templates_can_say_is_named_as_their_variable() -> None:
    assert {content for content in Content if content in VARIABLES} == {
        *(Content.LENDER, Content.AMOUNT, Content.DUE_ON, Content.BILL, Content.HOW_TO_PAY),
        *(Content.OPT_OUT_METHOD, Content.CONSEQUENCE),
    }


@pytest.mark.parametrize(
    ("name", "lints", "cite", "mark"),
    [
        ("cn", "threat insult misleading_claim impersonation public_posting", "CBA", SECOND),
        ("cn", "private_channel new_loan_to_repay extra_fee", "CBA", SECOND),
        ("us-reg-f", "false_amount false_status implied_arrest", "1006.18", VERIFIED),
        ("us-reg-f", "unintended_action simulated_court_paper", "1006.18", VERIFIED),
        ("uk-conc", "misleading_reason premium_number public_embarrassment", "CONC 7.9", VERIFIED),
        ("uk-conc", "promotion_in_notice", "ICO", VERIFIED),
        ("in-rbi", "threat anonymous misleading_claim public_shaming", "RBI 2022", SECOND),
        ("in-rbi", "inappropriate_message", "RBI 2022", SECOND),
        ("eu", "unfair_practice", "unfair practices", UNVERIFIED),
        ("house", "threat arrest shame impersonation promotion_in_notice", "house", HOUSE),
    ],
)
def test_forbidden_content(name: str, lints: str, cite: str, mark: Mark) -> None:
    for lint in lints.split():
        holds(packs()[name].forbidden[lint], cite, mark)


@pytest.mark.parametrize(
    ("name", "words", "days", "replies", "cite", "mark"),
    [
        ("cn", "R|T|TD|N|退订", 0, 0, "Huawei", VERIFIED),
        (
            *("us-reg-f", "STOP|QUIT|END|REVOKE|OPT OUT|CANCEL|UNSUBSCRIBE", 10, 1),
            *("10 business days", SECOND),
        ),
        ("uk-conc", "STOP", 0, 0, "PECR", HOUSE),
        ("in-rbi", "STOP", 0, 0, "DLT", HOUSE),
        ("eu", "STOP|ARRET", 0, 0, "GDPR", HOUSE),
        ("house", "STOPALL|REVOKE|OPTOUT|STOP ALL|REMOVE", 0, 0, "Twilio", VERIFIED),
    ],
)
def test_opt_out(name: str, words: str, days: int, replies: int, cite: str, mark: Mark) -> None:
    rule = packs()[name].opt_out
    assert rule is not None
    assert set(words.split("|")) <= rule.words
    found = (rule.honour_within, rule.confirmations, rule.replies)
    assert found == (timedelta(days=days), 1, replies)
    holds(rule.source, cite, mark)


def test_reg_f_leaves_three_notices_after_a_demand_to_stop() -> None:
    """us-reg-f, opt-out: 1006.6(c)."""
    rule = packs()["us-reg-f"].cease_contact
    assert rule is not None
    assert rule.exceptions == {"end_of_efforts", "may_invoke_remedy", "will_invoke_remedy"}
    holds(rule.source, "1006.6(c)", VERIFIED)


@pytest.mark.parametrize(
    ("name", "kind", "product", "missed", "days", "basis", "mark"),
    [
        ("cn", MessageKind.BUREAU_PRE_NOTICE, "loan", None, None, "art. 15", UNVERIFIED),
        ("cn", MessageKind.PRE_DUE, "card", None, None, "art. 67", VERIFIED),
        ("cn", MessageKind.LEGAL_NOTICE, "loan", None, None, "legal", UNVERIFIED),
        ("us-reg-f", MessageKind.LEGAL_NOTICE, "card", None, None, "other law", VERIFIED),
        ("uk-conc", MessageKind.STATUTORY_ARREARS_NOTICE, "card", 2, 14, "s.86B", SECOND),
        ("uk-conc", MessageKind.LEGAL_NOTICE, "card", None, 14, "s.88", UNVERIFIED),
        ("in-rbi", MessageKind.STATUTORY_ARREARS_NOTICE, "loan", None, None, "", UNVERIFIED),
        ("eu", MessageKind.STATUTORY_ARREARS_NOTICE, "loan", None, None, "", UNVERIFIED),
    ],
)
def test_what_survives_an_opt_out(
    name: str,
    kind: MessageKind,
    product: str,
    missed: int | None,
    days: int | None,
    basis: str,
    mark: Mark,
) -> None:
    (found,) = (each for each in packs()[name].mandates if each.orders(kind, product))
    assert basis in found.legal_basis
    assert found.legal_basis
    assert (found.after_missed, found.within_days, found.min_channels) == (missed, days, 1)
    assert found.source.mark is mark


def test_a_reminder_before_the_due_date_is_a_duty_for_cards_alone() -> None:
    """cn, survives opt-out: art. 67 binds card issuers."""
    assert not any(each.orders(MessageKind.PRE_DUE, "loan") for each in packs()["cn"].mandates)


def test_no_house_wish_passes_an_opt_out() -> None:
    assert packs()["house"].mandates == ()
    assert all(m.source.mark is not HOUSE for pack in packs().values() for m in pack.mandates)


def test_a_number_for_texts_is_confirmed_within_sixty_days() -> None:
    """us-reg-f, conditions of texts: 1006.6(d)(5); no other pack asks it."""
    (rule,) = packs()["us-reg-f"].freshness
    assert rule.channels == {"sms"}
    assert rule.days == 60
    holds(rule.source, "1006.6(d)(5)", VERIFIED)
    assert not any(pack.freshness for name, pack in packs().items() if name != "us-reg-f")


@pytest.mark.parametrize(
    ("name", "record", "years", "cite", "mark"),
    [
        ("cn", "recording", 2, "art. 68", VERIFIED),
        ("us-reg-f", "collection_log", 3, "1006.100", VERIFIED),
        ("us-reg-f", "recording", 3, "1006.100", VERIFIED),
        ("uk-conc", "collection_log", 6, "FCA", UNVERIFIED),
        ("in-rbi", "recording", 2, "draft 2026-02-12", UNVERIFIED),
        ("eu", "collection_log", 3, "GDPR", HOUSE),
        ("house", "decision", 3, "house", HOUSE),
    ],
)
def test_records(name: str, record: str, years: int, cite: str, mark: Mark) -> None:
    (kept,) = (each for each in packs()[name].retention if each.record == record)
    assert 365.25 * years <= kept.days + 0.25 < 365.25 * years + 1
    assert packs()[name].retention_days >= kept.days
    holds(kept.source, cite, mark)


@pytest.mark.parametrize(
    ("name", "cite", "mark"),
    [
        ("cn", "通信短信息服务管理规定", SECOND),
        ("us-reg-f", "TCPA", HOUSE),
        ("uk-conc", "PECR", VERIFIED),
        ("in-rbi", "DLT", SECOND),
        ("eu", "ePrivacy", UNVERIFIED),
        ("house", "house", HOUSE),
    ],
)
def test_offers_need_consent_and_nothing_else_does(name: str, cite: str, mark: Mark) -> None:
    assert packs()[name].consent_needed == {MARKETING}
    holds(packs()[name].consent[MARKETING], cite, mark)


def test_the_page_of_the_packs_shows_them_as_they_are() -> None:
    """Write it anew with `python -m reminders.services.pack_page config/packs > docs/packs.md`."""
    shown = (CONFIG.parent / "docs" / "packs.md").read_text(encoding="utf-8")
    assert shown == page(packs())
    assert "Nothing here is legal advice" in shown
    for pack in packs().values():
        assert f"## {pack.label}" in shown
        for cap in pack.caps:
            assert f"| `{cap.cap_id}` |" in shown
