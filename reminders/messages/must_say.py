"""The sentences that say what a pack asks where a template does not say it by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import jinja2

from reminders.domain.compliance import Content
from reminders.messages.catalogue import SLOT
from reminders.messages.errors import TemplateError
from reminders.messages.law import Law
from reminders.messages.sandbox import rendered

_UNSPACED = ("zh", "ja")
# What a template says by a variable of the same name; the rest is said in words alone.
_VALUES = frozenset(
    {Content.LENDER, Content.AMOUNT, Content.DUE_ON, Content.BILL, Content.HOW_TO_PAY}
    | {Content.OPT_OUT_METHOD, Content.CONSEQUENCE}
)


@dataclass(slots=True)
class Sentences:
    """What one message can say besides its own words. `said`: the variables that each of its
    bodies uses, `words` its text as the file has it."""

    said: frozenset[str]
    words: str
    known: Mapping[Content, tuple[str, jinja2.Template]]
    _of_law: dict[Law, tuple[Content, ...]] = field(default_factory=dict)

    def fill(self, name: str, language: str, values: Mapping[str, object], law: Law) -> str:
        """The sentences that this law asks for and the template does not say. Raises
        `TemplateError` for what cannot be said."""
        if not law.required:
            return ""
        said = []
        for content in self._asked(name, law):
            if content not in _VALUES or content not in self.said or not values.get(content):
                said.append(self._sentence(name, content, values, law))
        return ("" if language.startswith(_UNSPACED) else " ").join(filter(None, said))

    def check(self, name: str, text: str, values: Mapping[str, object], law: Law) -> None:
        """Raise `TemplateError` where a value that must be said is not in the finished `text`."""
        for content in self._asked(name, law) if law.required else ():
            value = str(values.get(content) or "") if content in self.said & _VALUES else ""
            if value not in text:
                raise TemplateError(f"{name} does not show {content} ({law.required[content]})")

    def _asked(self, name: str, law: Law) -> tuple[Content, ...]:
        found = self._of_law.get(law)
        if found is None:
            channel = name.rpartition(".")[2]
            found = self._of_law[law] = tuple(law.asks_of(channel))
        return found

    def _sentence(self, name: str, content: Content, values: Mapping[str, object], law: Law) -> str:
        words, template = self.known.get(content, ("", None))
        if template is None or SLOT not in self.said:
            raise TemplateError(f"{name} does not say {content} ({law.required[content]})")
        if words in self.words:
            return ""
        # Most hold no variable, and rendering costs more than all else here.
        return rendered(template, f"{name}: {content}", values) if "{" in words else words
