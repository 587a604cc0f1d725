"""Noise is seeded: the same words are spoilt in the same way, and only as much as is said."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from chatbot import noise
from chatbot.noise import NOISES, SHORTEST, dictation, typos

ASKED = "Does the stem cell treatment help people whose injury is complete?"


@pytest.mark.parametrize("kind", NOISES)
@given(text=st.text(max_size=80), seed=st.integers(0, 99))
def test_the_same_text_and_seed_give_the_same_noise(kind: str, text: str, seed: int) -> None:
    assert NOISES[kind](text, seed) == NOISES[kind](text, seed)


@pytest.mark.parametrize("kind", NOISES)
def test_another_seed_gives_another_noise(kind: str) -> None:
    assert len({NOISES[kind](ASKED, seed) for seed in range(20)}) > 10


@given(seed=st.integers(0, 500))
def test_typos_are_one_or_two_words_each_with_one_slip(seed: int) -> None:
    pairs = zip(ASKED.split(" "), typos(ASKED, seed).split(" "), strict=True)
    changed = [(before, after) for before, after in pairs if before != after]
    assert len(changed) in (1, 2)
    assert {OSA.distance(before, after) for before, after in changed} == {1}


@given(st.text(alphabet="abc 1'?", max_size=40), st.integers(0, 9))
def test_words_under_four_letters_are_never_mistyped(text: str, seed: int) -> None:
    pairs = list(zip(text.split(" "), typos(text, seed).split(" "), strict=True))
    assert [pair for pair in pairs if sum(map(str.isalpha, pair[0])) < SHORTEST and pair[0] != pair[1]] == []


@given(seed=st.integers(0, 500))
def test_dictation_has_no_punctuation_and_no_capitals(seed: int) -> None:
    heard = dictation("Well, I can't-really WALK; is it 'safe'?", seed)
    assert heard == heard.lower()
    assert all(letter.isalnum() or letter == " " for letter in heard)


def test_dictation_mishears_runs_words_together_and_splits_them() -> None:
    heard = {dictation("is spinal regeneration safe", seed) for seed in range(40)}
    assert any("save" in text for text in heard)
    assert any("spine all" in text for text in heard)
    assert any(len(text.split()) == 3 for text in heard)
    assert any(" regene" in text and "regeneration" not in text for text in heard)


def test_spoken_numbers_are_words() -> None:
    assert dictation("10 or 2", 3) in ("ten or two", "tenor two", "ten ortwo")


def test_only_a_generator_with_a_seed_is_imported() -> None:
    tree = ast.parse(Path(noise.__file__).read_text())
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "random"
             for alias in node.names]  # fmt: skip
    seeded = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Random"
    ]
    assert names == ["Random"]
    assert all(call.args for call in seeded)
