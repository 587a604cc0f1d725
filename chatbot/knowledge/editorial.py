"""The editor's rules: every check of the texts that a program can make, each saying what to do."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from statistics import median
from typing import Any

from ..model import Kind
from ..text import tokens
from .entry_rules import findings
from .language import Language
from .loading import KnowledgeBase
from .sources import Sources
from .strict_yaml import Key, Problem
from .style import reading

NUMBERS_HOLD = timedelta(days=365)
HEADING = "questions.topic."
"""What the heading of a topic is called in strings/, before the topic's own name."""


def review(base: KnowledgeBase, sources: Sources, *, today: date) -> Iterator[Problem]:
    """Every editorial problem and warning of the base, in no order."""
    for tag, language in base.languages.items():
        yield from _entry_problems(base, language, sources)
        yield from _phrasing_problems(language, sources)
        yield from _coverage_problems(base, language, sources)
        yield from _link_problems(language, sources)
        yield from _grade_problems(language, sources)
        yield from _card_problems(base, language, sources)
        yield from _date_problems(language, sources, today)
        yield from _parity_problems(base, tag, sources)
    yield from _country_problems(base, sources, today)


def places(sources: Sources, tag: str) -> dict[str, str]:
    """The file that each entry stands in, by id."""
    return {
        id: document.file
        for document in sources.under(f"{tag}/entries/")
        if isinstance(document.data, dict)
        for id in document.data
    }


def _entry_problems(base: KnowledgeBase, language: Language, sources: Sources) -> Iterator[Problem]:
    files = places(sources, language.tag)
    for entry in language.content.entries.values():
        for key, message in findings(entry, base, language):
            yield sources.documents[files[entry.id]].problem((entry.id, *key), message)


def _phrasing_problems(language: Language, sources: Sources) -> Iterator[Problem]:
    yield from _duplicates(language, sources)
    files = places(sources, language.tag)
    for entry in language.content.entries.values():
        wanted = language.style.answer_phrasings if entry.kind is Kind.ANSWER else language.style.other_phrasings
        count = len(language.phrasings[entry.id])
        if count < wanted:
            message = (
                f"has {count} phrasings, fewer than {wanted}; add some to {language.tag}/phrasings/{entry.topic}.yaml"
            )
            yield sources.documents[files[entry.id]].problem((entry.id,), message, warning=True)


def _duplicates(language: Language, sources: Sources) -> Iterator[Problem]:
    seen: dict[tuple[str, ...], str] = {}
    for file, id, key, text in _all_phrasings(language, sources):
        words_of = tokens(text)
        if not words_of:
            yield sources.documents[file].problem(key, f"'{text}' has no word in it; remove it")
        elif words_of in seen:
            other = seen[words_of]
            twice = "twice" if other == id else f"under '{other}' too"
            yield sources.documents[file].problem(key, f"'{text}' stands {twice}; keep it where it is answered best")
        seen.setdefault(words_of, id)


def _all_phrasings(language: Language, sources: Sources) -> Iterator[tuple[str, str, Key, str]]:
    """Each phrasing with its file, its entry and its place."""
    for document in sources.under(f"{language.tag}/entries/"):
        for id, item in _well_formed(document.data, dict):
            listed = enumerate(item.get("questions") or ())
            yield from ((document.file, id, (id, "questions", place), str(text)) for place, text in listed)
    for document in sources.under(f"{language.tag}/phrasings/"):
        for id, item in _well_formed(document.data, list):
            yield from ((document.file, id, (id, place), str(text)) for place, text in enumerate(item))


def _well_formed(data: Any, shape: type) -> Iterator[tuple[str, Any]]:
    """The items that have the right shape; the others are reported where the base is loaded."""
    items = data.items() if isinstance(data, dict) else ()
    return ((id, item) for id, item in items if isinstance(item, shape))


def _coverage_problems(base: KnowledgeBase, language: Language, sources: Sources) -> Iterator[Problem]:
    cited = {
        claim for entry in language.content.entries.values() if entry.kind is Kind.ANSWER for claim in entry.claims
    }
    for claim in language.content.claims:
        if claim not in cited:
            yield sources.documents["claims.yaml"].problem(
                ("claims", claim), f"no answer in {language.tag}/ cites '{claim}'; write an entry for it"
            )


def _link_problems(language: Language, sources: Sources) -> Iterator[Problem]:
    entries, files = language.content.entries, places(sources, language.tag)
    for entry in entries.values():
        document = sources.documents[files[entry.id]]
        if not entry.see_also:
            yield document.problem((entry.id,), "leads nowhere; name two or three follow-ups (see_also)")
        for position, other in enumerate(entry.see_also):
            if other not in entries or other == entry.id:
                message = f"'{other}' is not another entry; correct the id"
                yield document.problem((entry.id, "see_also", position), message)
            elif other in entry.see_also[:position]:
                yield document.problem((entry.id, "see_also", position), f"names '{other}' twice; remove one")
    yield from _dead_ends(language, sources, files)
    yield from _missing_headings(language, sources, files)
    for position, id in enumerate(language.content.examples):
        if id not in entries:
            document = sources.documents[f"{language.tag}/language.yaml"]
            yield document.problem(("examples", position), f"there is no entry '{id}'; correct the id")
    yield from _same_questions(language, sources, files)


def _dead_ends(language: Language, sources: Sources, files: dict[str, str]) -> Iterator[Problem]:
    """Entries from which no chain of follow-ups comes to a handoff."""
    entries = language.content.entries
    arriving = {entry.id for entry in entries.values() if entry.kind is Kind.HANDOFF}
    while more := {one.id for one in entries.values() if arriving & {*one.see_also}} - arriving:
        arriving |= more
    for id in sorted(entries.keys() - arriving) if arriving else ():
        message = "its follow-ups never come to a handoff; let one of them lead there (see_also)"
        yield sources.documents[files[id]].problem((id, "see_also"), message)


def _missing_headings(language: Language, sources: Sources, files: dict[str, str]) -> Iterator[Problem]:
    firsts = {entry.subject: entry.id for entry in reversed(list(language.content.entries.values()))}
    for subject, id in firsts.items():
        if (key := f"{HEADING}{subject}") not in language.strings:
            message = f"its topic has no heading on the page of questions; add '{key}' to {language.tag}/strings/"
            yield sources.documents[files[id]].problem((id,), message)


def _same_questions(language: Language, sources: Sources, files: dict[str, str]) -> Iterator[Problem]:
    asked: defaultdict[str, list[str]] = defaultdict(list)
    for entry in language.content.entries.values():
        asked[entry.question.casefold()].append(entry.id)
    for ids in asked.values():
        for id in ids[1:]:
            message = f"has the same first question as '{ids[0]}'; visitors could not tell them apart"
            yield sources.documents[files[id]].problem((id, "questions", 0), message)


def _grade_problems(language: Language, sources: Sources) -> Iterator[Problem]:
    most, glossary = language.style.median_grade, language.style.glossary
    grades = [reading(entry.answer, glossary=glossary) for entry in language.content.entries.values()]
    middles = {
        "ARI": median([grade.ari for grade in grades] or [0.0]),
        "Flesch-Kincaid": median([grade.flesch_kincaid for grade in grades] or [0.0]),
    }
    for formula, middle in middles.items():
        if middle > most:
            said = f"half of the answers read above grade {middle:.1f} by {formula}, above {most:g}; write plainer"
            yield sources.documents[f"{language.tag}/style.yaml"].problem(("median_grade",), said)


def _card_problems(base: KnowledgeBase, language: Language, sources: Sources) -> Iterator[Problem]:
    """Facts that a card of the safety gate names and the register does not hold."""
    for document in sources.under(f"{language.tag}/safety/"):
        cards = document.data.get("cards") if isinstance(document.data, dict) else None
        for name, card in _well_formed(cards, dict):
            for position, fact in enumerate(card.get("facts") or ()):
                if fact not in base.facts:
                    key = ("cards", name, "facts", position)
                    yield document.problem(key, f"there is no fact '{fact}'; see safety-facts.yaml")


def _country_problems(base: KnowledgeBase, sources: Sources, today: date) -> Iterator[Problem]:
    for code, country in base.countries.items():
        key, verified = (code, "verified_on"), country.verified_on
        if verified and verified > today:
            yield sources.documents["countries.yaml"].problem(key, f"{verified} is yet to come; correct the date")
        elif verified and today - verified > NUMBERS_HOLD:
            message = f"was last verified on {verified}, over a year ago; look the numbers up at their source again"
            yield sources.documents["countries.yaml"].problem(key, message, warning=True)


def _date_problems(language: Language, sources: Sources, today: date) -> Iterator[Problem]:
    files = places(sources, language.tag)
    for entry in language.content.entries.values():
        if entry.review.reviewed and entry.review.reviewed > today:
            message = f"{entry.review.reviewed} is yet to come; correct the date"
            yield sources.documents[files[entry.id]].problem((entry.id, "review", "reviewed"), message)
        if entry.review.due < today:
            message = f"was due for review on {entry.review.due}; have it read again"
            yield sources.documents[files[entry.id]].problem((entry.id, "review", "due"), message, warning=True)


def _parity_problems(base: KnowledgeBase, tag: str, sources: Sources) -> Iterator[Problem]:
    english, other = base.languages["en"].content.entries, base.languages[tag].content.entries
    document = sources.documents[f"{tag}/language.yaml"]
    for id in sorted(english.keys() - other.keys()):
        yield document.problem((), f"the entry '{id}' is missing in {tag}/; translate it")
    for id in sorted(other.keys() - english.keys()):
        yield document.problem((), f"the entry '{id}' is missing in en/; an id has to stand in every language")
    for key in sorted(base.languages["en"].strings.keys() - base.languages[tag].strings.keys()):
        yield document.problem((), f"the words '{key}' are missing in {tag}/strings/; translate them")
