"""Which label an utterance means."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from chatbot.matching import Matcher, Vocabulary
from chatbot.matching.parts import Parts
from chatbot.matching.spelling import Repairer, Spellings
from chatbot.matching.words import EMPTY

PHRASINGS = {
    "cost": ["how much does it cost", "what is the price", "is it expensive", "what would I have to pay"],
    "cancel": ["cancel my appointment", "I want to cancel", "please call the visit off", "can I cancel my request"],
    "cancer": ["can it cause cancer", "is there a risk of tumours", "do the cells turn into cancer", "cancer risk"],
    "hands": ["will my hands move again", "grip and grasp after treatment", "hand function", "can I hold a pen"],
    "incomplete": ["what does incomplete mean", "is my injury incomplete", "incomplete spinal cord injury"],
}


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(PHRASINGS)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("what does it cost", "cost"),
        ("CAN I CANCEL???", "cancel"),
        ("price plz", "cost"),
        ("how expnsive is it", "cost"),
        ("do i hav to pya", "cost"),
        ("handfunction", "hands"),
        ("what does in complete mean", "incomplete"),
        ("could I grip things", "hands"),
    ],
)
def test_an_utterance_finds_its_label(matcher: Matcher, text: str, label: str) -> None:
    assert matcher.match(text)[0].label == label


def test_a_word_of_the_same_meaning_is_understood(matcher: Matcher) -> None:
    assert matcher.match("any danger of malignancy")[0].label == "cancer"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("treatmnet", "treatment"),
        ("stemcells", "stem cells"),
        ("stemcellsafe", "stem cell safe"),
        ("in jection", "injection"),
        ("artical", "article"),
        ("isthetreatmnet", "isthetreatmnet"),
        ("cellsreserch", "cells research"),
        ("xqzvw", "xqzvw"),
    ],
)
def test_slips_run_ons_and_pieces_are_read_as_the_words_of_the_base(typed: str, read: str) -> None:
    often = ("treatment", "stem", "cell", "cells", "safe", "injection", "article", "research", "art", "the", "is")
    known = dict.fromkeys(often, 30) | {"vical": 1}
    assert " ".join(Repairer(known, {}, parts=Parts()).repair(typed.split())) == read


@pytest.mark.parametrize(("word", "kept"), [("cancel", "cancel"), ("cancer", "cancer"), ("candle", "candle")])
def test_a_real_word_is_never_changed_into_another(matcher: Matcher, word: str, kept: str) -> None:
    assert matcher.explain(f"{word} please").read_as[0] == kept


@given(
    st.lists(st.text("abcz\u00e9", min_size=1, max_size=7)),
    st.text("abcz\u00e9", min_size=1, max_size=7),
    st.integers(1, 2),
)
def test_no_word_within_so_many_edits_is_passed_over(words: list[str], token: str, edits: int) -> None:
    near = Spellings(words).near(token, edits=edits)
    assert {word for word in words if OSA.distance(word, token) <= edits} <= set(near) <= set(words)


def test_matches_come_best_first_with_scores_between_nothing_and_one(matcher: Matcher) -> None:
    scores = [match.score for match in matcher.match("is my hand injury incomplete", limit=4)]
    assert len(scores) == 4
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_the_limit_is_kept(matcher: Matcher) -> None:
    assert len(matcher.match("how much", limit=1)) == 1


def test_what_fits_nothing_scores_lower_than_what_fits(matcher: Matcher) -> None:
    fits = matcher.match("what would it cost me")[0].score
    nothing = matcher.match("weather forecast for sunday afternoon")[0].score
    assert nothing < fits / 2


@pytest.mark.parametrize("text", ["", "  ", "???", "今日の天気は", "\U0001f600\U0001f600"])
def test_a_text_without_words_matches_nothing(matcher: Matcher, text: str) -> None:
    assert matcher.match(text) == ()
    assert matcher.explain(text).top == ()


@given(st.text(max_size=300))
def test_no_text_breaks_it(text: str) -> None:
    assert all(0 <= match.score <= 1 for match in _SHARED.match(text))


_SHARED = Matcher(PHRASINGS)


def test_fitted_twice_it_is_the_same_to_the_last_byte(matcher: Matcher) -> None:
    assert Matcher(PHRASINGS).dump() == matcher.dump()


def test_the_fit_says_what_is_fitted_and_how_far_it_is() -> None:
    told: list[str] = []
    Matcher(PHRASINGS, progress=told.append)
    assert told == [f"fitting the matcher: pass {number} of {len(told)}" for number in range(1, len(told) + 1)]
    assert told


def test_dumped_and_loaded_it_answers_alike(matcher: Matcher) -> None:
    loaded = Matcher.load(Matcher.load(matcher.dump()).dump())
    texts = [text for texts in PHRASINGS.values() for text in texts]
    found, same = [matcher.match(text) for text in texts], [loaded.match(text) for text in texts]
    assert [[match.label for match in matches] for matches in same] == [[m.label for m in matches] for matches in found]
    assert all(
        a.score == pytest.approx(b.score, abs=0.01)
        for x, y in zip(found, same, strict=True)
        for a, b in zip(x, y, strict=True)
    )


@pytest.mark.parametrize("dumped", [b"", b"no matcher", b"PK\x03\x04 cut short"])
def test_what_is_no_dumped_matcher_is_refused(dumped: bytes) -> None:
    with pytest.raises((ValueError, KeyError, EOFError)):
        Matcher.load(dumped)


def test_many_threads_get_the_same_answers(matcher: Matcher) -> None:
    texts = [text for texts in PHRASINGS.values() for text in texts] * 20
    alone = [matcher.match(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(matcher.match, texts)) == alone


def test_without_the_word_table_letters_still_match() -> None:
    by_letters = Matcher(PHRASINGS, words=EMPTY)
    assert not by_letters.knows_words
    assert by_letters.match("how expnsive would it be")[0].label == "cost"


def test_an_alias_is_read_as_what_it_stands_for() -> None:
    taught = Matcher(PHRASINGS, vocabulary=Vocabulary({"inc": "incomplete"}))
    assert taught.match("inc")[0].label == "incomplete"


def test_a_label_without_a_readable_phrasing_is_left_out() -> None:
    odd = Matcher({**PHRASINGS, "odd": ["???", ""]})
    assert "odd" not in {match.label for match in odd.match("is it expensive", limit=10)}


def test_an_explanation_names_the_words_read_and_the_nearest_phrasings(matcher: Matcher) -> None:
    why = matcher.explain("how expnsive is it")
    assert why.read_as == ("how", "expensive", "is", "it")
    assert why.nearest[0] == "is it expensive"
