"""The request of one template message (developers.weixin.qq.com, sendTemplateMessage)."""

from __future__ import annotations

import json
import re

from channels.contract import Message
from channels.provider_templates import Unfit, chosen, words_of
from channels.wechat.settings import WechatSettings

# As events give them (`reminders.events.fields.OPENID`).
_OPENID = re.compile(r"[A-Za-z0-9_-]{6,64}")
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def is_openid(address: str) -> bool:
    return _OPENID.fullmatch(address) is not None


def body(message: Message, settings: WechatSettings) -> bytes:
    """JSON. `client_msg_id` keeps one OpenID from getting a message twice within ten minutes; it is
    the attempt id without its dashes, since it has 32 characters at most. Raises `Unfit`."""
    template = chosen(settings.templates, message.kind, message.language)
    if template is None:
        raise Unfit("no_template")
    sent = {
        "touser": message.address,
        "template_id": template,
        "url": message.link,
        "client_msg_id": message.idempotency_key.replace("-", "")[:32],
        "data": _data(message, settings),
    }
    return _encode({name: value for name, value in sent.items() if value}).encode(
        "utf-8", "replace"
    )


def _data(message: Message, settings: WechatSettings) -> dict[str, dict[str, str]]:
    names = chosen(settings.fields, message.kind, message.language)
    if names is None:
        found = dict(message.params)
    else:
        words = words_of(message)
        if missing := sorted(set(names.values()) - words.keys()):
            raise Unfit(f"no_word_{missing[0]}")
        found = {field: words[word] for field, word in names.items()}
    if not found:
        raise Unfit("no_words")
    return {name: {"value": value} for name, value in found.items()}
