"""A providers' file that cannot be read is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels.accounts import read_accounts
from channels.errors import ChannelSettingsError


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (b"providers: [", "is not YAML"),
        (b"providers: \xff", "is not YAML"),
        (b"- " * 4000, "is not YAML"),
        (b"providers: 2026-13-45", "is not YAML: month must be in"),
        (b"[]", "want one list called providers"),
    ],
)
def test_a_file_that_names_no_accounts_is_refused(tmp_path: Path, written: bytes, why: str) -> None:
    path = tmp_path / "providers.yaml"
    path.write_bytes(written)
    with pytest.raises(ChannelSettingsError, match=why) as caught:
        read_accounts(path)
    assert "\n" not in str(caught.value)
