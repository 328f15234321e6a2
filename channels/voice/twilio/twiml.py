"""What is said on the telephone, as TwiML (twilio.com/docs/voice/twiml): Say, Gather, Hangup."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
# XML 1.0 §2.2: of the control characters only tab, line feed and carriage return may stand in it.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WAIT_FOR_KEY_S = 6


@dataclass(frozen=True, slots=True)
class Words:
    """What is said around the text. `say` is the voice's language (twilio.com/docs/voice/twiml/say,
    "language")."""

    say: str
    press: str
    goodbye: str
    thanks: str


_CHINESE = ("听到后请按 1 键确认。", "再见。", "谢谢。已收到您的确认。再见。")
_TRADITIONAL = ("聽到後請按 1 鍵確認。", "再見。", "謝謝。已收到您的確認。再見。")
_ENGLISH = (
    "Press 1 to confirm that you heard this.",
    "Goodbye.",
    "Thank you, that is noted. Goodbye.",
)
WORDS: dict[str, Words] = {
    "zh-cn": Words("zh-CN", *_CHINESE),
    "zh-tw": Words("zh-TW", *_TRADITIONAL),
    "zh-hk": Words("zh-HK", *_TRADITIONAL),
    "zh-hant": Words("zh-TW", *_TRADITIONAL),
    "zh": Words("zh-CN", *_CHINESE),
    "en-gb": Words("en-GB", *_ENGLISH),
    "en": Words("en-US", *_ENGLISH),
}


def words_for(language: str, otherwise: str) -> Words:
    """The words of a BCP 47 language, of its primary part, or of `otherwise`."""
    for each in (language.lower(), language.lower().partition("-")[0], otherwise.lower()):
        if each in WORDS:
            return WORDS[each]
    return WORDS["en"]


def call_document(text: str, words: Words, key_url: str) -> str:
    """The text said twice, each time with a wait for one key, which is posted to `key_url`; then
    goodbye."""
    said = f"{_say(text, words)}{_say(words.press, words)}"
    gather = (
        f'<Gather input="dtmf" numDigits="1" timeout="{_WAIT_FOR_KEY_S}"'
        f' method="POST" action={quoteattr(key_url)}>{said}</Gather>'
    )
    return f"{_HEAD}<Response>{gather}{gather}{_say(words.goodbye, words)}<Hangup/></Response>"


def thanks_document(words: Words) -> bytes:
    """What follows a key; to any other callback it is only a document that nobody reads."""
    return f"{_HEAD}<Response>{_say(words.thanks, words)}<Hangup/></Response>".encode()


def _say(text: str, words: Words) -> str:
    return f"<Say language={quoteattr(words.say)}>{escape(_NOT_XML.sub(' ', text))}</Say>"
