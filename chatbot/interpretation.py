"""From an utterance in its context to ranked entries: hides follow-ups, long stories and double questions."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from .model import Context, Entry, FollowUps, Kind, Match
from .text import normalise, tokens

CANDIDATES = 4
_LEANS = 5  # an utterance of at most so many words may lean on the one before ...
_STANDS = 0.8  # ... unless it is as sure as this by itself
_NOISE = 0.05  # below, an utterance says nothing that could lean
_OPENED, _SHORT = 0.8, 1.0  # what the reading together with the question before counts, beside the one alone
_AGAIN = 0.5  # the entry before is seldom meant again
_FOLLOWS = 0.05  # its own follow-ups are meant more often
_STORY = 14  # from so many words on, the sentence that asks is read for itself too
_SENTENCE = re.compile(r"[^.!?;\n]+[.!?;\n]*")
_SHORTEST_SENTENCE = 3
_RUN_ON, _TAIL = 25, 10  # of so many words without a mark, the last ones count as the sentence that asks
_SURE = 0.4  # a second question is offered from this score on
_WHOLE, _STATEMENT = 1.5, 0.5  # what a story as a whole, or a sentence that asks nothing, counts beside a question ...
_BEFORE = 0.8  # ... and a question read with the sentence before it
_CORRECTED = (Kind.ANSWER, Kind.NOT_COVERED, Kind.PERSONAL, Kind.CLARIFY)
"""Replies after which "no" may mean: not this one. After an offer to book or small talk it only declines."""


class Matcher(Protocol):
    """What interpretation needs of the matcher: labels best first."""

    def match(self, text: str, limit: int = 3) -> tuple[Match, ...]: ...


@dataclass(frozen=True, slots=True)
class Interpretation:
    """What an utterance may mean: `chosen` exactly, or else `matches` best first; `second` was asked too."""

    chosen: str | None = None
    matches: tuple[Match, ...] = ()
    second: str | None = None


class Interpreter:
    """Reads utterances with what was said before in mind."""

    def __init__(self, matcher: Matcher, entries: Mapping[str, Entry], follow_ups: FollowUps) -> None:
        self._matcher = matcher
        self._entries = entries
        self._follow_ups = follow_ups

    def interpret(self, utterance: str, context: Context) -> Interpretation:
        """Find what is meant; without context the utterance stands alone."""
        said = " ".join(tokens(utterance))
        if chosen := self._taken_up(said, context):
            return Interpretation(chosen=chosen)
        alone = self._read(utterance)
        matches = self._leaning(said, context, alone) or alone
        return Interpretation(matches=matches, second=self._second(utterance, matches))

    # -- what a short answer takes up -----------------------------------------------------------------

    def _taken_up(self, said: str, context: Context) -> str | None:
        follow = self._follow_ups
        for choice, names in zip(context.choices, follow.picks, strict=False):
            if said in names:
                return choice
        if said in follow.other and context.others and context.kind in _CORRECTED:
            return context.others[0]
        if said in follow.more and context.entry:
            return self._next(context.entry, said)
        if said in follow.accept and context.kind not in (None, Kind.CLARIFY, Kind.UNKNOWN):
            return follow.accepts
        return None

    def _next(self, entry: str, said: str) -> str | None:
        """The follow-up that asks the same word (why, how), or else the first one."""
        known = self._entries.get(entry)
        if known is None or not known.see_also:
            return None
        asking = said.split()[0]
        same = (id for id in known.see_also if normalise(self._entries[id].question).startswith(asking))
        return next(same, known.see_also[0])

    # -- what leans on the entry before ---------------------------------------------------------------

    def _leaning(self, said: str, context: Context, alone: tuple[Match, ...]) -> tuple[Match, ...]:
        """Matches of a short utterance, alone and together with the question before; empty where it stands alone."""
        before = self._entries.get(context.entry or "")
        rest = self._without_opener(said)
        opened = rest != said
        if before is None or not (opened or len(said.split()) <= _LEANS):
            return ()
        if not _NOISE <= _first_score(alone) < _STANDS:
            return ()
        scores = defaultdict(float, {match.label: match.score for match in alone})
        for match in self._matcher.match(f"{before.question} {rest}", limit=CANDIDATES):
            again = _AGAIN if match.label == before.id else 1.0
            scores[match.label] += match.score * again * (_OPENED if opened else _SHORT)
        for label in scores.keys() & set(before.see_also):
            scores[label] += _FOLLOWS
        return tuple(Match(label, min(score, 1.0)) for label, score in _surest(scores))

    def _without_opener(self, said: str) -> str:
        openers = sorted(self._follow_ups.openers, key=len, reverse=True)
        return next((said.removeprefix(f"{opener} ") for opener in openers if said.startswith(f"{opener} ")), said)

    # -- long messages --------------------------------------------------------------------------------

    def _read(self, utterance: str) -> tuple[Match, ...]:
        """Match the whole; in a story the sentence that asks speaks too."""
        whole = self._matcher.match(utterance, limit=CANDIDATES)
        told = _sentences(utterance)
        if len(told) < 2 or len(tokens(utterance)) < _STORY:
            return whole
        scores = defaultdict(float, {match.label: _WHOLE * match.score for match in whole})
        for label, score in self._asked(*_loudest(told)).items():
            scores[label] += score
        return tuple(Match(label, score / (_WHOLE + 1)) for label, score in _surest(scores))

    def _asked(self, before: str, sentence: str) -> dict[str, float]:
        """What the sentence says by itself; if it asks, it is also read with the one before."""
        alone = self._matcher.match(sentence, limit=CANDIDATES)
        if "?" not in sentence:
            return {match.label: _STATEMENT * match.score for match in alone}
        scores = defaultdict(float, {match.label: match.score for match in alone})
        for match in self._matcher.match(f"{before} {sentence}", limit=CANDIDATES) if before else ():
            scores[match.label] += _BEFORE * match.score
        return {label: min(score, 1.0) for label, score in scores.items()}

    def _second(self, utterance: str, matches: tuple[Match, ...]) -> str | None:
        """Another question of the same message that is surely understood, if there is one."""
        asked = [sentence for sentence in _sentences(utterance) if "?" in sentence]
        if len(asked) < 2 or not matches:
            return None
        firsts = (self._matcher.match(sentence, limit=1) for sentence in asked)
        sure = (found[0].label for found in firsts if found and found[0].score >= _SURE)
        return next((label for label in sure if label != matches[0].label and label in self._entries), None)


def _sentences(utterance: str) -> list[str]:
    """The sentences; of a long run without marks, as dictated, the last words are one, for there it asks."""
    found = (part.strip() for part in _SENTENCE.findall(utterance))
    told = [part for part in found if len(tokens(part)) >= _SHORTEST_SENTENCE]
    if len(told) == 1 and len(words := told[0].split()) >= _RUN_ON:
        return [" ".join(words[:-_TAIL]), " ".join(words[-_TAIL:])]
    return told


def _loudest(told: list[str]) -> tuple[str, str]:
    """The last sentence that asks, or else the last one, after the sentence before it."""
    place = max((at for at, sentence in enumerate(told) if "?" in sentence), default=len(told) - 1)
    return (told[place - 1] if place else ""), told[place]


def _surest(scores: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(scores.items(), key=lambda labelled: (-labelled[1], labelled[0]))[:CANDIDATES]


def _first_score(matches: tuple[Match, ...]) -> float:
    return matches[0].score if matches else 0.0
