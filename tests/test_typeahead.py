"""Typeahead: whole questions while a visitor types."""

from collections.abc import Mapping
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from chatbot.model import Entry, Kind, Match, Review
from chatbot.typeahead import Index, Judge, Typeahead


def entry(id: str, question: str, *, kind: Kind = Kind.ANSWER, claim: str = "") -> Entry:
    claims = (claim or f"topic.{id}",) if kind is Kind.ANSWER else ()
    return Entry(id, "topic", kind, (question,), "Text.", claims, (), Review("draft", "", None, date(2027, 1, 1)))


ENTRIES = {
    one.id: one
    for one in (
        entry("safe", "Is it safe?"),
        entry("hands", "Can it help my hands?"),
        entry("grip", "Does grip come back?", claim="topic.hands"),
        entry("when", "When is the best time?"),
        entry("cost", "What does it cost?", kind=Kind.NOT_COVERED),
        entry("hello", "Hello", kind=Kind.SMALLTALK),
        entry("book", "How do I book?", kind=Kind.HANDOFF),
    )
}
PHRASINGS: Mapping[str, tuple[str, ...]] = {
    "cost": ("What does it cost?", "is it expensive", "what is the price of the procedure"),
    "safe": ("Is it safe?", "are there any dangers in the procedure", "does it do harm"),
    "hands": ("Can it help my hands?", "will my fingers move again"),
    "grip": ("Does grip come back?", "will my fingers hold a fork again"),
    "when": ("When is the best time?", "how soon after the accident must it happen"),
    "hello": ("Hello", "hi there"),
    "book": ("How do I book?", "make an appointment"),
    "unknown": ("what is the weather in london", "how do I bake bread", "who won the football", "pizza near me"),
}


def made(judge: Judge = lambda text: ()) -> Typeahead:
    return Typeahead(ENTRIES, Index.of(PHRASINGS), first=("when",), judge=judge)


def offered(text: str, typeahead: Typeahead | None = None) -> list[str]:
    return [one.entry for one in (typeahead or made()).suggest(text)]


def test_a_word_just_begun_finds_its_question() -> None:
    assert offered("expen")[0] == "cost"


def test_a_phrasing_nobody_is_shown_leads_to_the_canonical_question() -> None:
    assert made().suggest("appoint")[0].question == "How do I book?"


def test_a_word_from_the_middle_of_a_question_is_enough() -> None:
    assert offered("accident")[0] == "when"


@pytest.mark.parametrize(("typed", "wanted"), [("expnsive", "cost"), ("accidnet ", "when"), ("appiontm", "book")])
def test_a_slip_of_the_finger_is_forgiven(typed: str, wanted: str) -> None:
    assert offered(typed)[0] == wanted


def test_an_ended_word_is_taken_as_it_stands() -> None:
    """`fin` may become fingers; `fin ` is another word that nobody asked with."""
    assert offered("fin")[0] == "hands"
    assert offered("fin ") == []


@pytest.mark.parametrize("text", ["", " ", "\x00", "?"])
def test_before_the_first_letter_answers_come_first_and_the_examples_before_them(text: str) -> None:
    assert offered(text)[0] == "when"
    assert set(offered(text)[1:3]) == {"safe", "hands"}


def test_two_entries_that_lead_to_the_same_claim_are_not_both_offered() -> None:
    assert {"hands", "grip"} & set(offered("will my fingers")) == {"hands"}


def test_at_most_five_are_offered() -> None:
    assert len(offered("")) == 5


@pytest.mark.parametrize("text", ["qwertz", "asdf jkl ", "xxqq zzqq is ", "Привет мир", "12345 ", "fdjk hgfd kjhg"])
def test_nonsense_gets_no_suggestion(text: str) -> None:
    assert offered(text) == []


def test_words_off_the_subject_get_no_suggestion() -> None:
    assert offered("weather in london") == []


@pytest.mark.parametrize("match", [Match("unknown", 0.9), Match("safe", 0.05)])
def test_whole_words_that_the_matcher_cannot_place_get_no_suggestion(match: Match) -> None:
    typeahead = made(lambda text: (match,))
    assert offered("is it safe", typeahead) == []
    assert offered("is i", typeahead) != []


@given(st.text(max_size=60))
def test_whatever_is_typed_is_answered_the_same_each_time_and_by_entries_alone(text: str) -> None:
    first, again = offered(text, TYPEAHEAD), offered(text, made())
    assert first == again
    assert set(first) <= set(ENTRIES)


TYPEAHEAD = made()


# -- kept on disk ------------------------------------------------------------------------------------


@pytest.mark.parametrize("phrasings", [PHRASINGS, {"safe": ("???",), "cost": ()}])
def test_dumped_and_loaded_an_index_suggests_alike(phrasings: Mapping[str, tuple[str, ...]]) -> None:
    index = Index.of(phrasings)
    loaded = Index.load(index.dump())
    assert loaded.dump() == index.dump()
    for text in ("", "wh", "what is the pri", "will my fimgers ", "how do I bake"):
        assert offered(text, Typeahead(ENTRIES, loaded)) == offered(text, Typeahead(ENTRIES, index))


@pytest.mark.parametrize("dumped", [b"", b"no index", b"PK\x03\x04 cut short"])
def test_what_is_no_dumped_index_is_refused(dumped: bytes) -> None:
    with pytest.raises((ValueError, KeyError, EOFError)):
        Index.load(dumped)


# -- on the real base --------------------------------------------------------------------------------


def real(app: Flask) -> Typeahead:
    found: Typeahead = app.extensions["parts"].assistant.voices["en"].typeahead
    return found


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("is it sa", "is-it-safe"),
        ("who wro", "who-wrote-it"),
        ("how much would it co", "cost"),
        ("side eff", "common-side-effects"),
        ("hands", "hands-and-arms"),
    ],
)
def test_a_few_letters_find_a_real_question(app: Flask, typed: str, wanted: str) -> None:
    assert wanted in offered(typed, real(app))


@pytest.mark.parametrize(
    "text", ["how do I bake a chocolate cake", "what is the weather like in london today", "who won the football match"]
)
def test_a_real_question_off_the_subject_gets_no_suggestion(app: Flask, text: str) -> None:
    assert offered(text, real(app)) == []


def test_nothing_is_suggested_beside_an_alert(client: FlaskClient) -> None:
    body = client.post("/api/v1/suggest", json={"text": "i want to kill myself"}).get_json()
    assert (body["suggestions"], body["alert"]["kind"]) == ([], "crisis")


def test_the_first_suggestions_are_the_examples_of_the_language_file(app: Flask) -> None:
    examples = app.extensions["parts"].assistant.voices["en"].language.content.examples
    assert set(offered("", real(app))[:3]) == set(examples)
