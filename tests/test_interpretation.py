"""What an utterance means in its conversation."""

from datetime import date

import pytest

from chatbot.interpretation import Interpreter
from chatbot.model import Context, Entry, FollowUps, Kind, Match, Review

FOLLOW_UPS = FollowUps(
    accept=("yes please", "ok"),
    accepts="book",
    more=("tell me more", "why"),
    other=("no the other one",),
    picks=(("the first one",), ("the second one",)),
    openers=("what about", "and"),
)


def entry(id: str, question: str, see_also: tuple[str, ...] = ()) -> Entry:
    return Entry(
        id, "topic", Kind.ANSWER, (question,), "Text.", (), see_also, Review("draft", "", None, date(2030, 1, 1))
    )


ENTRIES = {
    "safe": entry("safe", "Is it safe?", ("long", "reason")),
    "long": entry("long", "How safe is it in the long term?"),
    "reason": entry("reason", "Why is it thought safe?"),
    "years": entry("years", "Does it help years after injury?"),
    "book": entry("book", "How do I book?"),
}


class Matcher:
    """Finds the scores it was given, by text."""

    def __init__(self, known: dict[str, dict[str, float]]) -> None:
        self.known = known

    def match(self, text: str, limit: int = 3) -> tuple[Match, ...]:
        scores = self.known.get(text, {})
        return tuple(Match(label, score) for label, score in sorted(scores.items(), key=lambda kv: -kv[1]))[:limit]


def interpreter(known: dict[str, dict[str, float]] | None = None) -> Interpreter:
    return Interpreter(Matcher(known or {}), ENTRIES, FOLLOW_UPS)


AFTER_SAFE = Context("safe", Kind.ANSWER, choices=("long", "reason"), others=("years",))


@pytest.mark.parametrize(
    ("said", "chosen"),
    [
        ("The second one!", "reason"),
        ("the first one", "long"),
        ("no, the other one", "years"),
        ("yes please", "book"),
        ("Why?", "reason"),
        ("tell me more", "long"),
    ],
)
def test_a_short_answer_takes_up_what_was_offered(said: str, chosen: str) -> None:
    assert interpreter().interpret(said, AFTER_SAFE).chosen == chosen


@pytest.mark.parametrize("said", ["the second one", "yes please", "why?", "no, the other one"])
def test_without_a_conversation_a_short_answer_takes_up_nothing(said: str) -> None:
    assert interpreter().interpret(said, Context()).chosen is None


@pytest.mark.parametrize("kind", [Kind.ANSWER, Kind.NOT_COVERED, Kind.PERSONAL, Kind.CLARIFY])
def test_a_no_takes_up_what_may_have_been_meant_instead(kind: Kind) -> None:
    assert interpreter().interpret("No, the other one.", Context("safe", kind, others=("years",))).chosen == "years"


@pytest.mark.parametrize("kind", [Kind.HANDOFF, Kind.SMALLTALK, Kind.UNKNOWN, None])
def test_a_no_to_an_offer_declines_it_and_takes_up_nothing(kind: Kind | None) -> None:
    assert interpreter().interpret("No, the other one.", Context("book", kind, others=("years",))).chosen is None


def test_a_yes_after_choices_alone_accepts_nothing() -> None:
    asked_back = Context(kind=Kind.CLARIFY, choices=("safe", "years"))
    assert interpreter().interpret("yes please", asked_back).chosen is None


def test_a_short_question_is_read_together_with_the_one_before() -> None:
    known = {"and long term?": {"years": 0.5, "long": 0.3}, "Is it safe? long term": {"safe": 0.6, "long": 0.5}}
    assert interpreter(known).interpret("and long term?", AFTER_SAFE).matches[0].label == "long"


def test_a_short_question_that_is_sure_by_itself_stands_alone() -> None:
    known = {"help after years?": {"years": 0.9}, "Is it safe? help after years": {"long": 0.9}}
    assert interpreter(known).interpret("help after years?", AFTER_SAFE).matches[0].label == "years"


def test_noise_after_an_answer_does_not_lean_on_it() -> None:
    known = {"hjkl": {}, "Is it safe? hjkl": {"safe": 0.9}}
    assert interpreter(known).interpret("hjkl", AFTER_SAFE).matches == ()


def test_a_second_question_in_the_message_is_kept_for_later() -> None:
    both = "Is this safe for me? Does it help after years?"
    known = {
        both: {"safe": 0.7, "years": 0.6},
        "Is this safe for me?": {"safe": 0.9},
        "Does it help after years?": {"years": 0.8},
    }
    meant = interpreter(known).interpret(both, Context())
    assert (meant.matches[0].label, meant.second) == ("safe", "years")


def test_in_a_long_story_the_sentence_that_asks_counts() -> None:
    told = "My son fell off a ladder in spring and he broke his neck and since then we read all we can find on it. "
    asks = "Is it safe for long?"
    known = {told + asks: {"years": 0.4, "long": 0.3}, asks: {"long": 0.6}}
    assert interpreter(known).interpret(told + asks, Context()).matches[0].label == "long"


def test_of_a_long_message_without_marks_the_last_words_are_read_too() -> None:
    told = " ".join(f"word{number}" for number in range(20))
    asked = "so is it safe when somebody was hurt years ago"
    found = interpreter({f"{told} {asked}": {"years": 0.2}, asked: {"safe": 0.9}}).interpret(
        f"{told} {asked}", Context()
    )
    assert found.matches[0].label == "safe"
    short = interpreter({asked: {"safe": 0.9}}).interpret(f"word1 {asked}", Context())
    assert not short.matches
