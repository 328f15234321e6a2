"""SMS through Aliyun's Short Message Service (Dysmsapi 2017-05-25)."""

from channels.sms.aliyun.provider import AliyunChannel
from channels.sms.aliyun.settings import AliyunSettings

Settings, build = AliyunSettings, AliyunChannel

__all__ = ["AliyunChannel", "AliyunSettings", "Settings", "build"]
