"""What one entry may say: each rule finds what breaks it, says where, and what to do."""

import hashlib
import re
from collections.abc import Callable, Iterator

from ..model import Entry, Kind
from .language import Language
from .loading import KnowledgeBase
from .strict_yaml import Key
from .style import occurs, reading, runs, sentences, words

LONGEST_SHARED_RUN = 6
Finding = tuple[Key, str]
_QUOTED_QUESTION = re.compile(r'"[^"]*\?"')


def findings(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[Finding]:
    """Everything that is wrong with one entry, with the key inside it."""
    for rule in _RULES:
        yield from rule(entry, base, language)


def fingerprint(run: tuple[str, ...]) -> str:
    """Eight hex digits for a run of words, so that the article's own text need not be shipped."""
    return hashlib.sha256(" ".join(run).encode()).hexdigest()[:8]


def _claims_exist(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[Finding]:
    for position, claim in enumerate(entry.claims):
        if claim not in language.content.claims:
            yield ("claims", position), f"there is no claim '{claim}'; see claims.yaml"
    if entry.kind is Kind.ANSWER and not entry.claims:
        yield ("claims",), "an answer has to cite one to four claims, the answering one first"
    if len(set(entry.claims)) < len(entry.claims):
        yield ("claims",), "cites a claim twice; remove one"


def _facts_exist(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[Finding]:
    for position, fact in enumerate(entry.facts):
        if fact not in base.facts:
            yield ("facts", position), f"there is no fact '{fact}'; see safety-facts.yaml"
    said = [phrase for phrase in language.style.fact_words if occurs(phrase, entry.answer)]
    if said and not entry.facts:
        yield ("answer",), f"'{said[0]}' is not from the article; name the fact it rests on (facts: [...])"


def _said(entry: Entry, base: KnowledgeBase, language: Language) -> str:
    """What the entry may lean on: its claims, its facts and its own questions."""
    cited = (language.content.claims[id].says for id in entry.claims if id in language.content.claims)
    facts = (base.facts[id].text for id in entry.facts if id in base.facts)
    return " ".join([*cited, *facts, *(entry.questions if entry.kind is not Kind.ANSWER else ())])


def _digits_grounded(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[Finding]:
    allowed = {word.lower() for word in words(_said(entry, base, language))}
    for word in words(entry.answer):
        if any(letter.isdigit() for letter in word) and word.lower() not in allowed:
            yield ("answer",), f"'{word}' does not stand in the cited claims; remove it or cite the claim that says it"


def _names_grounded(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[Finding]:
    allowed = {word for term in (*language.style.names, _said(entry, base, language)) for word in words(term)}
    for sentence in sentences(entry.answer):
        for word in words(sentence)[1:]:
            if word[0].isupper() and word not in allowed and not _opens_quotation(word, sentence):
                yield ("answer",), f"the name '{word}' does not stand in the cited claims; remove it or cite its claim"


def _opens_quotation(word: str, sentence: str) -> bool:
    return f'"{word}' in sentence or f'." {word}' in sentence or f": {word}" in sentence


def _outside_words(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[Finding]:
    said = _said(entry, base, language)
    for phrase in language.style.outside:
        if occurs(phrase, entry.answer) and not occurs(phrase, said):
            yield ("answer",), f"'{phrase}' comes from outside the cited claims; leave it out"


def _banned_words(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[Finding]:
    for banned in language.style.banned:
        for phrase in banned.words:
            if occurs(phrase, entry.answer):
                yield ("answer",), f"'{phrase}' is not allowed in an answer; {banned.instead}"


def _length(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[Finding]:
    style = language.style
    count = len(words(entry.answer))
    if count > style.answer_words:
        yield ("answer",), f"has {count} words, more than {style.answer_words}; say less"
    for sentence in sentences(entry.answer):
        if len(words(sentence)) > style.sentence_words:
            yield ("answer",), f"has a sentence over {style.sentence_words} words ('{sentence[:40]}...'); split it"
    if len(entry.question) > style.question_letters:
        yield ("questions", 0), f"is longer than {style.question_letters} characters; shorten the first question"


def _readability(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[Finding]:
    grade = reading(entry.answer, glossary=language.style.glossary)
    for formula, value in (("ARI", grade.ari), ("Flesch-Kincaid", grade.flesch_kincaid)):
        if value > language.style.grade:
            said = f"reads at grade {value:.1f} by {formula}, above {language.style.grade:g}"
            yield ("answer",), f"{said}; use shorter words and sentences"


def _balance(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[Finding]:
    for need in language.style.needs:
        cited = set(need.claims) & set(entry.claims)
        if (
            cited
            and need.kind in (None, entry.kind)
            and not any(occurs(phrase, entry.answer) for phrase in need.one_of)
        ):
            wanted = "' or '".join(need.one_of)
            yield ("answer",), f"cites {sorted(cited)[0]}, so it has to say '{wanted}': {need.why}"


def _explained(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[Finding]:
    for word, plain in language.style.explain.items():
        if occurs(word, entry.answer) and not any(occurs(phrase, entry.answer) for phrase in plain):
            yield ("answer",), f"'{word}' is a hard word; explain it where it first stands ('{plain[0]}')"


def _asks_one_question(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[Finding]:
    count = len(_QUOTED_QUESTION.findall(entry.answer))
    if entry.kind is Kind.NOT_COVERED and count != 1:
        yield ("answer",), f'holds {count} questions to put to a physician; give one, in quotes: "...?"'


def _turns_to_a_person(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[Finding]:
    helpers = language.style.helpers
    if entry.kind is Kind.PERSONAL and not any(occurs(helper, entry.answer) for helper in helpers):
        yield ("answer",), f"refuses without naming who can help; name one of {', '.join(helpers)}"


def _opening(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[Finding]:
    if entry.kind is not Kind.NOT_COVERED:
        return
    first = sentences(entry.answer)[0]
    if not any(occurs(phrase, first) for phrase in language.style.not_covered_openings):
        yield ("answer",), "the first sentence has to say that the article does not cover it"


def _own_words(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[Finding]:
    for run in runs(entry.answer, LONGEST_SHARED_RUN + 1):
        if fingerprint(run) in base.article_runs:
            yield ("answer",), f"shares '{' '.join(run)}' with the article; say it in other words"


def _review_complete(entry: Entry, base: KnowledgeBase, language: Language) -> Iterator[Finding]:
    if entry.review.status == "reviewed" and not (entry.review.by and entry.review.reviewed):
        yield ("review",), "is marked reviewed; add who reviewed it (by) and when (reviewed)"
    if entry.review.reviewed and entry.review.reviewed >= entry.review.due:
        yield ("review", "due"), "is due before it was reviewed; set a later date"


_Rule = Callable[[Entry, KnowledgeBase, Language], Iterator[Finding]]
_RULES: tuple[_Rule, ...] = (
    _claims_exist,
    _facts_exist,
    _digits_grounded,
    _names_grounded,
    _outside_words,
    _banned_words,
    _length,
    _readability,
    _balance,
    _explained,
    _opening,
    _asks_one_question,
    _turns_to_a_person,
    _own_words,
    _review_complete,
)
