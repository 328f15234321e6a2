"""What Chinese providers share: national numbers, local time, and the carriers' own codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from channels.errors import ReceiptError
from channels.receipts import Entry, text_of
from channels.sms.faults import Fault, Kind, rows
from reminders.domain.outcome import Word

BEIJING: Final = timezone(timedelta(hours=8))
_DIGITS = re.compile(r"[0-9]{6,15}")
_MOBILE = re.compile(r"1[0-9]{10}")

# Receipt codes that the carriers' gateways write and providers pass on (CMPP and SMPP). Source:
# 中国移动 CMPP 协议错误码 as published on cnblogs (p/4238029, da-guang/p/5880631). Codes differ by
# province; only those that name a number which does not exist are taken to mean that.
CARRIER_FAULTS: Final[Mapping[str, Fault]] = dict(
    (
        # MK:0001 不存在的用户; DB:0101 号码无效或者空号
        *rows(Kind.NEVER, "unknown_subscriber", "MK:0001", "DB:0101", dead=True),
        # MK:0005, MK:0013 停机: mostly unpaid, and back once it is paid
        *rows(Kind.NEVER, Word.SUSPENDED, "MK:0005", "MK:0013"),
        # UNDELIV 停机、挂起, but carriers write it for everything; EXPIRED 长时间关机; MK:0010,
        # MK:0023 关机
        *rows(Kind.NEVER, "unreachable", "UNDELIV", "MK:0010", "MK:0023", "DB:0102"),
        *rows(Kind.NEVER, "expired", "EXPIRED"),
        # MBBLACK 本地黑名单; DBBLACK, DB:0144 网关黑名单
        *rows(Kind.NEVER, "blocked", "MBBLACK", "DBBLACK", "DB:0144", "BLACK", "TDBLACK"),
        # MK:0014 信息安全鉴权; MK:0115 垃圾短信被拦截; REJECTD
        *rows(Kind.NEVER, "filtered", "MK:0014", "MK:0115", "KEYWORD", "REJECTD"),
        *rows(Kind.NEVER, "no_route", "NOROUTER", "NOROUTE"),
        # DB:0142 超过日最大发送数量; MK:1041 提交的短消息数超过最大提交数
        *rows(Kind.NEVER, "number_limit", "DB:0142", "MK:1041", "LIMIT"),
    )
)


def e164(number: str, country: str = "") -> str:
    """A number as these providers write it (13812345678, 8613812345678, +86…), as E.164.

    Raises `ReceiptError` if it is none.
    """
    digits = number.removeprefix("+").removeprefix("00")
    if not _DIGITS.fullmatch(digits):
        raise ReceiptError("the number is none")
    if country and not number.startswith("+"):
        if not _DIGITS.fullmatch(country.zfill(6)):
            raise ReceiptError("the country code is none")
        return f"+{country}{digits}"
    return f"+86{digits}" if _MOBILE.fullmatch(digits) else f"+{digits}"


def beijing_time(entry: Entry, name: str) -> datetime:
    """The instant of a local time, `2017-01-01 00:00:00` or `20170101000000`, in UTC."""
    text = text_of(entry, name)
    if len(text) == 14 and text.isascii() and text.isdigit():
        text = f"{text[:8]}T{text[8:]}"
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=BEIJING)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ReceiptError(f"{name} is not a time") from error
