"""What is measured on: this base and the public sets, as labelled phrasings and rows with their right labels."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, zip_longest
from pathlib import Path
from random import Random
from typing import TypeVar

from chatbot.cases import read_cases
from chatbot.evaluation import Case, fits
from chatbot.knowledge import Language, load
from chatbot.matching import Vocabulary
from chatbot.model import Entry, Kind
from chatbot.text import tokens

ROOT = Path(__file__).parents[2]
QUESTIONS = (ROOT / "knowledge" / "en" / "evaluation" / "check.yaml",)
BASE = "this base"
OFF_SUBJECT = "unknown"
"""The label of this base for what is off the subject; whoever gives it, rejects."""

_FILES = {  # name: few-shot phrasings, test rows, rows that are out of scope
    "banking77": ("banking77_train10", "banking77_test", None),
    "clinc150": ("clinc150_train10", "clinc150_test", "clinc150_oos_test"),
    "hwu64": ("hwu64_train10", "hwu64_test", None),
    "covidq": ("covidq_train3", "covidq_testA", "covidq_oos"),
    "banking77oos": ("banking77oos_train10", "banking77oos_test", "banking77oos_idoos_test"),
    "vaccinefaq": ("vaccinefaq_kb", "vaccinefaq_test", "vaccinefaq_oos"),
}
PUBLIC = tuple(_FILES)
_FULL = ("banking77_train_full", "clinc150_train_full", "hwu64_train10")
_GIVEN_UP = 50  # fruitless recombinations for each phrasing wanted

Item = TypeVar("Item")
Phrasings = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Row:
    """A message and the labels that are right for it."""

    text: str
    right: frozenset[str]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a matcher is fitted on and asked; `vocabulary` is given to ours alone, as in the product."""

    name: str
    phrasings: Phrasings
    rows: tuple[Row, ...]
    out_of_scope: tuple[str, ...] = ()
    vocabulary: Vocabulary = field(default_factory=Vocabulary)

    def thinned(self, most: int | None) -> "Trial":
        """The same with at most so many rows, taken evenly."""
        return replace(self, rows=spread(self.rows, most), out_of_scope=spread(self.out_of_scope, most))


def trial(name: str, *, public: Path | None, questions: Sequence[Path]) -> Trial:
    """The set of that name."""
    if name == BASE:
        return base_trial(load(ROOT / "knowledge").languages["en"], cases(questions))
    assert public is not None, "a public set needs a path"
    return public_trial(name, public)


def cases(questions: Iterable[Path]) -> list[Case]:
    """All labelled messages of these files."""
    return [case for path in questions for case in read_cases(path)]


# -- the public sets -------------------------------------------------------------------------------


def public_trial(name: str, folder: Path) -> Trial:
    """One public set; several right labels of a row are joined by `|` in its file."""
    train, test, out_of_scope = _FILES[name]
    rows = tuple(Row(text, frozenset(label.split("|"))) for text, label in _read(folder, test))
    told = _read(folder, train)
    known = {tokens(text) for text, _ in told}  # one set counts some of its own phrasings as out of scope
    outside = [text for text, _ in _read(folder, out_of_scope)] if out_of_scope else []
    return Trial(name, by_label(told), rows, tuple(text for text in outside if tokens(text) not in known))


def by_label(pairs: Iterable[tuple[str, str]]) -> Phrasings:
    """Texts gathered under their labels, each once."""
    gathered: dict[str, dict[str, None]] = {}
    for text, label in pairs:
        gathered.setdefault(label, {})[text] = None
    return {label: tuple(texts) for label, texts in gathered.items()}


def _read(folder: Path, name: str) -> list[tuple[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["label"]) for row in csv.DictReader(file)]


# -- this base -------------------------------------------------------------------------------------


def base_trial(language: Language, told: Iterable[Case]) -> Trial:
    """This base and the clean rows of labelled messages; rows that stand in the base word for word are left out."""
    known = {tokens(text) for texts in language.phrasings.values() for text in texts}
    clean = [case for case in told if case.style == "clean" and len(case.turns) == 1]
    unseen = [case for case in clean if tokens(case.turns[0]) not in known]
    entries = language.content.entries.values()
    rows = [Row(case.turns[0], right_entries(case, entries)) for case in unseen if case.expect is not Kind.UNKNOWN]
    outside = tuple(case.turns[0] for case in unseen if case.expect is Kind.UNKNOWN)
    return Trial(BASE, language.phrasings, tuple(row for row in rows if row.right), outside, language.vocabulary)


def right_entries(case: Case, entries: Iterable[Entry]) -> frozenset[str]:
    """The entry a row names, and any that answers with one of its claims; where it names none, all of its kind."""
    fit = [entry for entry in entries if fits(case, entry.kind, entry.claims[0] if entry.claims else None)]
    by_claim = {entry.id for entry in fit if entry.kind is Kind.ANSWER and case.claims}
    return frozenset({case.entry} | by_claim if case.entry else {entry.id for entry in fit})


# -- many phrasings --------------------------------------------------------------------------------


def full_phrasings(public: Path | None) -> Phrasings:
    """As many labelled phrasings as there are: the full training files, or this base."""
    if public is None:
        return load(ROOT / "knowledge").languages["en"].phrasings
    return by_label(
        (text, f"{name}: {label}") for name in _FULL for text, label in _read(public, name)
    )  # labels of two sets may share a name


def grown(phrasings: Phrasings, size: int, *, seed: int = 7) -> Phrasings:
    """So many phrasings, drawn evenly over the labels; where they run out, recombined from halves of a label's own."""
    chance = Random(seed)
    shuffled = [[(text, label) for text in chance.sample(texts, len(texts))] for label, texts in phrasings.items()]
    drawn = [pair for pair in chain.from_iterable(zip_longest(*shuffled)) if pair][:size]
    made = dict.fromkeys(drawn)
    labels = list(phrasings)
    for attempt in range(_GIVEN_UP * size):
        if len(made) >= size:
            break
        label = labels[attempt % len(labels)]
        made[recombined(chance.choice(phrasings[label]), chance.choice(phrasings[label]), chance), label] = None
    return by_label(made)


def recombined(first: str, second: str, chance: Random) -> str:
    """The beginning of one text and the end of another."""
    before, after = first.split(), second.split()
    head, tail = before[: chance.randint(1, len(before))], after[chance.randint(0, len(after) - 1) :]
    return " ".join([*head, *tail])


def spread(items: tuple[Item, ...], most: int | None) -> tuple[Item, ...]:
    """At most so many of them, taken evenly from first to last."""
    if most is None or len(items) <= most:
        return items
    return tuple(items[place * len(items) // most] for place in range(most))
