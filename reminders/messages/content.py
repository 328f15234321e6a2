"""Words that no message may hold: threats, shame, impersonation, third parties, offers.

A table per fault, in English and Chinese, each with the rule that forbids it. A table finds what is
plainly wrong; what is wrong more finely is for the person who approves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from reminders.messages.facts import Kind
from reminders.messages.plain import plain


class Fault(StrEnum):
    """What a phrase does that it must not."""

    THREAT = "threat"
    LEGAL_STEP = "legal step"
    SHAME = "shame"
    IMPERSONATION = "impersonation"
    THIRD_PARTY = "third party"
    OFFER = "offer"


class Found(NamedTuple):
    """A phrase that must not be there, the fault that it is, and the rules that say so."""

    fault: Fault
    phrase: str
    source: str


_CN = "中国银行业协会催收工作指引(试行) 2026; GB/T 45251-2025"
SOURCES: Mapping[Fault, str] = {
    Fault.THREAT: f"12 CFR 1006.14(c), 1006.18(c); FCA CONC 7.9; {_CN}",
    Fault.LEGAL_STEP: f"12 CFR 1006.18(b)(2), (c)(1): action not intended; {_CN}",
    Fault.SHAME: f"12 CFR 1006.14(d), (e); FCA CONC 7.9: public embarrassment; {_CN}",
    Fault.IMPERSONATION: f"12 CFR 1006.18(b)(1), (d): simulated process; {_CN}",
    Fault.THIRD_PARTY: f"12 CFR 1006.6(d); FCA CONC 7.9; {_CN}; 信用卡业务监督管理办法 art. 68",
    Fault.OFFER: f"ICO, regulatory communications; 通信短信息服务管理规定; {_CN}",
}
_ENGLISH: Mapping[Fault, str] = {
    Fault.THREAT: (
        r"or else|(?:final|last) warning|last chance|you will regret"
        r"|(?:serious|severe|dire|legal) consequences|face (?:the )?consequences"
        r"|consequences will be (?:serious|severe|dire|grave)"
        r"|prosecut(?:e|ed|ion)|(?:press|file) charges|deport(?:ed|ation)?"
        r"|(?:hurt|harm|kill|beat|watching) you|will be (?:ruined|destroyed)"
        r"|we will (?:come|visit|find|track|seize|ruin)|we know where|at your (?:door|home)"
        r"|arrest(?:ed)?|jail(?:ed)?|prison|imprison(?:ed|ment)?|criminal(?:ly)?|felony|fraudster"
        r"|blacklist(?:ed)?|black list|seiz(?:e|ed|ure)|repossess(?:ed)?|garnish(?:ed|ment)?"
    ),
    Fault.LEGAL_STEP: (
        r"lawsuit|sue you|(?:will|ll|may|can) sue|sued|suing|take you to court"
        r"|legal (?:action|proceedings|steps|measures)"
        r"|courts?|litigation|enforcement (?:officer|order)"
    ),
    Fault.SHAME: (
        r"shame(?:ful|less)?|ashamed|disgrace(?:ful)?|deadbeat|liar|dishonest|irresponsible"
        r"|disgust(?:ing|ed)?|dishonou?r(?:able)?|embarrass(?:ed|ing|ment)?|expose you"
        r"|name and shame|defaulters?|delinquents?|thie(?:f|ves)|crooks?"
        r"|you(?: are|'re|)(?: an?|) (?:cheat(?:er)?s?|scammers?)"
        r"|scum|losers?|pathetic|idiots?|morons?|stupid|everyone will (?:know|see|hear)"
        r"|(?:post|publish|share) your (?:photo|picture|name|debt)|publish your details"
    ),
    Fault.IMPERSONATION: (
        r"polic(?:e|emen|eman)|sheriff|bailiffs?|prosecutors?|attorneys?|lawyers?|solicitors?"
        r"|law firm|summons|subpoena|warrants?|court order|writ|government|ministry"
        r"|federal|central bank|department of justice|tax office|fbi|irs|hmrc|interpol|magistrates?"
        r"|immigration (?:office|service|authorit(?:y|ies))|legal (?:team|department)"
    ),
    Fault.THIRD_PARTY: (
        r"your (?:family|relatives?|parents?|spouse|wife|husband|friends?|neighbou?rs?|colleagues?"
        r"|mother|father|brothers?|sisters?|sons?|daughters?|children|kids|landlord|hr department"
        r"|employer|boss|workplace|emergency contacts?|contact list|references?)"
        r"|(?:tell|inform|call|notify|text) your contacts"
        r"|(?:tell|inform|contact|call|notify) (?:everyone|others|people) (?:you know|around you)"
    ),
    Fault.OFFER: (
        r"special offer|limited[- ](?:time )?offer|discounts?|cash ?back|vouchers?|coupons?"
        r"|promo(?:tions?|tional)?|\d+ ?% off|interest[- ]free|pre-?approved|apply now|new loan"
        r"|credit (?:line|limit) increase|increase your (?:credit )?limit|borrow (?:more|again)"
        r"|upgrade (?:now|today)|win a|free gift|save (?:up to )?\d+ ?%|earn (?:rewards|points)"
        r"|exclusive (?:deal|offer)|flash sale|refinance (?:now|today|at|with|your)"
        r"|low(?:er)?[- ]interest|lower rates?|\d+ ?% loan|refer a friend"
        r"|transfer your balance|balance transfer (?:offer|deal)"
    ),
}
_CHINESE: Mapping[Fault, str] = {
    Fault.THREAT: (
        r"后果自负|后果(?:很|将很|非常)?严重|后果不堪|最后(?:警告|通牒|机会)|否则(?:将|我们|后果)"
        r"|严重后果|将上门|上门(?:催收|清收|核实|走访|找)|抓(?:你|您|捕|人)|涉嫌|骗贷"
        r"|影响(?:您|你)?的?(?:子女|孩子|家人)|征信污点|你等着|小心点|知道(?:您|你)(?:家|住)"
        r"|拘留|逮捕|坐牢|入狱|判刑|刑事|诈骗罪|黑名单|失信(?:人|被执行)|限制高消费"
        r"|查封|冻结|扣押|强制执行|不客气|走着瞧|找到你"
    ),
    Fault.LEGAL_STEP: (
        r"起诉|诉讼|法院|法庭|仲裁|开庭|立案|司法程序|追究|法律(?:手段|责任|后果|制裁|途径)"
    ),
    Fault.SHAME: (
        r"老赖|无耻|丢人|丢脸|可耻|羞耻|耻辱|不要脸|赖账|骗子|没有?信用|失信|曝光|公示您?"
        r"|人品|道德败坏|颜面|欠[债钱]不还|恶意(?:拖欠|欠款|逃)|(?<!生活)垃圾(?!邮件|短信|信息|电话|分类|处|清|费|袋|箱)|人渣|无赖|败类"
        r"|公[开布](?:您|你)的|让所有人"
    ),
    Fault.IMPERSONATION: (
        r"公安|警察|警方|派出所|检察|经侦|法务部|律师(?:函|事务所|团队)?|传票|法院通知|法官"
        r"|政府|央行|人民银行|银监|金融监管|司法(?:局|机关)|国家机关|税务(?:局|机关)|[将会已]报[警案]"
    ),
    Fault.THIRD_PARTY: (
        r"(?:您|你)的?(?:家人|家属|亲友|亲属|父母|配偶|妻子|丈夫|朋友|同事|邻居|单位|公司领导|老板"
        r"|紧急联系人|通讯录|联系人)|通讯录|紧急联系人|居委会?|村委会?|第三方联系人"
        r"|(?:告诉|告知|通知|联系)(?:您|你)?的?(?:家人|家属|亲友|亲属|父母|朋友|同事|邻居)"
    ),
    Fault.OFFER: (
        r"优惠|折扣|返现|红包|立减|免息|提额|抽奖|新贷款|限时|立即申请|以贷还贷|再借|借新还旧"
        r"|额度提升|好礼|福利|秒批|点击领取|特价|(?<![最降])低息|申请贷款|贷款额度(?:提|高|最|待|已批)|推荐好友|专享|充值返"
    ),
}
# Lower case all: a pattern that need not look at both cases is found several times as fast.
_TABLE: Mapping[Fault, re.Pattern[str]] = {
    fault: re.compile(rf"\b(?:{_ENGLISH[fault]})\b|(?:{_CHINESE[fault]})") for fault in Fault
}
_ANY = re.compile("|".join(pattern.pattern for pattern in _TABLE.values()))
# A formal notice may have to name the court or the step that is really intended: that is why a
# second person approves it.
_MAY: Mapping[str, frozenset[Fault]] = {Kind.LEGAL_NOTICE: frozenset({Fault.LEGAL_STEP})}


def phrases(fault: Fault) -> str:
    """The pattern of a fault in every language, for who looks for it by another name."""
    return f"{_ENGLISH[fault]}|{_CHINESE[fault]}"


def found_in(text: str, kind: str = "") -> Iterator[Found]:
    """Each phrase of `text` that a message of `kind` must not hold: the first of each fault.

    No way of writing hides a word or cuts one in two: see `plain`.
    """
    may = _MAY.get(kind, frozenset())
    for hit in _hits(text):
        if hit.fault not in may:
            yield hit


# Most templates are as they were at the last look.
@lru_cache(maxsize=4_096)
def _hits(text: str) -> tuple[Found, ...]:
    words = plain(text)
    if not _ANY.search(words):
        return ()
    found = ((fault, pattern.search(words)) for fault, pattern in _TABLE.items())
    return tuple(Found(fault, hit[0], SOURCES[fault]) for fault, hit in found if hit)
