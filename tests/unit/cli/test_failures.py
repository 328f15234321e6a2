"""What a failed command says of input that somebody wrote wrongly: one line, exit code 2."""

from __future__ import annotations

import pytest

from channels.errors import ChannelSettingsError
from reminders.cli.failures import told
from reminders.messages.errors import TemplateError


@pytest.mark.parametrize("kind", [ChannelSettingsError, TemplateError])
def test_files_that_are_wrong_are_told_in_a_line(kind: type[Exception]) -> None:
    """A providers' file with an unknown adapter, a brand without a folder of templates."""
    assert told(kind("entry 1: adapter 'nonsense'")) == ("entry 1: adapter 'nonsense'", 2)


def test_what_nobody_foresaw_keeps_its_traceback() -> None:
    assert told(ValueError("a fault of ours")) is None
