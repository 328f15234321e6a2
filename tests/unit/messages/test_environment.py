"""Templates are data that a lender edits: they reach nothing and fill nothing."""

from __future__ import annotations

import pytest
from jinja2 import TemplateAssertionError

from reminders.messages.errors import TemplateError
from reminders.messages.sandbox import environment, rendered

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
    "[% for _ in range(99999) %][% for _ in range(99999) %][% endfor %][% endfor %]",
    "[[ lipsum(n=99999) ]]",
    "[% set n = namespace(x='a') %]",
    "[[ [1] | slice(99999999) | list ]]",
    "[[ [1] | batch(99999999, 'x') | list ]]",
    "[[ [1, 2, 3] | random ]]",
    "[% macro on() %][[ on() ]][% endmacro %][[ on() ]]",
    "[% macro on(n) %][% if n %][[ on(n-1) ]][[ on(n-1) ]][% endif %][% endmacro %][[ on(40) ]]",
    "".join(f"[% for {each} in 'xxxxxxxxxx' %]" for each in "abcdefgh") + "[% endfor %]" * 8,
    "[% for a in [1] recursive %][[ loop([1]) ]][% endfor %]",
    "[% set x = 'xxxxxxxx' %]" + "[% set x = x ~ x %]" * 40 + "[[ x | length ]]",
    "[% set x = 'xxxxxxxx' %]" + "[% set x = x + x %]" * 40 + "[[ x | length ]]",
    "[[ 'a'" + " | replace('a', 'aaaaaaaaaaaaaaaaaaaa')" * 9 + " | length ]]",
    "[[ 'a' | xmlattr ]]",
    "[% set x %]xxxxxxxx[% endset %]" + "[% set x %][[ x ]][[ x ]][% endset %]" * 20,
    "[% set x = [1, 2] %]" + "[% set x = x + x %]" * 20 + "[[ x | length ]]",
    "[% set x = (1, 2) %]" + "[% set x = (x, x) %]" * 20 + "[[ x | string | length ]]",
    "[% set x = [1] %]" + "[% set x = {'a': x, 'b': x} %]" * 20 + "[[ x | string | length ]]",
    "[% set x = 'aaaaaaaaaa' %]" + "[% set x = x.replace('a', x[:10]) %]" * 6,
    "[[ ['a']" + " | map('replace', 'a', 'aaaaaaaaaaaaaaaaaaaa')" * 5 + " | map('length') | sum ]]",
    "[[ 'aaaaaaaaaa'.join('aaaaaaaaaa') ]]",
    "[[ 'a'.translate({97: 'aaaaaaaaaa'}) ]]",
    "[[ (10).to_bytes(99999999, 'big') | length ]]",
    "[[ [1] | tojson(99999999) | length ]]",
    "[[ 1 | round(-99999999) ]]",
    "[% set x %][% for _ in 'xxxxxxxxx' %]xxxxxxxxxxxx[% endfor %][% endset %]"
    + "[% for _ in 'xxxxxxxxxx' %]" * 3
    + "[[ x ]][[ x ]][[ x ]]"
    + "[% endfor %]" * 3,
)


@pytest.mark.parametrize("text", ESCAPES)
def test_what_reaches_out_or_fills_the_memory_is_refused(text: str) -> None:
    env = environment({})
    text = text.replace("[[", env.variable_start_string).replace("]]", env.variable_end_string)
    text = text.replace("[%", env.block_start_string).replace("%]", env.block_end_string)
    with pytest.raises((TemplateError, TemplateAssertionError)):
        rendered(env.from_string(text), "it", {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[% set x %]a[% endset %][[ x ]][% set y | upper %]b[% endset %][[ y ]]", "aB"),
        ("[% for a, b in [('x', 1), ('y', 2)] %][[ a ]][[ b ]][% endfor %]", "x1y2"),
        ("[% for k, v in {'a': 1}.items() %][[ k ]][[ v ]][% endfor %]", "a1"),
        ("[% set a, b = 'x', 'y' %][[ 'in' if a in ('x', 'z') else 'out' ]][[ b ]]", "iny"),
        ("[[ ['b', 'a'] | map('upper') | sort | join('+') ]]", "A+B"),
        ("[[ 'a-b'.split('-') | first ]][[ 'a'.replace('a', 'c') ]]", "ac"),
        (
            "[% macro m(a) %][[ a ]][[ caller() ]][% endmacro %][% call m('x') %]y[% endcall %]",
            "xy",
        ),
    ],
)
def test_a_reasonable_template_meets_no_bound(text: str, said: str) -> None:
    env = environment({})
    text = text.replace("[[", env.variable_start_string).replace("]]", env.variable_end_string)
    text = text.replace("[%", env.block_start_string).replace("%]", env.block_end_string)
    assert rendered(env.from_string(text), "it", {}) == said


def test_what_a_message_needs_still_works() -> None:
    env = environment({})
    start, end = env.variable_start_string, env.variable_end_string
    said = env.from_string(f"{start} ['a', 'b'] | join(', ') | upper {end}")
    for _ in range(3):  # what one message took, no other lacks
        assert rendered(said, "it", {}) == "A, B"
