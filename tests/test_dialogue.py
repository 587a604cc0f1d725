"""From one utterance to one reply."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date

import pytest

from chatbot.dialogue import Dialogue, Visitor
from chatbot.evaluation import Case
from chatbot.model import (
    Assessment,
    Bands,
    Canned,
    Claim,
    Contact,
    Content,
    Context,
    Country,
    Entry,
    FollowUps,
    Kind,
    Level,
    Match,
    RedFlag,
    Review,
)
from chatbot.thresholds import Costs, RememberedGuard, RememberedMatcher, fit

CALL = Contact("Emergency", "911", "tel:911")


def entry(id: str, kind: Kind = Kind.ANSWER, claims: tuple[str, ...] = (), see_also: tuple[str, ...] = ()) -> Entry:
    review = Review("draft", "", None, date(2030, 1, 1))
    return Entry(id, "topic", kind, (f"About {id}?",), f"{id}.", claims, see_also, review)


CONTENT = Content(
    claims={"c1": Claim("c1", "1.1", "One."), "c2": Claim("c2", "1.2", "Two.")},
    entries={
        entry.id: entry
        for entry in (
            entry("safe", claims=("c1",)),
            entry("trials", claims=("c1",)),
            entry("hands", claims=("c2",), see_also=("safe", "trials", "book")),
            entry("cost", Kind.NOT_COVERED),
            entry("book", Kind.HANDOFF),
            entry("callme", Kind.HANDOFF),
        )
    },
    canned=Canned("unknown", "which?", "unavailable", "call 112", "draft", "talk to us"),
    ways={},
    examples=("safe",),
    follow_ups=FollowUps((), "safe", (), (), (), ()),
    bands=Bands(answer=0.2, clarify=0.1),
)


class Guard:
    """Sees danger in one word, and sadness in another."""

    def assess(self, text: str, *, earlier: Collection[str] = ()) -> Assessment:
        if "danger" in text:
            return Assessment(RedFlag("group", Level.EMERGENCY, ("rule",)))
        if "end it" in text:
            return Assessment(RedFlag("sad", Level.CRISIS, ("rule",)))
        return Assessment(safety_net="a line" if "sad" in text else None)

    def card(self, red_flag: RedFlag, country: Country | None) -> tuple[str, tuple[Contact, ...]]:
        return f"card {red_flag.group}", (CALL,)


class Matcher:
    """Always finds the same."""

    def __init__(self, **scores: float) -> None:
        self.found = tuple(Match(label, score) for label, score in scores.items())

    def match(self, text: str, limit: int = 3) -> tuple[Match, ...]:
        return self.found[:limit]


def reply(text: str, context: Context | None = None, **scores: float):  # type: ignore[no-untyped-def]
    return Dialogue(CONTENT, Guard(), Matcher(**scores)).reply(text, context=context or Context(), visitor=Visitor())


@pytest.mark.parametrize(
    ("scores", "kind"),
    [
        ({"safe": 0.5, "hands": 0.1}, Kind.ANSWER),
        ({"safe": 0.5, "hands": 0.4}, Kind.CLARIFY),
        ({"safe": 0.5, "trials": 0.45, "hands": 0.1}, Kind.ANSWER),
        ({"book": 0.5, "callme": 0.45}, Kind.HANDOFF),
        ({"book": 0.5, "cost": 0.45}, Kind.CLARIFY),
        ({"safe": 0.09}, Kind.UNKNOWN),
        ({"unknown": 0.9, "safe": 0.1}, Kind.UNKNOWN),
        ({"cost": 0.4, "unknown": 0.3}, Kind.CLARIFY),
        ({}, Kind.UNKNOWN),
    ],
    ids=[
        "ahead",
        "too close",
        "close to what says the same",
        "close to another way to people",
        "too close to another kind",
        "too low",
        "off the subject",
        "near off",
        "nothing",
    ],
)
def test_an_answer_needs_a_lead_over_what_says_something_else(scores: dict[str, float], kind: Kind) -> None:
    assert reply("a question of some length here", **scores).kind is kind


def test_a_close_entry_that_comes_to_the_same_is_the_first_choice() -> None:
    assert [choice.entry for choice in reply("please ring", book=0.5, callme=0.45).choices] == ["callme"]


def test_what_else_was_understood_is_the_last_choice_below_an_answer() -> None:
    chosen = Dialogue(CONTENT, Guard(), Matcher(hands=0.6, cost=0.2)).reply("?", context=Context(), visitor=Visitor())
    assert [choice.entry for choice in chosen.choices] == ["safe", "trials", "cost"]
    behind = Matcher(hands=0.6, unknown=0.25, cost=0.2)
    chosen = Dialogue(CONTENT, Guard(), behind).reply("?", context=Context(), visitor=Visitor())
    assert [choice.entry for choice in chosen.choices] == ["safe", "trials", "cost"], (
        "what is off the subject hides none"
    )
    assert not reply("please ring", book=0.5, callme=0.05).choices


def test_what_is_off_the_subject_offers_the_likeliest_entry_before_the_examples() -> None:
    assert [choice.entry for choice in reply("share price", unknown=0.6, cost=0.2).choices] == ["cost", "safe"]
    assert [choice.entry for choice in reply("share price", unknown=0.6, cost=0.02).choices] == ["safe"]


def test_a_clarification_offers_no_more_than_three_and_nothing_off_the_subject() -> None:
    asked = reply("which of them", safe=0.4, unknown=0.39, hands=0.38, cost=0.37)
    assert [choice.entry for choice in asked.choices] == ["safe", "hands", "cost"]


def test_danger_comes_before_any_match_and_without_booking() -> None:
    danger = reply("danger and a question", safe=0.9)
    assert (danger.kind, danger.handoff, danger.choices, danger.contacts) == (Kind.EMERGENCY, None, (), (CALL,))


def test_a_crisis_stays_one_until_the_visitor_moves_on() -> None:
    crisis = reply("I will end it")
    assert reply("I'm fine", crisis.context, unknown=0.9).kind is Kind.CRISIS
    assert reply("what does it cost", crisis.context, cost=0.9).kind is Kind.NOT_COVERED


def test_the_safety_net_stands_beside_the_answer() -> None:
    assert (reply("sad, is it safe", safe=0.9).notice or "").startswith("a line")


def test_an_unknown_choice_gets_the_unknown_reply() -> None:
    dialogue = Dialogue(CONTENT, Guard(), Matcher())
    assert dialogue.choose("gone", context=Context(), visitor=Visitor()).kind is Kind.UNKNOWN
    assert dialogue.choose("cost", context=Context(), visitor=Visitor()).entry == "cost"


def test_bands_are_fitted_where_the_least_is_lost() -> None:
    """Answering at once is right here, so no lead is asked for; asking back would cost one each."""
    guard, matcher = RememberedGuard(Guard()), RememberedMatcher(Matcher(safe=0.5, hands=0.45))

    def make(bands: Bands) -> Dialogue:
        return Dialogue(replace(CONTENT, bands=bands), guard, matcher)

    right = [Case(("is it safe for us all",), Kind.ANSWER, claims=("c1",))]
    wrong = [Case(("and something else again",), Kind.NOT_COVERED)]
    assert fit(make, right, costs=Costs())[0].answer == 0.0
    assert fit(make, wrong * 20 + right * 10, costs=Costs(clarify=0.5))[0].answer > 0.05
