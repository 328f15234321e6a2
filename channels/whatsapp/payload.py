"""The request of one template message (developers.facebook.com, Cloud API, messages)."""

from __future__ import annotations

import json

from channels.contract import Message
from channels.provider_templates import Unfit, chosen, words_of
from channels.whatsapp.settings import WhatsappSettings

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_TEXT = ("text",)


def body(message: Message, settings: WhatsappSettings) -> bytes:
    """JSON, with the attempt id as what status webhooks quote. Raises `Unfit`."""
    template = chosen(settings.templates, message.kind, message.language)
    if template is None:
        raise Unfit("no_template")
    names = chosen(settings.parameters, message.kind, message.language)
    words = words_of(message)
    parameters = []
    for name in _TEXT if names is None else names:
        word = one_line(words.get(name, ""))
        if not word:
            raise Unfit(f"no_word_{name}")
        parameters.append({"type": "text", "text": word})
    components = [{"type": "body", "parameters": parameters}] if parameters else []
    language = settings.languages.get(message.language, message.language.replace("-", "_"))
    sent = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": message.address.removeprefix("+"),
        "type": "template",
        "template": {
            "name": template,
            "language": {"code": language},
            "components": components,
        },
        "biz_opaque_callback_data": message.idempotency_key,
    }
    return _encode(sent).encode("utf-8", "replace")


def one_line(text: str) -> str:
    """A parameter must have no line break, no tab, and no run of more than four spaces."""
    return " ".join(text.split())
