"""Template messages of a WeChat service account (服务号模板消息)."""

from channels.wechat.provider import WechatChannel
from channels.wechat.settings import WechatSettings

Settings, build = WechatSettings, WechatChannel

__all__ = ["Settings", "WechatChannel", "WechatSettings", "build"]
