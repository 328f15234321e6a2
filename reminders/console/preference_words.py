"""What the preference page says, in each language."""

# ruff: noqa: RUF001  (Chinese is written with full-width signs)

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from reminders.messages.templates import nearest


class Words(NamedTuple):
    """One language's page. `{}` is where a word of the moment goes."""

    language: str
    title: str
    channels: Mapping[str, str]
    kinds: Mapping[str, str]
    on: str
    off: str
    switch_on: str
    switch_off: str
    single: str
    no_address: str
    minimum: str
    days: str
    day: str
    days_hint: str
    save: str
    upcoming: str
    upcoming_one: str
    upcoming_none: str
    nothing: str
    back: str
    changed: str
    unchanged: str
    still_barred: str
    waits: str
    acknowledge: str
    acknowledged: str
    saved: str
    last_channel: str
    stale_link: str
    refused: str


EN = Words(
    language="en",
    title="How we remind you",
    channels={
        "sms": "Text message",
        "email": "E-mail",
        "in_app": "In-app message",
        "push": "Push message",
        "voice": "Phone call",
        "wechat": "WeChat",
        "whatsapp": "WhatsApp",
        "webhook": "Your own system",
        "apprise": "Your own service",
        "human_task": "A call by our staff",
    },
    kinds={
        "*": "All reminders",
        "pre_due": "Before the due date",
        "due_today": "On the due date",
        "overdue": "After the due date",
        "payment_received": "When a payment arrives",
        "promise_followup": "About a promised payment",
    },
    on="on",
    off="off",
    switch_on="Switch on",
    switch_off="Switch off",
    single="Single kinds of reminder",
    no_address="We have no address for this.",
    minimum=(
        "One reminder before each due date stays on by at least one channel, and notices that the"
        " law requires are always sent."
    ),
    days="Days before the due date",
    day="{} before",
    days_hint="Choose when; choose none to have it as we usually do it.",
    save="Save",
    upcoming="Your next reminders",
    upcoming_one="{at}: bill {bill}, {kind}, by {channel}",
    upcoming_none="None is planned.",
    nothing="no channel",
    back="Back to your settings",
    changed="{channel}: {kind} is now {state}",
    unchanged="Nothing was changed",
    still_barred="This channel stays off for another reason. Please contact us.",
    waits="Your change waits for a person to confirm it.",
    acknowledge="I have read this",
    acknowledged="Thank you: we have kept that you read this.",
    saved="Your days are saved.",
    last_channel=(
        "{channel} stays on: it is the last channel for the one reminder before each due date."
        " Switch another channel on first."
    ),
    stale_link="This link is no longer good. Please open your settings from our app again.",
    refused="This could not be done",
)
ZH = Words(
    language="zh-CN",
    title="提醒设置",
    channels={
        "sms": "短信",
        "email": "邮件",
        "in_app": "站内消息",
        "push": "应用推送",
        "voice": "电话",
        "wechat": "微信",
        "whatsapp": "WhatsApp",
        "webhook": "您自己的系统",
        "apprise": "您自己的服务",
        "human_task": "工作人员联系",
    },
    kinds={
        "*": "全部提醒",
        "pre_due": "到期前提醒",
        "due_today": "到期日提醒",
        "overdue": "逾期后提醒",
        "payment_received": "收到还款通知",
        "promise_followup": "约定还款跟进",
    },
    on="已开启",
    off="已关闭",
    switch_on="开启",
    switch_off="关闭",
    single="按类型设置",
    no_address="我们没有您的这项联系方式。",
    minimum="每个到期日前至少有一次提醒会通过一种方式送达；法律要求的通知始终会发送。",
    days="到期前几天提醒",
    day="提前{}天",
    days_hint="请选择提醒日期；不选则按我们的惯例提醒。",
    save="保存",
    upcoming="接下来的提醒",
    upcoming_one="{at}：账单{bill}，{kind}，{channel}",
    upcoming_none="暂无计划中的提醒。",
    nothing="无可用方式",
    back="返回设置",
    changed="{channel}：{kind}{state}",
    unchanged="未作更改",
    still_barred="该方式因其他原因仍处于关闭状态，请联系我们。",
    waits="您的更改需由工作人员确认后生效。",
    acknowledge="我已阅读",
    acknowledged="谢谢，我们已记录您阅读了上述说明。",
    saved="提醒日期已保存。",
    last_channel="{channel}保持开启：这是到期前提醒的最后一种方式。请先开启另一种方式。",
    stale_link="此链接已失效，请从我们的应用重新打开设置。",
    refused="无法完成此操作",
)
_BY_LANGUAGE = {words.language: words for words in (EN, ZH)}


def words_for(language: str) -> Words:
    """The words of the nearest language there is."""
    return _BY_LANGUAGE[nearest(language, tuple(_BY_LANGUAGE))]
