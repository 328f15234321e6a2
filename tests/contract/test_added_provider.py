"""Adding a provider by the guide: a copied folder and one line in each of two tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from channels import accounts, registry
from channels.contract import Post
from channels.sandbox import line
from reminders.domain.outcome import Accepted, ReceiptStatus
from tests.contract.carriers import World, message, play

CHANNELS = Path(registry.__file__).parent
NAME = "added_carrier"
LINE = "added_line"


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Lines 1, 7 and 8 of docs/howto/add-a-channel.md, outside the tree."""
    folder = tmp_path / NAME
    copytree(CHANNELS / "sms" / "gateway", folder, ignore=ignore_patterns("__pycache__"))
    for module in folder.glob("*.py"):
        text = module.read_text(encoding="utf-8")
        module.write_text(text.replace("channels.sms.gateway", NAME), encoding="utf-8")
    simulated = (CHANNELS / "sandbox" / "gateway_line.py").read_text(encoding="utf-8")
    (tmp_path / f"{LINE}.py").write_text(simulated.replace("sms-gateway", NAME), encoding="utf-8")
    adapters = {**registry.ADAPTERS, NAME: NAME}
    monkeypatch.setattr(registry, "ADAPTERS", adapters)
    monkeypatch.setattr(accounts, "ADAPTERS", adapters)
    monkeypatch.setattr(line, "LINES", {**line.LINES, NAME: LINE})
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "sandbox"
    for name in [name for name in sys.modules if name.partition(".")[0] in (NAME, LINE)]:
        del sys.modules[name]


def test_a_copied_provider_sends_and_hears(added: Path) -> None:
    """Nothing else of the tree knows it, and nothing else need."""

    async def scene(world: World) -> None:
        (channel,) = registry.build(world.accounts.values()).values()
        try:
            assert type(channel).__module__.startswith(NAME)
            sent = message("+8610012345678")
            assert isinstance(await channel.send(sent), Accepted)
            await world.advance(timedelta(hours=1))
            target, body, headers = world.door.posts[-1]
            post = Post(body, headers, f"{world.door_url}{target}")
            assert channel.verify(post)
            told = {each.attempt_id: each.status for each in channel.hear(post).receipts}
            assert told == {sent.idempotency_key: ReceiptStatus.DELIVERED}
        finally:
            await channel.close()

    play(added, scene, ((NAME, "carrier"),))
