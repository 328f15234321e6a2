"""What packs forbid by name, as phrases in English and Chinese that a message must not hold.

Every name that a pack may use has its row here. Two are no phrases: `anonymous` and `false_amount`
are held by what every message must show (`facts`, `trial`): its lender, and the amount of the bill.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from reminders.messages.content import Fault, phrases
from reminders.messages.facts import Kind
from reminders.messages.plain import plain

_ARREST = r"arrest(?:ed)?|jail(?:ed)?|prison|imprison(?:ed|ment)?|拘留|逮捕|坐牢|入狱|判刑|刑事"
_PAPER = r"summons|subpoena|court order|writ|warrants?|传票|法院通知|起诉状|判决书|立案通知"
_INSULT = r"idiots?|scum|stupid|crooks?|thie(?:f|ves)|parasites?|人渣|败类|无赖|混蛋|白痴|小偷"
_STATUS = (
    r"(?:we are|on behalf of|from) the (?:government|police|courts?|ministry|state)"
    r"|you have been (?:sued|convicted|charged)|you are (?:a criminal|wanted)"
    r"|已被(?:起诉|立案|定罪|通缉)|受(?:法院|公安)委托"
)
_CLAIM = (
    r"blacklist(?:ed)?|black list|criminal record|never (?:borrow|get a loan) again"
    r"|banned from (?:travel|flying)|黑名单|失信(?:人|被执行)|限制高消费|影响子女|终身|案底"
)
_FEE = (
    r"(?:processing|handling|collection|visit|service) (?:fees?|charges?)"
    r"|手续费|催收费|上门费|服务费|处理费|代办费"
)
_LOAN = (
    r"new loan|borrow (?:more|again|elsewhere)|another loan|take out a loan"
    r"|以贷还贷|借新还旧|再借|新贷款|借款还清|套现"
)
_PRIVATE = (
    r"(?:my|private|personal) (?:number|phone|mobile|whatsapp|wechat|account)|dm me|text me"
    r"|加我|私信我|私人(?:号|微信|账户|电话)|个人(?:微信|账户|账号)"
)
_PREMIUM = (
    r"(?:\+?44[ -]?|0)9[01]\d(?:[ -]?\d){7}|\b118[ -]?\d{3}\b|1[ -]?900[ -]\d{3}[ -]?\d{4}"
    r"|premium[- ]rate"
)
_REASON = (
    r"you(?:'ve| have) won|parcels?|prize|tax refund|job offer|survey|urgent family matter"
    r"|中奖|快递|包裹|退税|奖品|问卷"
)
PREMIUM_NUMBER = "premium_number"
_SHAME, _OFFER = phrases(Fault.SHAME), phrases(Fault.OFFER)
_THREAT, _IMPERSONATION = phrases(Fault.THREAT), phrases(Fault.IMPERSONATION)
# By name: what it is in words. What is plainly wrong is found, as in `content`.
_WORDS: Mapping[str, str] = {
    "arrest": _ARREST,
    "extra_fee": _FEE,
    "false_status": _STATUS,
    "impersonation": _IMPERSONATION,
    "implied_arrest": _ARREST,
    "inappropriate_message": f"{_INSULT}|{_SHAME}",
    "insult": f"{_INSULT}|{_SHAME}",
    "misleading_claim": _CLAIM,
    "misleading_reason": _REASON,
    "new_loan_to_repay": _LOAN,
    PREMIUM_NUMBER: _PREMIUM,
    "private_channel": _PRIVATE,
    "promotion_in_notice": _OFFER,
    "public_embarrassment": _SHAME,
    "public_posting": _SHAME,
    "public_shaming": _SHAME,
    "shame": _SHAME,
    "simulated_court_paper": _PAPER,
    "threat": _THREAT,
    "unfair_practice": f"{_THREAT}|{_SHAME}|{_IMPERSONATION}",
    "unintended_action": phrases(Fault.LEGAL_STEP),
}
SHOWN_ANYWAY = frozenset({"anonymous", "false_amount"})
KNOWN = SHOWN_ANYWAY.union(_WORDS)
# As in `content`: a formal notice may have to name the step that is really intended.
_MAY: Mapping[str, frozenset[str]] = {Kind.LEGAL_NOTICE: frozenset({"unintended_action"})}


def _pattern(words: str) -> re.Pattern[str]:
    """Whole words in Latin letters; Chinese has no spaces to go by."""
    latin = r"(?<![a-z0-9])(?:{0})(?![a-z0-9])"
    return re.compile(latin.format(words) + "|" + _chinese(words))


def _chinese(words: str) -> str:
    """The Chinese alternatives of a table, which may stand amid other characters."""
    found = [each for each in _split(words) if re.search("[\u4e00-\u9fff]", each)]
    return f"(?:{'|'.join(found)})" if found else "(?!)"


def _split(words: str) -> Iterator[str]:
    """The alternatives at the top level of a pattern."""
    depth, begun = 0, 0
    for at, each in enumerate(words):
        depth += (each in "([") - (each in ")]")
        if each == "|" and depth == 0:
            yield words[begun:at]
            begun = at + 1
    yield words[begun:]


_TABLE: Mapping[str, re.Pattern[str]] = {name: _pattern(words) for name, words in _WORDS.items()}
_NUMBER = re.compile(_PREMIUM)


def premium_number(text: str, bills: Iterable[str] = ()) -> str:
    """A number in `text` that costs more than a call does, or "".

    Figures within the one word of a bill's id (20260901123456789) are no number to call.
    """
    words = [bill.lower() for bill in bills if " " not in bill]
    hits = (hit[0] for hit in _NUMBER.finditer(text.lower()))
    return next((hit for hit in hits if not any(hit in word for word in words)), "")


@lru_cache(maxsize=8_192)
def found_in(text: str, kind: str, lints: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Each of these lints that `text` of a `kind` falls under, with the phrase: the first of each.

    As in `content`, no way of writing hides a word: this is also what comes from outside.
    """
    words = plain(text)
    asked = sorted(lints & _TABLE.keys() - _MAY.get(kind, frozenset()))
    hits = ((name, _TABLE[name].search(words)) for name in asked)
    return tuple((name, hit[0]) for name, hit in hits if hit)
