"""Aliyun's codes as faults: of calls, and of receipts.

Sources: calls, help.aliyun.com 101346 (API error codes) and 2593177 (gateway); receipts,
help.aliyun.com 101347. The wording is beside each group.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from channels.sms.faults import Fault, Kind, rows, word_of
from channels.sms.mainland import CARRIER_FAULTS
from reminders.domain.outcome import Word

FAULTS: Final[Mapping[str, Fault]] = dict(
    (
        # 触发云通信流控: too many to this number in a minute, an hour or a day
        *rows(Kind.LATER, "number_limit", "isv.BUSINESS_LIMIT_CONTROL", number=True),
        *rows(Kind.LATER, "quota", "isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL"),
        *rows(Kind.LATER, "rate_limited", "Throttling", "Throttling.User", "Throttling.Api"),
        *rows(Kind.LATER, "provider_fault", "ServiceUnavailable"),
        # 余额不足, 业务停机
        *rows(Kind.ACCOUNT, "balance", "isv.AMOUNT_NOT_ENOUGH", "isv.OUT_OF_SERVICE"),
        # wrong or switched-off key, clock off, used nonce, no permission, product not opened
        *rows(
            *(Kind.ACCOUNT, "account"),
            *("InvalidAccessKeyId.NotFound", "InvalidAccessKeyId.Inactive"),
            *("InvalidAccessKeyId", "SignatureDoesNotMatch", "IncompleteSignature"),
            *("InvalidTimeStamp.Expired", "InvalidTimeStamp.Format", "SignatureNonceUsed"),
            *("Forbidden.RAM", "NoPermission", "isp.RAM_PERMISSION_DENY", "isv.DENY_IP_RANGE"),
            *("isv.ACCOUNT_NOT_EXISTS", "isv.ACCOUNT_ABNORMAL", "isv.SECURITY_FROZEN_ACCOUNT"),
            *("isv.PRODUCT_UN_SUBSCRIPT", "isv.PRODUCT_UNSUBSCRIBE"),
        ),
        # 签名不合法 / 禁止使用 / 不可用 / 与模板类型不一致
        *rows(
            *(Kind.ACCOUNT, "sender"),
            *("isv.SMS_SIGNATURE_ILLEGAL", "isv.SMS_SIGN_ILLEGAL", "isv.SIGN_STATE_ILLEGAL"),
            *("isv.SMS_SIGNATURE_SCENE_ILLEGAL", "isv.EXTEND_CODE_ERROR"),
        ),
        # 手机号码格式错误
        *rows(Kind.NEVER, "invalid_number", "isv.MOBILE_NUMBER_ILLEGAL", dead=True),
        # 用户已退订
        *rows(Kind.NEVER, Word.OPTED_OUT, "isv.CUSTOMER_REFUSED", number=True),
        # 国际/港澳台模板不支持境内号码
        *rows(Kind.NEVER, "no_route", "isv.DOMESTIC_NUMBER_NOT_SUPPORTED", number=True),
        # 模板不合法 / 缺少变量
        *rows(Kind.NEVER, "template_rejected", "isv.SMS_TEMPLATE_ILLEGAL"),
        *rows(
            *(Kind.NEVER, "bad_request"),
            *("isv.INVALID_PARAMETERS", "isv.INVALID_JSON_PARAM", "isv.MOBILE_COUNT_OVER_LIMIT"),
            *("isv.TEMPLATE_MISSING_PARAMETERS", "isv.TEMPLATE_PARAMS_ILLEGAL"),
        ),
        *rows(Kind.NEVER, "too_long", "isv.PARAM_LENGTH_LIMIT"),
        # 黑名单关键字; 变量不支持 URL; 内容违规; 含 emoji 等
        *rows(
            *(Kind.NEVER, "content_rejected"),
            *("isv.BLACK_KEY_CONTROL_LIMIT", "isv.PARAM_NOT_SUPPORT_URL"),
            *("isv.SMS_CONTENT_ILLEGAL", "isv.UNSUPPORTED_CONTENT"),
        ),
        # 系统出现错误 请重新调用: nothing says that it was not taken
        *rows(Kind.UNKNOWN, "provider_fault", "isp.SYSTEM_ERROR", "InternalError"),
    )
)

RECEIPT_FAULTS: Final[Mapping[str, Fault]] = {
    **CARRIER_FAULTS,
    **dict(
        (
            # 停机、空号、暂停服务、关机或不在服务区: it does not say which, so nobody is dead
            *rows(Kind.NEVER, "unreachable", "MOBILE_NOT_ON_SERVICE", "MOBILE_ACCOUNT_ABNORMAL"),
            *rows(Kind.NEVER, "unreachable", "MOBLLE_TERMINAL_ERROR", "MOBILE_TERMINAL_ERROR"),
            # 号码状态异常或格式错误: the same
            *rows(Kind.NEVER, "unreachable", "INVALID_NUMBER"),
            *rows(Kind.NEVER, "number_limit", "MOBILE_SEND_LIMIT"),
            # 黑名单: 用户退订此签名, or a carrier's list
            *rows(Kind.NEVER, "blocked", "MOBILE_IN_BLACK"),
            # 接收用户已退订此业务
            *rows(Kind.NEVER, Word.OPTED_OUT, "USER_REJECT"),
            *rows(Kind.NEVER, "filtered", "CONTENT_KEYWORD", "CONTENT_ERROR"),
            *rows(Kind.NEVER, "sender", "SIGNATURE_BLACKLIST"),
            *rows(Kind.NEVER, "no_route", "NO_ROUTE", "SP_NOT_BY_INTER_SMS"),
            *rows(Kind.NEVER, "provider_fault", "IS_CLOSE", "IS_CLOSED"),
            *rows(Kind.NEVER, "unknown_error", "SP_UNKNOWN_ERROR", "PARAMS_ILLEGAL"),
        )
    ),
}


def fault(code: str) -> Fault:
    """The row of a call's code; an unknown one is permanent and never blames the number."""
    return FAULTS.get(code) or Fault(Kind.NEVER, word_of(code, "refused"))


def receipt_fault(code: str) -> Fault:
    """The row of a receipt's code; a code of calls may stand in a receipt too."""
    found = RECEIPT_FAULTS.get(code) or FAULTS.get(code)
    return found or Fault(Kind.NEVER, word_of(code, "undelivered"))
