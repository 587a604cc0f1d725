"""What the base amounts to, in figures that an editor can watch."""

from collections import Counter
from collections.abc import Iterator
from statistics import median

from ..model import Entry, Kind
from .entry_rules import LONGEST_SHARED_RUN, fingerprint
from .language import Language
from .loading import KnowledgeBase
from .style import reading, runs, words

SHARED_LENGTHS = (7, 6, 5, 4)
"""Runs of so many words have their fingerprints in article.yaml; shorter ones are everybody's."""


def figures(base: KnowledgeBase, language: Language) -> Iterator[tuple[str, str]]:
    """Name and value of each figure, in the order to be read."""
    entries = list(language.content.entries.values())
    if not entries:
        return
    yield "entries", _by_kind(entries)
    yield "phrasings", _phrasings(entries, language)
    yield "claims", _claims(entries, language)
    for formula in ("ari", "flesch_kincaid"):
        yield _FORMULAS[formula], _grades(entries, language, formula)
    yield "length", _lengths(entries)
    yield "own words", _own_words(entries, base)
    yield "review", _review(entries)
    yield "safety facts", _facts(base)
    yield "numbers", _numbers(base)


_FORMULAS = {"ari": "grade, ARI", "flesch_kincaid": "grade, Flesch-Kincaid"}


def _by_kind(entries: list[Entry]) -> str:
    kinds = Counter(str(entry.kind) for entry in entries)
    return f"{len(entries)}: " + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())


def _phrasings(entries: list[Entry], language: Language) -> str:
    def least(answers: bool) -> str:
        counts = [(len(language.phrasings[one.id]), one.id) for one in entries if (one.kind is Kind.ANSWER) == answers]
        return "{} ({})".format(*min(counts)) if counts else "none"

    total = sum(map(len, language.phrasings.values()))
    return f"{total:,}; the fewest for an answer {least(True)}, for any other {least(False)}"


def _claims(entries: list[Entry], language: Language) -> str:
    cited = {claim for entry in entries if entry.kind is Kind.ANSWER for claim in entry.claims}
    known = language.content.claims.keys()
    return f"{len(cited & known)} of {len(known)} cited by an answer"


def _grades(entries: list[Entry], language: Language, formula: str) -> str:
    glossary = language.style.glossary
    grades = [(float(getattr(reading(entry.answer, glossary=glossary), formula)), entry.id) for entry in entries]
    highest, id = max(grades)
    return f"median {median(grade for grade, _ in grades):.1f}, highest {highest:.1f} ({id})"


def _lengths(entries: list[Entry]) -> str:
    lengths = [(len(words(entry.answer)), entry.id) for entry in entries]
    longest, id = max(lengths)
    return f"median {median(length for length, _ in lengths):.0f} words, longest {longest} ({id})"


def _own_words(entries: list[Entry], base: KnowledgeBase) -> str:
    if not base.article_runs:
        return "not checked: article.yaml holds no fingerprints"
    found = max(((longest_known_run(entry.answer, base.article_runs), entry.id) for entry in entries), key=_length)
    (run, id), most = found, LONGEST_SHARED_RUN
    said = f'{len(run)} words ("{" ".join(run)}"; {id})' if run else f"under {SHARED_LENGTHS[-1]} words"
    return f"longest run shared with the article {said}; {most} is the most"


def _length(found: tuple[tuple[str, ...], str]) -> int:
    return len(found[0])


def longest_known_run(text: str, prints: frozenset[str]) -> tuple[str, ...]:
    """The longest run of words in a text whose fingerprint is known; empty when none is."""
    shared = (run for length in SHARED_LENGTHS for run in runs(text, length) if fingerprint(run) in prints)
    return next(shared, ())


def _review(entries: list[Entry]) -> str:
    drafts = sum(entry.review.status == "draft" for entry in entries)
    return f"{drafts} of {len(entries)} await a physician; the first is due {min(one.review.due for one in entries)}"


def _facts(base: KnowledgeBase) -> str:
    unsigned = sum(not fact.reviewer for fact in base.facts.values())
    return f"{len(base.facts)}, {unsigned} of them without a reviewer"


def _numbers(base: KnowledgeBase) -> str:
    dates = [country.verified_on for country in base.countries.values() if country.verified_on]
    with_line = sum(bool(country.crisis) for country in base.countries.values())
    oldest = f", read at their sources {min(dates)} or later" if dates else ""
    return f"{len(base.countries)} countries, {with_line} with a crisis line{oldest}"
