"""What a customer is told of a decision, in each language: polite, short, without our rules' ids.

PIPL art. 24: decisions by a program are to be transparent, and a person may be asked.
"""

# ruff: noqa: RUF001  (Chinese is written with full-width signs)

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class Fate(StrEnum):
    """What became of one reminder, as far as it concerns the customer."""

    SENT = "sent"
    AHEAD = "ahead"
    PAID = "paid"
    CHANGED = "changed"
    PAUSED = "paused"
    SETTINGS = "settings"
    NOT_NEEDED = "not_needed"
    BY_CHANCE = "by_chance"
    UNREACHED = "unreached"
    HOURS = "hours"
    ENOUGH = "enough"
    OVER = "over"


class Phrases(NamedTuple):
    """One language. `{}` is where a word of the moment goes."""

    language: str
    opening: str
    fates: Mapping[Fate, str]
    channels: Mapping[str, str]
    separator: str
    replied: str
    nothing: str
    facts: str
    automated: str
    person: str


EN = Phrases(
    language="en",
    opening="Your bill {bill}: how we decided when to remind you.",
    fates=MappingProxyType(
        {
            Fate.SENT: "{when}: we sent you a reminder by {channels}.",
            Fate.AHEAD: "{when}: a reminder is planned.",
            Fate.PAID: "{when}: no reminder was needed, because your payment had reached us.",
            Fate.CHANGED: "{when}: no reminder was sent, because the bill had changed.",
            Fate.PAUSED: "{when}: reminders were paused while your request is looked at.",
            Fate.SETTINGS: "{when}: no reminder was sent, as your own settings ask.",
            Fate.NOT_NEEDED: "{when}: we found that you did not need a reminder on this day.",
            Fate.BY_CHANCE: "{when}: no reminder was sent; to see whether reminders help, some"
            " customers chosen by chance receive fewer.",
            Fate.UNREACHED: "{when}: we could not reach you; please check your contact details.",
            Fate.HOURS: "{when}: we waited, because we do not write at this time of day.",
            Fate.ENOUGH: "{when}: no reminder was sent, because we limit how often we write to"
            " you.",
            Fate.OVER: "{when}: no reminder was sent in time, for a technical reason of ours.",
        }
    ),
    channels=MappingProxyType(
        {
            "sms": "text message",
            "email": "e-mail",
            "in_app": "our app",
            "push": "our app",
            "voice": "phone",
            "wechat": "WeChat",
            "whatsapp": "WhatsApp",
            "webhook": "your own system",
            "apprise": "your own service",
            "human_task": "one of our staff",
        }
    ),
    separator=", ",
    replied="{when}: we answered your message {word} by {channel}.",
    nothing="No reminder has been planned for this bill.",
    facts="What was considered: the kind, amount and due date of the bill, payments received and"
    " promised, how earlier bills were paid and the account is used, any assessment of the account"
    " that we hold, your settings, whether messages arrive and when you act on them, and the time"
    " and the rules where you live. Nothing else about you was used.",
    automated="A program decided this by fixed rules, the same for everyone.",
    person="If you do not agree, or would like a person to look at it or explain it, please contact"
    " {lender}. You can change how we remind you at any time in your settings.",
)
ZH_CN = Phrases(
    language="zh-CN",
    opening="您的账单 {bill}：我们如何决定何时提醒您。",
    fates=MappingProxyType(
        {
            Fate.SENT: "{when}：我们通过{channels}向您发送了提醒。",
            Fate.AHEAD: "{when}：计划向您发送提醒。",
            Fate.PAID: "{when}：已收到您的还款，因此无需提醒。",
            Fate.CHANGED: "{when}：账单已有变更，因此未发送提醒。",
            Fate.PAUSED: "{when}：您的申请正在处理，提醒已暂停。",
            Fate.SETTINGS: "{when}：按照您本人的设置，未发送提醒。",
            Fate.NOT_NEEDED: "{when}：我们认为您当天不需要提醒。",
            Fate.BY_CHANCE: "{when}：未发送提醒；为了解提醒是否有帮助，我们随机选择部分客户"
            "减少提醒。",
            Fate.UNREACHED: "{when}：未能联系到您，请您核对联系方式。",
            Fate.HOURS: "{when}：该时段我们不发送消息，因此稍后再发。",
            Fate.ENOUGH: "{when}：为避免打扰您，我们限制消息次数，因此未发送提醒。",
            Fate.OVER: "{when}：因我们的技术原因，未能及时发送提醒。",
        }
    ),
    channels=MappingProxyType(
        {
            "sms": "短信",
            "email": "电子邮件",
            "in_app": "应用内消息",
            "push": "应用推送",
            "voice": "电话",
            "wechat": "微信",
            "whatsapp": "WhatsApp",
            "webhook": "您自己的系统",
            "apprise": "您自己的服务",
            "human_task": "我们的工作人员",
        }
    ),
    separator="、",
    replied="{when}：我们通过{channel}回复了您的消息 {word}。",
    nothing="该账单没有计划中的提醒。",
    facts="所考虑的信息：账单的种类、金额和到期日、已收到和承诺的还款、以往账单的还款和账户使用情况、"
    "我们对账户已有的评估、您的设置、消息能否送达和您通常处理的时间，以及您所在地的时间和规定。"
    "未使用您的其他信息。",
    automated="以上由程序按固定规则自动决定，规则对每位客户相同。",
    person="如您不同意，或希望由人工复核、说明，请联系{lender}。您也可以随时在设置中更改提醒方式。",
)
ZH_TW = Phrases(
    language="zh-TW",
    opening="您的帳單 {bill}：我們如何決定何時提醒您。",
    fates=MappingProxyType(
        {
            Fate.SENT: "{when}：我們透過{channels}向您發送了提醒。",
            Fate.AHEAD: "{when}：預計向您發送提醒。",
            Fate.PAID: "{when}：已收到您的繳款，因此無需提醒。",
            Fate.CHANGED: "{when}：帳單已有變更，因此未發送提醒。",
            Fate.PAUSED: "{when}：您的申請正在處理，提醒已暫停。",
            Fate.SETTINGS: "{when}：依照您本人的設定，未發送提醒。",
            Fate.NOT_NEEDED: "{when}：我們認為您當天不需要提醒。",
            Fate.BY_CHANCE: "{when}：未發送提醒；為了解提醒是否有幫助，我們隨機選擇部分客戶"
            "減少提醒。",
            Fate.UNREACHED: "{when}：未能聯絡到您，請您核對聯絡方式。",
            Fate.HOURS: "{when}：該時段我們不發送訊息，因此稍後再發。",
            Fate.ENOUGH: "{when}：為避免打擾您，我們限制訊息次數，因此未發送提醒。",
            Fate.OVER: "{when}：因我們的技術原因，未能及時發送提醒。",
        }
    ),
    channels=MappingProxyType(
        {
            "sms": "簡訊",
            "email": "電子郵件",
            "in_app": "應用程式內訊息",
            "push": "應用程式推播",
            "voice": "電話",
            "wechat": "微信",
            "whatsapp": "WhatsApp",
            "webhook": "您自己的系統",
            "apprise": "您自己的服務",
            "human_task": "我們的工作人員",
        }
    ),
    separator="、",
    replied="{when}：我們透過{channel}回覆了您的訊息 {word}。",
    nothing="此帳單沒有預計的提醒。",
    facts="所考量的資訊：帳單的種類、金額和到期日、已收到和承諾的繳款、以往帳單的繳款和帳戶使用情況、"
    "我們對帳戶已有的評估、您的設定、訊息能否送達和您通常處理的時間，以及您所在地的時間和規定。"
    "未使用您的其他資訊。",
    automated="以上由程式依固定規則自動決定，規則對每位客戶相同。",
    person="如您不同意，或希望由專人複核、說明，請聯絡{lender}。您也可以隨時在設定中更改提醒方式。",
)
LANGUAGES: Mapping[str, Phrases] = MappingProxyType(
    {each.language: each for each in (EN, ZH_CN, ZH_TW)}
)
_TRADITIONAL = ("TW", "HK", "MO", "HANT")


def phrases_of(language: str) -> Phrases:
    """The phrases nearest to a BCP 47 tag: `zh-Hant-HK` → zh-TW, `zh` → zh-CN, `fr` → en."""
    parts = language.replace("_", "-").upper().split("-")
    if parts[0] != "ZH":
        return EN
    return ZH_TW if any(part in _TRADITIONAL for part in parts[1:]) else ZH_CN
