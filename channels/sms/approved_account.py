"""What providers of approved texts share: their settings, and all of a channel but its calls."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field

from channels.called import has_key
from channels.contract import Capabilities, Message, Post
from channels.errors import ChannelSettingsError
from channels.provider_settings import ProviderSettings
from channels.sms.approved import Prepared, Templates
from channels.transport import AiohttpTransport, Transport
from reminders.domain.outcome import Outcome


@dataclass(frozen=True, slots=True)
class ApprovedSettings(ProviderSettings):
    """One signature (签名) with its templates, as `channels.sms.approved.Templates` reads them.

    `receipts_secret` is the key in the address that the provider is told to call: it signs nothing
    itself.
    """

    sign_name: str
    templates: Mapping[str, str]
    receipts_secret: str = field(repr=False)
    _: KW_ONLY
    template_params: tuple[str, ...] = ()
    params_of_template: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    batch: int = 1
    per_number_hour: int | None = None
    cost_minor: int = 5
    prefixes: tuple[str, ...] = ("+86",)
    rate_per_s: float = 500.0


class ApprovedChannel(ABC):
    """The part of `channels.contract.BatchChannel` that is the same for all of them."""

    def __init__(
        self,
        settings: ApprovedSettings,
        capabilities: Capabilities,
        most_in_batch: int,
        transport: Transport | None,
    ) -> None:
        """Raises `ChannelSettingsError` where the settings cannot work."""
        if not settings.templates:
            raise ChannelSettingsError(f"{settings.name}: templates is empty: nothing can be sent")
        if not 1 <= settings.batch <= most_in_batch:
            raise ChannelSettingsError(f"{settings.name}: batch is from 1 to {most_in_batch}")
        self.name = settings.name
        self.capabilities = capabilities
        self._receipts_secret = settings.receipts_secret
        self._templates = Templates(
            settings.templates, settings.template_params, settings.params_of_template
        )
        self._http = transport or AiohttpTransport(settings.concurrency, settings.timeout)

    async def send(self, message: Message) -> Outcome:
        return (await self.send_many([message]))[0]

    async def send_many(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        prepared, outcomes = self._templates.prepare(messages)
        outcomes |= await self._each(self._calls_of(prepared, self.capabilities.batch))
        return [outcomes[place] for place in range(len(messages))]

    async def _each(self, calls: Sequence[Sequence[Prepared]]) -> dict[int, Outcome]:
        """The outcomes of several calls at once, by the places of their messages."""
        outcomes: dict[int, Outcome] = {}
        for found in await asyncio.gather(*(self._call(one) for one in calls)):
            outcomes |= found
        return outcomes

    @abstractmethod
    def _calls_of(self, prepared: Sequence[Prepared], most: int) -> Sequence[Sequence[Prepared]]:
        """Messages that may share a call, at most so many in one."""

    @abstractmethod
    async def _call(self, messages: Sequence[Prepared]) -> dict[int, Outcome]:
        """The outcome of each message of one call, by its place."""

    def verify(self, post: Post) -> bool:
        return has_key(post.url, self._receipts_secret)

    async def close(self) -> None:
        await self._http.close()
