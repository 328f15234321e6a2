"""Further ways to reach the invented people: their phones' apps, chats, calls, their own systems.

Like numbers and mail domains, tokens and addresses say how their carrier behaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from reminders.services.demo.chance import Chance
from reminders.services.demo.portfolio import DemoCustomer


class Line(NamedTuple):
    """One simulated provider beside the gateway and the relay, and what its account is told of
    its own."""

    adapter: str
    name: str
    channel: str
    own: Mapping[str, object] = MappingProxyType({})


class Receivers(NamedTuple):
    """Ports of this machine where the customers' own systems listen, by the channel."""

    webhook: int
    apprise: int


# Every number is a Chinese one: the two providers that serve only those carry half of the texts,
# the gateway and the carrier's own line a fifth each. Of two relays one tells of bounces by post,
# the other, with two of three mails, sends them back as mails.
LINES = (
    Line("twilio-sms", "sms-twilio", "sms", {"weight": 0.5}),
    Line("aliyun-sms", "sms-aliyun", "sms", {"weight": 1.5, "prefixes": ["+86"]}),
    Line("tencent-sms", "sms-tencent", "sms", {"weight": 1, "prefixes": ["+86"]}),
    Line("smpp", "sms-carrier", "sms"),
    Line("smtp", "smtp-mailbox", "email", {"weight": 2}),
    Line("push", "push", "push"),
    Line("twilio-voice", "voice", "voice"),
    Line("wechat", "wechat", "wechat"),
    Line("whatsapp-cloud", "whatsapp", "whatsapp"),
    Line("webhook", "webhook", "webhook"),
    Line("apprise", "apprise", "apprise"),
)
OWN: Mapping[str, Mapping[str, object]] = {line.name: line.own for line in LINES}

_HERE = "127.0.0.1"
_TOLD_BY_MAIL = tuple(f"@{name}.example.com" for name in ("bounce", "full", "complains"))
_Shares = Sequence[tuple[str, float]]
_TOKEN: _Shares = (("02", 0.04), ("03", 0.02), ("04", 0.02), ("06", 0.02))
_CHAT: _Shares = (("02", 0.03), ("01", 0.03), ("06", 0.02), ("08", 0.03))
_CALL: _Shares = (("20", 0.1), ("21", 0.1), ("22", 0.1), ("23", 0.2), ("02", 0.02))
_HOOK: _Shares = (("02", 0.05), ("03", 0.1), ("09", 0.05))
_SERVICE: _Shares = (("02", 0.15), ("03", 0.15), ("04", 0.1))
_APP, _CALLED, _WECHAT, _WHATSAPP, _OWN_SYSTEM, _OWN_SERVICE = 0.7, 0.6, 0.4, 0.5, 0.05, 0.15
_PHONE, _WHATSAPP_PHONE = 70_000_000, 80_000_000  # other numbers than those of text messages


def more_contacts(
    client: int, person: DemoCustomer, receivers: Receivers, chance: Chance
) -> dict[str, str]:
    """Addresses by channel, beside those that the person has already."""
    # Behind an app hardly any mail would be sent to some, and none would come back.
    mailed = person.contacts.get("email", "").endswith(_TOLD_BY_MAIL)
    if mailed or "in_app" not in person.contacts:
        return {}
    found = {}
    if chance.share("has push", client) < _APP:
        platform = "fcm" if chance.share("platform", client) < 0.6 else "apns"
        found["push"] = f"{platform}:s{_script(client, 'push', _TOKEN, chance)}-{client:016}"
    if chance.share("has voice", client) < _CALLED:
        found["voice"] = _number(_PHONE + client, _script(client, "voice", _CALL, chance))
    if person.language.startswith("zh") and chance.share("has wechat", client) < _WECHAT:
        found["wechat"] = f"s{_script(client, 'wechat', _CHAT, chance)}-openid{client:010}"
    if person.language == "en" and chance.share("has whatsapp", client) < _WHATSAPP:
        script = _script(client, "whatsapp", _CHAT, chance)
        found["whatsapp"] = _number(_WHATSAPP_PHONE + client, script)
    if chance.share("has webhook", client) < _OWN_SYSTEM:
        script = _script(client, "webhook", _HOOK, chance)
        found["webhook"] = f"http://{_HERE}:{receivers.webhook}/hook/s{script}-{client}"
    if chance.share("has apprise", client) < _OWN_SERVICE:
        script = _script(client, "apprise", _SERVICE, chance)
        found["apprise"] = f"json://{_HERE}:{receivers.apprise}/s{script}-{client}"
    return found


def _script(client: int, channel: str, shares: _Shares, chance: Chance) -> str:
    drawn = chance.share(f"script {channel}", client)
    for script, share in shares:
        if drawn < share:
            return script
        drawn -= share
    return "00"


def _number(client: int, script: str) -> str:
    return f"+861{script}{client % 100_000_000:08}"
