"""WeChat's `errcode`s as verdicts.

Source: developers.weixin.qq.com, 全局返回码说明 (global return codes) and the table of
sendTemplateMessage; 43101 for template messages is known from developers alone.
"""

from __future__ import annotations

from channels.verdicts import Fault, Verdict

_F = Fault
# An access token that is wrong, or has expired or been replaced.
TOKEN_CODES = frozenset({40001, 40014, 42001})

VERDICTS: dict[int, Verdict] = {
    -1: Verdict(_F.BUSY, "busy"),  # 系统繁忙
    40001: Verdict(_F.ACCOUNT, "credentials_refused"),
    40014: Verdict(_F.ACCOUNT, "credentials_refused"),
    42001: Verdict(_F.ACCOUNT, "credentials_expired"),
    41001: Verdict(_F.ACCOUNT, "credentials_missing"),
    40013: Verdict(_F.ACCOUNT, "invalid_app_id"),
    40125: Verdict(_F.ACCOUNT, "invalid_app_secret"),
    40164: Verdict(_F.ACCOUNT, "ip_not_listed"),
    48001: Verdict(_F.ACCOUNT, "not_authorized"),
    48004: Verdict(_F.ACCOUNT, "api_forbidden"),
    50002: Verdict(_F.ACCOUNT, "account_limited"),
    43107: Verdict(_F.ACCOUNT, "templates_banned"),
    # The OpenID is none, or one that another account knows this person by
    40003: Verdict(_F.ADDRESS, "invalid_openid"),
    # They do not follow the account (any more), or switched this template off: both can change
    43004: Verdict(_F.CUSTOMER, "not_following"),
    43101: Verdict(_F.CUSTOMER, "refused_by_customer"),
    45009: Verdict(_F.BUSY, "quota_used_up"),  # of the day
    45011: Verdict(_F.BUSY, "rate_limited"),  # of the minute
    43108: Verdict(_F.BUSY, "concurrent"),
    40036: Verdict(_F.OURS, "invalid_template"),
    40037: Verdict(_F.OURS, "invalid_template"),
    40039: Verdict(_F.OURS, "invalid_url"),
    43002: Verdict(_F.OURS, "bad_request"),
    44002: Verdict(_F.OURS, "bad_request"),
    45002: Verdict(_F.OURS, "too_long"),
    45168: Verdict(_F.OURS, "content_rejected"),
    47001: Verdict(_F.OURS, "bad_request"),
    47003: Verdict(_F.OURS, "bad_words"),  # a field's value breaks the rule of its kind
}


def verdict_of(code: int) -> Verdict:
    """An unknown code is permanent, but blames nobody's address."""
    return VERDICTS.get(code) or Verdict(Fault.OURS, f"wechat_{code}")
