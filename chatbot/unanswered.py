"""What editors may see of questions that got no answer: groups of alike ones, never one visitor's words."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from .model import Match
from .redaction import HIDDEN

FEWEST = 5
"""So many alike are needed before any of it is shown."""

_ALIKE = 75.0
_TELLING = 2  # words that a question needs, for a group of it to say something


@dataclass(frozen=True, slots=True)
class Group:
    """Alike questions: how many, the words that they share, and the entry that comes nearest."""

    times: int
    words: str
    nearest: Match | None


def groups(texts: Iterable[str], match: Callable[[str], Sequence[Match]]) -> tuple[Group, ...]:
    """Gather redacted questions into groups of FEWEST and more, the largest first."""
    told = Counter(text for text in texts if len(_words(text)) >= _TELLING)
    gathered: dict[str, list[str]] = {}
    for text, times in sorted(told.items(), key=lambda item: (-item[1], item[0])):
        like = next((head for head in gathered if fuzz.token_sort_ratio(head, text) >= _ALIKE), text)
        gathered.setdefault(like, []).extend([text] * times)
    found = [_group(members, match) for members in gathered.values() if len(members) >= FEWEST]
    return tuple(sorted((group for group in found if group.words), key=lambda group: (-group.times, group.words)))


def _group(members: Sequence[str], match: Callable[[str], Sequence[Match]]) -> Group:
    """A group by its commonest question, less the words that fewer than FEWEST used."""
    used = Counter(word for text in members for word in set(_words(text)))
    commonest = Counter(members).most_common(1)[0][0]
    words = " ".join(word for word in _words(commonest) if used[word] >= FEWEST)
    return Group(len(members), words, next(iter(match(words)), None) if words else None)


def _words(text: str) -> list[str]:
    return [word for word in text.split() if word != HIDDEN]
