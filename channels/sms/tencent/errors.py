"""Tencent's codes as faults: of calls and single numbers, and of receipts.

Sources: cloud.tencent.com/document/api/382/59177 (codes of SendSms and of receipts) and 382/3771;
common codes of API 3.0. The wording is beside each group. What the table does not hold is read by
the family before its first dot.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from channels.sms.faults import Fault, Kind, rows, word_of
from channels.sms.mainland import CARRIER_FAULTS

FAULTS: Final[Mapping[str, Fault]] = dict(
    (
        # 单个手机号 30 秒 / 1 小时 / 日下发条数超过上限; 相同内容; 频率限制策略
        *rows(
            *(Kind.LATER, "number_limit"),
            *("LimitExceeded.PhoneNumberThirtySecondLimit", "LimitExceeded.DeliveryFrequencyLimit"),
            *("LimitExceeded.PhoneNumberOneHourLimit", "LimitExceeded.PhoneNumberDailyLimit"),
            "LimitExceeded.PhoneNumberSameContentDailyLimit",
        ),
        # 业务日下发条数超过上限; 营销短信只允许在 8 点到 22 点发送
        *rows(Kind.LATER, "quota", "LimitExceeded.AppDailyLimit", "LimitExceeded.DailyLimit"),
        *rows(Kind.LATER, "out_of_hours", "FailedOperation.MarketingSendTimeConstraint"),
        *rows(Kind.LATER, "rate_limited", "RequestLimitExceeded"),
        # 套餐包余量不足; 欠费被停止服务
        *rows(
            *(Kind.ACCOUNT, "balance"),
            "FailedOperation.InsufficientBalanceInSmsPackage",
            "UnauthorizedOperation.SerivceSuspendDueToArrears",
            "UnauthorizedOperation.ServiceSuspendDueToArrears",
        ),
        *rows(
            *(Kind.ACCOUNT, "account"),
            *(
                "InvalidParameterValue.SdkAppIdNotExist",
                "FailedOperation.NotEnterpriseCertification",
            ),
        ),
        # 签名未审批或格式错误
        *rows(Kind.ACCOUNT, "sender", "FailedOperation.SignatureIncorrectOrUnapproved"),
        *rows(
            *(Kind.NEVER, "invalid_number"),
            "InvalidParameterValue.IncorrectPhoneNumber",
            dead=True,
        ),
        # 手机号在免打扰名单库中: 用户退订, or the carrier's list
        *rows(Kind.NEVER, "blocked", "FailedOperation.PhoneNumberInBlacklist"),
        *rows(
            *(Kind.NEVER, "template_rejected"),
            *("FailedOperation.TemplateIncorrectOrUnapproved",),
            "FailedOperation.TemplateUnapprovedOrNotExist",
            "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
        ),
        *rows(
            *(Kind.NEVER, "too_long"),
            "InvalidParameterValue.ContentLengthLimit",
            "InvalidParameterValue.TemplateParameterLengthLimit",
        ),
        *rows(
            *(Kind.NEVER, "content_rejected"),
            "FailedOperation.ContainSensitiveWord",
            "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter",
        ),
        *rows(
            *(Kind.NEVER, "no_route"),
            "UnsupportedOperation.UnsupportedRegion",
            "UnsupportedOperation.UnsuportedRegion",
        ),
    )
)

# By what stands before the first dot (cloud.tencent.com/document/api/382/52074).
FAMILIES: Final[Mapping[str, Fault]] = dict(
    (
        *rows(Kind.ACCOUNT, "account", "AuthFailure", "UnauthorizedOperation"),
        *rows(Kind.LATER, "rate_limited", "RequestLimitExceeded"),
        *rows(Kind.LATER, "quota", "LimitExceeded", "ResourceInsufficient"),
        *rows(Kind.LATER, "provider_fault", "ServiceUnavailable", "ResourceUnavailable"),
        # InternalError.Timeout: 请求下发短信超时; nothing says that it was not taken
        *rows(Kind.UNKNOWN, "provider_fault", "InternalError"),
        *rows(Kind.NEVER, "bad_request", "InvalidParameter", "InvalidParameterValue"),
        *rows(Kind.NEVER, "bad_request", "MissingParameter", "UnknownParameter"),
        *rows(Kind.NEVER, "bad_request", "UnsupportedOperation"),
    )
)

RECEIPT_FAULTS: Final[Mapping[str, Fault]] = {
    **CARRIER_FAULTS,
    **dict(
        (
            # cloud.tencent.com 382/3771: -106 运营商关键字拦截; 002 关机/停机/无法接通
            *rows(Kind.NEVER, "filtered", "-106"),
            *rows(Kind.NEVER, "unreachable", "002"),
        )
    ),
}


def fault(code: str) -> Fault:
    """The row of a code, or of its family; an unknown one is permanent and blames nobody."""
    found = FAULTS.get(code) or FAMILIES.get(code.partition(".")[0])
    return found or Fault(Kind.NEVER, word_of(code, "refused"))


def receipt_fault(code: str) -> Fault:
    """The row of a receipt's `errmsg`."""
    return RECEIPT_FAULTS.get(code) or Fault(Kind.NEVER, word_of(code, "undelivered"))
