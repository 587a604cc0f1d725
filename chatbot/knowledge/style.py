"""How texts have to be written, and how hard they are to read."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')]*\s+|\n\s*\n|\n(?=- )")
_VOWELS = re.compile(r"[aeiouy]+")
_PLAIN_WORD = "plain"
UNKNOWN_KEYS_ARE_MISTAKES = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Banned:
    """Words that no answer may hold, and what an editor can write instead."""

    __pydantic_config__ = UNKNOWN_KEYS_ARE_MISTAKES

    words: tuple[str, ...]
    instead: str


@dataclass(frozen=True, slots=True)
class Need:
    """Citing one of these claims calls for one of these phrases in the answer, in entries of that kind or in all."""

    __pydantic_config__ = UNKNOWN_KEYS_ARE_MISTAKES

    claims: tuple[str, ...]
    one_of: tuple[str, ...]
    why: str
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Style:
    """The editor's rules of one language, from style.yaml."""

    __pydantic_config__ = UNKNOWN_KEYS_ARE_MISTAKES

    banned: tuple[Banned, ...]
    outside: tuple[str, ...]
    names: tuple[str, ...]
    fact_words: tuple[str, ...]
    helpers: tuple[str, ...]
    glossary: tuple[str, ...]
    explain: Mapping[str, tuple[str, ...]]
    needs: tuple[Need, ...]
    not_covered_openings: tuple[str, ...]
    answer_words: int
    sentence_words: int
    grade: float
    median_grade: float
    question_letters: int
    answer_phrasings: int
    other_phrasings: int


@dataclass(frozen=True, slots=True)
class Reading:
    """The US school grade a text asks for, by two formulas."""

    ari: float
    flesch_kincaid: float


def words(text: str) -> list[str]:
    """The words of a text as a reader counts them."""
    return _WORD.findall(text)


def sentences(text: str) -> list[str]:
    """The sentences of a text; a paragraph or list item ends one too."""
    return [part.strip() for part in _SENTENCE_END.split(text) if _WORD.search(part)]


def occurs(phrase: str, text: str) -> bool:
    """Tell whether a phrase stands in a text as whole words, whatever the case."""
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text, re.IGNORECASE) is not None


def reading(text: str, *, glossary: tuple[str, ...] = ()) -> Reading:
    """Grade a text; each glossary term counts as one plain word.

    Automated Readability Index (Smith and Senter 1967) and Flesch-Kincaid grade (Kincaid 1975).
    """
    plain = _with_plain_terms(text, glossary)
    found, parts = words(plain), sentences(plain)
    if not found:
        return Reading(0.0, 0.0)
    letters = sum(len(word) for word in found)
    per_sentence = len(found) / len(parts)
    spoken = sum(syllables(word) for word in found) / len(found)
    return Reading(
        ari=4.71 * letters / len(found) + 0.5 * per_sentence - 21.43,
        flesch_kincaid=0.39 * per_sentence + 11.8 * spoken - 15.59,
    )


def _with_plain_terms(text: str, glossary: tuple[str, ...]) -> str:
    for term in sorted(glossary, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(term)}(?!\w)", _PLAIN_WORD, text, flags=re.IGNORECASE)
    return text


def syllables(word: str) -> int:
    """Count the syllables of an English word by its vowel groups."""
    lower = word.lower()
    count = len(_VOWELS.findall(lower))
    if lower.endswith("e") and not lower.endswith(("le", "ee", "ye")) and count > 1:
        count -= 1
    if lower.endswith("ed") and not lower.endswith(("ted", "ded")) and count > 1:
        count -= 1
    return max(count, 1)


def runs(text: str, length: int) -> Iterator[tuple[str, ...]]:
    """Every run of so many lower-case words in a row."""
    found = [word.lower() for word in words(text)]
    return (tuple(found[start : start + length]) for start in range(len(found) - length + 1))
