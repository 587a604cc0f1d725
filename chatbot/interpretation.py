"""From an utterance in its context to ranked entries: hides follow-ups, long stories and double questions."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from .model import Context, Entry, FollowUps, Kind, Match
from .text import normalise, tokens

CANDIDATES = 6
_LEANS = 6  # an utterance of at most so many words may lean on the one before
_STORY = 22  # from so many words on, each sentence is read for itself too
_SENTENCE = re.compile(r"[^.!?;\n]+[.!?;\n]*")
_SHORTEST_SENTENCE = 3
_WHOLE, _STATEMENT = 0.8, 0.5  # what a story as a whole, or a sentence that asks nothing, counts beside a question


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

    def __init__(self, matcher: Matcher, entries: Mapping[str, Entry], follow_ups: FollowUps, *, sure: float) -> None:
        self._matcher = matcher
        self._entries = entries
        self._follow_ups = follow_ups
        self._sure = sure

    def interpret(self, utterance: str, context: Context) -> Interpretation:
        """Find what is meant; without context the utterance stands alone."""
        said = " ".join(tokens(utterance))
        if chosen := self._taken_up(said, context):
            return Interpretation(chosen=chosen)
        matches = self._read(utterance)
        if self._unsure(matches) and (leaning := self._leaning(said, context)):
            return Interpretation(matches=leaning)
        return Interpretation(matches=matches, second=self._second(utterance, matches))

    # -- what a short answer takes up -----------------------------------------------------------------

    def _taken_up(self, said: str, context: Context) -> str | None:
        follow = self._follow_ups
        for choice, names in zip(context.choices, follow.picks, strict=False):
            if said in names:
                return choice
        if said in follow.other and context.others:
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

    def _leaning(self, said: str, context: Context) -> tuple[Match, ...] | None:
        """Matches of a short utterance read together with the question before, when they are surer."""
        before = self._entries.get(context.entry or "")
        rest = self._without_opener(said)
        if before is None or not rest or (rest == said and len(said.split()) > _LEANS):
            return None
        joined = self._matcher.match(f"{before.question} {rest}", limit=CANDIDATES)
        others = tuple(match for match in joined if match.label != before.id)
        return None if self._unsure(others) else others

    def _without_opener(self, said: str) -> str:
        openers = sorted(self._follow_ups.openers, key=len, reverse=True)
        return next((said.removeprefix(f"{opener} ") for opener in openers if said.startswith(f"{opener} ")), said)

    # -- long messages --------------------------------------------------------------------------------

    def _read(self, utterance: str) -> tuple[Match, ...]:
        """Match the whole; in a long story the sentence that asks counts most."""
        whole = self._matcher.match(utterance, limit=CANDIDATES)
        if len(tokens(utterance)) < _STORY:
            return whole
        return max([_weighed(whole, _WHOLE), *self._by_sentence(utterance)], key=_first_score)

    def _by_sentence(self, utterance: str) -> Iterator[tuple[Match, ...]]:
        sentences = _sentences(utterance)
        for before, sentence in zip(["", *sentences], sentences, strict=False):
            if "?" in sentence:
                yield self._matcher.match(sentence, limit=CANDIDATES)
                yield self._matcher.match(f"{before} {sentence}", limit=CANDIDATES)
            else:
                yield _weighed(self._matcher.match(sentence, limit=CANDIDATES), _STATEMENT)

    def _second(self, utterance: str, matches: tuple[Match, ...]) -> str | None:
        """Another question of the same message that is surely understood, if there is one."""
        asked = [sentence for sentence in _sentences(utterance) if "?" in sentence]
        if len(asked) < 2 or not matches:
            return None
        firsts = (self._matcher.match(sentence, limit=1) for sentence in asked)
        sure = (found[0].label for found in firsts if found and found[0].score >= self._sure)
        return next((label for label in sure if label != matches[0].label and label in self._entries), None)

    def _unsure(self, matches: tuple[Match, ...]) -> bool:
        return not matches or matches[0].score < self._sure


def _weighed(matches: tuple[Match, ...], weight: float) -> tuple[Match, ...]:
    return tuple(Match(match.label, match.score * weight) for match in matches)


def _sentences(utterance: str) -> list[str]:
    found = (part.strip() for part in _SENTENCE.findall(utterance))
    return [part for part in found if len(tokens(part)) >= _SHORTEST_SENTENCE]


def _first_score(matches: tuple[Match, ...]) -> float:
    return matches[0].score if matches else 0.0
