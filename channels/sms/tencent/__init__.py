"""SMS through Tencent Cloud (sms.tencentcloudapi.com, API 2021-01-11)."""

from channels.sms.tencent.provider import TencentChannel
from channels.sms.tencent.settings import TencentSettings

Settings, build = TencentSettings, TencentChannel

__all__ = ["Settings", "TencentChannel", "TencentSettings", "build"]
