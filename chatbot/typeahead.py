"""Suggesting whole questions while a visitor types: each key saved counts."""

from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from .model import Entry
from .text import normalise, tokens

_ENOUGH = 70
_SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An entry offered while typing."""

    entry: str
    question: str


class Typeahead:
    """Suggests entries by their questions; nothing of what is typed is kept."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries
        self._questions = {entry.id: normalise(entry.question) for entry in entries.values()}

    def suggest(self, text: str, *, limit: int = 5) -> tuple[Suggestion, ...]:
        """The entries whose question holds what was typed so far, closest first."""
        typed = normalise(text)[:200]
        if len(typed) < _SHORTEST:
            return ()
        found = process.extract(typed, self._questions, scorer=fuzz.partial_ratio, score_cutoff=_ENOUGH, limit=None)
        ranked = sorted(found, key=lambda hit: (-_starts(typed, hit[0]), -hit[1], len(hit[0])))
        return tuple(Suggestion(id, self._entries[id].question) for _, _, id in ranked[:limit])


def _starts(typed: str, question: str) -> int:
    """How many typed words begin a word of the question."""
    words = tokens(question)
    return sum(any(word.startswith(start) for word in words) for start in tokens(typed))
