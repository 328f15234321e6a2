"""Tasks for people: written in the gate's own transaction, worked off through our own queue."""

from channels.human_task.provider import HumanTaskChannel
from channels.human_task.settings import HumanTaskSettings

Settings, build = HumanTaskSettings, HumanTaskChannel

__all__ = ["HumanTaskChannel", "HumanTaskSettings", "Settings", "build"]
