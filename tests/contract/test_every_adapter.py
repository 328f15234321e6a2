"""Whatever can be named in the providers' file is held by the suite and explained on a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from channels.accounts import settings_of
from channels.registry import ADAPTERS
from tests.contract.posters import posters
from tests.contract.test_channel_contract import OFFLINE

PAGES = Path(__file__).parents[2] / "docs" / "providers"
# There is always one, and no file names it: its page tells the two settings of the console.
OURS = "in-app"


@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
def test_the_suite_has_a_row_and_a_poster_of_it(adapter: str) -> None:
    held = [f"{type(channel).__module__}." for channel in OFFLINE.values()]
    assert any(module.startswith(f"{ADAPTERS[adapter]}.") for module in held)
    assert adapter in {poster.adapter for poster in posters()}


@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
def test_its_page_names_every_setting_and_can_be_found(adapter: str) -> None:
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    assert f"`{adapter}`" in index
    assert f"({adapter}.md)" in index
    page = (PAGES / f"{adapter}.md").read_text(encoding="utf-8")
    named = set(re.findall(r"[a-z_0-9]+", page))
    missing = settings_of(adapter) - named
    assert not missing or adapter == OURS


def test_the_index_names_no_adapter_that_there_is_not() -> None:
    rows = re.findall(r"^\| (`[^|]*) \| ", (PAGES / "README.md").read_text(encoding="utf-8"), re.M)
    named = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert named == set(ADAPTERS)
