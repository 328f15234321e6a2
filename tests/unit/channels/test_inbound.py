"""What customers' short answers mean, for the words of every pack."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.inbound import STARTS, STOPS, Meaning, StopWords, meaning_of

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("REMINDERS_TEST_DATA") or ROOT.parent / "shared" / "data")
SAMPLES = DATA / "provider-callbacks.json"
PACKS = {
    path.stem: tuple(yaml.safe_load(path.read_text(encoding="utf-8"))["opt_out"]["words"])
    for path in sorted((ROOT / "config" / "packs").glob("*.yaml"))
}
ALL = StopWords.of(word for words in PACKS.values() for word in words)


def full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


@pytest.mark.parametrize("pack", PACKS)
def test_every_word_of_every_pack_stops_however_it_is_typed(pack: str) -> None:
    """I3: an opt-out counts in any case, width and spacing."""
    assert PACKS[pack]
    words = StopWords.of(PACKS[pack])
    for word in PACKS[pack]:
        for typed in (
            word,
            word.lower(),
            word.title(),
            f"  {word}\n",
            f"{word}.",
            f"「{word}」。",
            full_width(word),
            full_width(word.lower()) + "\u3000",
            f"\u200b{word}\ufeff",
            f"{word}!!!",
        ):
            assert meaning_of(typed, words) is Meaning.STOP, typed


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("arrêt", Meaning.STOP),
        ("ARRÊTE", Meaning.STOP),
        ("退 订", Meaning.STOP),
        ("退訂", Meaning.STOP),
        ("取消訂閱", Meaning.STOP),
        ("T D", Meaning.STOP),
        ("S.T.O.P", Meaning.STOP),
        ("OPT\u2010OUT", Meaning.STOP),
        ("回T退订", Meaning.STOP),
        ("回复TD", Meaning.STOP),
        ("回覆 TD 退訂", Meaning.STOP),
        ("恢復", Meaning.START),
        ("訂閱", Meaning.START),
        ("幫助", Meaning.HELP),
        ("恢复退订", Meaning.OTHER),
        ("不要退订", Meaning.OTHER),
        ("T恤", Meaning.OTHER),
        ("退订", Meaning.STOP),
        ("td", Meaning.STOP),
        ("0000", Meaning.STOP),
        ("stop  all", Meaning.STOP),
        ("start", Meaning.START),
        (" Yes. ", Meaning.START),
        ("恢复", Meaning.START),
        ("Help?", Meaning.HELP),
        ("STOP PLEASE", Meaning.OTHER),
        ("PLEASE CANCEL", Meaning.OTHER),
        ("I paid yesterday", Meaning.OTHER),
        ("我已经还款了", Meaning.OTHER),
        ("N/A", Meaning.OTHER),
        ("don't stop", Meaning.OTHER),
        ("", Meaning.OTHER),
        ("...", Meaning.OTHER),
        ("STOP" + " " * 100, Meaning.STOP),
        ("STOP" + "\u200b" * 100, Meaning.STOP),
        ("\U0001f6d1" * 70 + "STOP" + "!" * 80, Meaning.STOP),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467 退订 \U0001f64f\U0001f3fd", Meaning.STOP),
        ("S\u200dT\u200dO\u200dP\ufe0f", Meaning.STOP),
        ("\u202e\u2066STOP\u2069\u200f", Meaning.STOP),
        ("0\ufe0f\u20e3" * 4, Meaning.STOP),
        ("\u3164STOP \uffa0 ", Meaning.STOP),
        ("\u3164", Meaning.OTHER),
        ("STOP" + " the car" * 100, Meaning.OTHER),
        ("STOP" * 100, Meaning.OTHER),
    ],
)
def test_only_the_word_alone_counts(text: str, meaning: Meaning) -> None:
    assert meaning_of(text, ALL) is meaning


def test_the_words_that_carriers_act_on_are_known() -> None:
    if not SAMPLES.exists():
        pytest.skip("no provider-callbacks.json beside the checkout")
    told = json.loads(SAMPLES.read_text(encoding="utf-8"))
    english, chinese = told["optout_en"], told["optout_zh"]
    for word in (*english["stop"], *english["stop_fr"], *chinese["stop"]):
        assert meaning_of(word, StopWords.of()) is Meaning.STOP
    for word in english["start"]:
        assert meaning_of(word, StopWords.of()) is Meaning.START
    for word in english["help"]:
        assert meaning_of(word, StopWords.of()) is Meaning.HELP


def test_no_word_both_stops_and_starts() -> None:
    words = StopWords.of()
    assert words.stop.isdisjoint(words.start | words.help)
    assert words.start.isdisjoint(words.help)


@given(st.sampled_from(sorted(STOPS | STARTS)), st.text(max_size=12))
@settings(max_examples=100, deadline=None)
def test_more_than_the_word_is_for_a_person(word: str, more: str) -> None:
    meaning = meaning_of(f"{word} x{more}x", ALL)
    assert meaning is Meaning.OTHER


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_text_has_a_meaning(text: str) -> None:
    assert meaning_of(text, ALL) in Meaning
