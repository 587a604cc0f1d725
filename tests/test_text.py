"""Reading what visitors type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.text import normalise, stem, tokens


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(st.text(max_size=60))
def test_no_control_character_survives(text: str) -> None:
    assert not any(ord(character) < 32 or ord(character) == 127 for character in normalise(text))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("CAN\u2019T it?", "can't it?"),
        ("st\u200bem\u00adcells", "stemcells"),
        ("\uff33\uff23\uff29", "sci"),
        ("\u0441\u0430n", "can"),  # Cyrillic es and a
        ("caf\u00e9", "cafe"),
        ("helppppp", "helpp"),
        ("one\x00two\nthree", "one two three"),
        ("\U0001d5d7\U0001d5f2ad", "dead"),
    ],
)
def test_a_disguised_word_is_still_the_word(typed: str, read: str) -> None:
    assert normalise(typed) == read


def test_tokens_keep_apostrophes_and_split_hyphens() -> None:
    assert tokens("Can't it help a T-10?") == ("can't", "it", "help", "a", "t", "10")


def test_text_without_any_word_has_no_token() -> None:
    assert tokens("?! \U0001f600 ...") == ()


@pytest.mark.parametrize(
    ("word", "base"), [("injections", "injection"), ("injected", "inject"), ("bed", "bed"), ("t10", "t10")]
)
def test_a_stem_is_a_word_without_its_ending(word: str, base: str) -> None:
    assert stem(word) == base
