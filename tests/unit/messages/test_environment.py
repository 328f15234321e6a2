"""Templates are data that a lender edits: they reach nothing and fill nothing."""

from __future__ import annotations

import jinja2
import pytest

from reminders.messages.templates import environment

ESCAPES = (
    "[[ ''.__class__ ]]",
    "[[ 'a' * 9999999999 ]]",
    "[[ 10 ** 10 ** 9 ]]",
    "[[ '%9999999999d' % 1 ]]",
    "[[ 'a'.center(9999999999) ]]",
    "[[ '{:>9999999999}'.format(1) ]]",
    "[[ 'a' | center(9999999999) ]]",
    "[[ 'a' | indent(9999999999) ]]",
    "[[ '%9999999999d' | format(1) ]]",
    "[% for _ in range(9999999999) %][% endfor %]",
)


@pytest.mark.parametrize("text", ESCAPES)
def test_what_reaches_out_or_fills_the_memory_is_refused(text: str) -> None:
    env = environment({})
    text = text.replace("[[", env.variable_start_string).replace("]]", env.variable_end_string)
    text = text.replace("[%", env.block_start_string).replace("%]", env.block_end_string)
    with pytest.raises((jinja2.TemplateError, OverflowError)):
        env.from_string(text).render()


def test_what_a_message_needs_still_works() -> None:
    env = environment({})
    start, end = env.variable_start_string, env.variable_end_string
    assert env.from_string(f"{start} ['a', 'b'] | join(', ') | upper {end}").render() == "A, B"
