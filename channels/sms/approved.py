"""Texts that a provider approved beforehand: which of them a message takes, and its words.

Chinese carriers take no free text: every text is approved as a template with variables, and a
call names the template and gives the variables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from channels.contract import Message
from channels.sms.address import refused
from reminders.domain.outcome import Outcome, Permanent

ANY: Final = "*"  # the template of messages that have none of their own


@dataclass(frozen=True, slots=True)
class Approved:
    """A template of the provider, and its variables by name, in order."""

    template: str
    words: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message with the template that it takes; `place`: where its outcome belongs."""

    place: int
    message: Message
    approved: Approved


@dataclass(frozen=True, slots=True)
class Templates:
    """`templates`: the provider's id by `kind/language` (`pre_due/zh-CN`), or `*`.

    `params` names the variables in order, each a key of `Message.params`, or `text` (the whole
    rendered text), `link`, `subject`; `money=amount` where the provider's variable is called
    otherwise. `own` gives other variables to single templates, by the provider's id.
    """

    templates: Mapping[str, str]
    params: Sequence[str]
    own: Mapping[str, Sequence[str]]

    def of(self, message: Message) -> Approved | Permanent:
        """The template and the words of a message; what it lacks, where it lacks something."""
        key = f"{message.kind}/{message.language}"
        template = self.templates.get(key) or self.templates.get(ANY)
        if not template:
            return Permanent("no_template")
        known = {
            "text": message.text,
            "link": message.link,
            "subject": message.subject,
            **message.params,
        }
        words = []
        for name in self.own.get(template, self.params):
            variable, _, ours = name.partition("=")
            value = known.get(ours or variable)
            if value is None:
                return Permanent("no_variable")
            words.append((variable, value))
        return Approved(template, tuple(words))

    def prepare(self, messages: Sequence[Message]) -> tuple[list[Prepared], dict[int, Outcome]]:
        """Those that can be sent, and by their places the outcomes of those that cannot."""
        prepared: list[Prepared] = []
        outcomes: dict[int, Outcome] = {}
        for place, message in enumerate(messages):
            found = refused(message.address) or self.of(message)
            if isinstance(found, Permanent):
                outcomes[place] = found
            else:
                prepared.append(Prepared(place, message, found))
        return prepared, outcomes


def start_by(call: Sequence[Prepared]) -> float | None:
    """When a call begins at the latest: what leaves together is too late together."""
    instants = (each.message.start_by for each in call)
    return min((each for each in instants if each is not None), default=None)
