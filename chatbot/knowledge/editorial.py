"""The editor's rules: every check of the texts that a program can make, each saying what to do."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from ..model import Entry, Kind
from ..text import tokens
from .loading import KnowledgeBase, Language, Sources
from .strict_yaml import Key, Problem
from .style import occurs, reading, runs, sentences, words

LONGEST_SHARED_RUN = 6
_Finding = tuple[Key, str]


def review(base: KnowledgeBase, sources: Sources, *, today: date) -> Iterator[Problem]:
    """Every editorial problem and warning of the base, in no order."""
    for tag, language in base.languages.items():
        yield from _entry_problems(base, language, sources)
        yield from _phrasing_problems(language, sources)
        yield from _coverage_problems(base, language, sources)
        yield from _link_problems(language, sources)
        yield from _due_warnings(language, sources, today)
        yield from _parity_problems(base, tag, sources)


def places(sources: Sources, tag: str) -> dict[str, str]:
    """The file that each entry stands in, by id."""
    return {
        id: document.file
        for document in sources.under(f"{tag}/entries/")
        if isinstance(document.data, dict)
        for id in document.data
    }


# -- one entry ---------------------------------------------------------------------------------------


def _entry_problems(base: KnowledgeBase, language: Language, sources: Sources) -> Iterator[Problem]:
    files = places(sources, language.tag)
    for entry in language.content.entries.values():
        for rule in _RULES:
            for key, message in rule(entry, base, language):
                yield sources.documents[files[entry.id]].problem((entry.id, *key), message)


def _claims_exist(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[_Finding]:
    for position, claim in enumerate(entry.claims):
        if claim not in language.content.claims:
            yield ("claims", position), f"there is no claim '{claim}'; see claims.yaml"
    if entry.kind is Kind.ANSWER and not entry.claims:
        yield ("claims",), "an answer has to cite one to four claims, the answering one first"
    if len(set(entry.claims)) < len(entry.claims):
        yield ("claims",), "cites a claim twice; remove one"


def _said(entry: Entry, language: Language) -> str:
    """What the entry may lean on: its claims and its own questions."""
    cited = (language.content.claims[id].says for id in entry.claims if id in language.content.claims)
    return " ".join([*cited, *(entry.questions if entry.kind is not Kind.ANSWER else ())])


def _digits_grounded(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[_Finding]:
    allowed = {word.lower() for word in words(_said(entry, language))}
    for word in words(entry.answer):
        if any(letter.isdigit() for letter in word) and word.lower() not in allowed:
            yield ("answer",), f"'{word}' does not stand in the cited claims; remove it or cite the claim that says it"


def _names_grounded(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[_Finding]:
    allowed = {word for term in (*language.style.names, _said(entry, language)) for word in words(term)}
    for sentence in sentences(entry.answer):
        for word in words(sentence)[1:]:
            if word[0].isupper() and word not in allowed and not _opens_quotation(word, sentence):
                yield ("answer",), f"the name '{word}' does not stand in the cited claims; remove it or cite its claim"


def _opens_quotation(word: str, sentence: str) -> bool:
    return f'"{word}' in sentence or f'." {word}' in sentence or f": {word}" in sentence


def _outside_words(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[_Finding]:
    said = _said(entry, language)
    for phrase in language.style.outside:
        if occurs(phrase, entry.answer) and not occurs(phrase, said):
            yield ("answer",), f"'{phrase}' comes from outside the cited claims; leave it out"


def _banned_words(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[_Finding]:
    for banned in language.style.banned:
        for phrase in banned.words:
            if occurs(phrase, entry.answer):
                yield ("answer",), f"'{phrase}' is not allowed in an answer: {banned.instead}"


def _length(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[_Finding]:
    style = language.style
    count = len(words(entry.answer))
    if count > style.answer_words:
        yield ("answer",), f"has {count} words, more than {style.answer_words}; say less"
    for sentence in sentences(entry.answer):
        if len(words(sentence)) > style.sentence_words:
            yield ("answer",), f"has a sentence over {style.sentence_words} words ('{sentence[:40]}...'); split it"
    if len(entry.question) > style.question_letters:
        yield ("questions", 0), f"is longer than {style.question_letters} characters; shorten the first question"


def _readability(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[_Finding]:
    grade = reading(entry.answer, glossary=language.style.glossary)
    for formula, value in (("ARI", grade.ari), ("Flesch-Kincaid", grade.flesch_kincaid)):
        if value > language.style.grade:
            said = f"reads at grade {value:.1f} by {formula}, above {language.style.grade:g}"
            yield ("answer",), f"{said}; use shorter words and sentences"


def _balance(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[_Finding]:
    for need in language.style.needs:
        cited = set(need.claims) & set(entry.claims)
        if cited and not any(occurs(phrase, entry.answer) for phrase in need.one_of):
            wanted = "' or '".join(need.one_of)
            yield ("answer",), f"cites {sorted(cited)[0]}, so it has to say '{wanted}': {need.why}"


def _opening(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[_Finding]:
    if entry.kind is not Kind.NOT_COVERED:
        return
    first = sentences(entry.answer)[0]
    if not any(occurs(phrase, first) for phrase in language.style.not_covered_openings):
        yield ("answer",), "the first sentence has to say that the article does not cover it"


def _own_words(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[_Finding]:
    for run in runs(entry.answer, LONGEST_SHARED_RUN + 1):
        if fingerprint(run) in base.article_runs:
            yield ("answer",), f"shares '{' '.join(run)}' with the article; say it in other words"


def _review_complete(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[_Finding]:
    if entry.review.status == "reviewed" and not (entry.review.by and entry.review.reviewed):
        yield ("review",), "is marked reviewed; add who reviewed it (by) and when (reviewed)"


Rule = Callable[[Entry, KnowledgeBase, Language], Iterator[_Finding]]
_RULES: tuple[Rule, ...] = (
    _claims_exist,
    _digits_grounded,
    _names_grounded,
    _outside_words,
    _banned_words,
    _length,
    _readability,
    _balance,
    _opening,
    _own_words,
    _review_complete,
)


# -- all entries together ----------------------------------------------------------------------------


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
        for position, other in enumerate(entry.see_also):
            if other not in entries or other == entry.id:
                message = f"'{other}' is not another entry; correct the id"
                yield sources.documents[files[entry.id]].problem((entry.id, "see_also", position), message)
    for position, id in enumerate(language.content.examples):
        if id not in entries:
            document = sources.documents[f"{language.tag}/language.yaml"]
            yield document.problem(("examples", position), f"there is no entry '{id}'; correct the id")
    yield from _same_questions(language, sources, files)


def _same_questions(language: Language, sources: Sources, files: dict[str, str]) -> Iterator[Problem]:
    asked: defaultdict[str, list[str]] = defaultdict(list)
    for entry in language.content.entries.values():
        asked[entry.question.casefold()].append(entry.id)
    for ids in asked.values():
        for id in ids[1:]:
            message = f"has the same first question as '{ids[0]}'; visitors could not tell them apart"
            yield sources.documents[files[id]].problem((id, "questions", 0), message)


def _due_warnings(language: Language, sources: Sources, today: date) -> Iterator[Problem]:
    files = places(sources, language.tag)
    for entry in language.content.entries.values():
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


def fingerprint(run: tuple[str, ...]) -> str:
    """Eight hex digits for a run of words, so that the article's own text need not be shipped."""
    return hashlib.sha256(" ".join(run).encode()).hexdigest()[:8]


def longest_shared_run(text: str, article: str) -> tuple[str, ...]:
    """The longest run of words that a text shares with the article."""
    for length in range(len(words(text)), 0, -1):
        shared = set(runs(text, length)) & set(runs(article, length))
        if shared:
            return min(shared)
    return ()
