"""One language folder as a Language: entries with their phrasings, words, rules and style."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..matching import Vocabulary
from ..model import OFF_SUBJECT, Bands, Canned, Claim, Content, Entry, FollowUps, Kind, Review, Texts
from ..safety import Rules
from . import shapes
from .sources import Sources
from .style import Style


@dataclass(frozen=True, slots=True)
class Language:
    """All that one language folder holds."""

    tag: str
    name: str
    direction: str
    content: Content
    phrasings: Mapping[str, tuple[str, ...]]
    strings: Texts
    pages: Mapping[str, shapes.PageShape]
    vocabulary: Vocabulary
    safety: Rules
    style: Style


def read_language(sources: Sources, tag: str, claims: Mapping[str, Claim]) -> Language | None:
    """All of one language folder; None, and problems noted, when a needed part is broken."""
    shaped = sources.shaped(sources.required(f"{tag}/language.yaml"), shapes.LanguageShape)
    thresholds = sources.shaped(sources.required(f"{tag}/thresholds.yaml"), shapes.ThresholdsShape)
    vocabulary = sources.shaped(sources.required(f"{tag}/vocabulary.yaml"), Vocabulary)
    style = sources.shaped(sources.required(f"{tag}/style.yaml"), Style)
    safety = sources.merged(f"{tag}/safety/", Rules)
    entries = _entries(sources, tag)
    phrasings = _phrasings(sources, tag, entries)
    if not (shaped and thresholds and vocabulary and style and safety):
        return None
    return Language(
        tag=tag,
        name=shaped.name,
        direction=shaped.direction,
        content=_content(shaped, thresholds.bands, claims, entries),
        phrasings=phrasings,
        strings=_strings(sources, tag),
        pages={name: page for name, page in shaped.pages.items()},
        vocabulary=vocabulary,
        safety=safety,
        style=style,
    )


def _content(
    shaped: shapes.LanguageShape, bands: shapes.BandsShape, claims: Mapping[str, Claim], entries: Mapping[str, Entry]
) -> Content:
    return Content(
        claims=claims,
        entries=entries,
        canned=Canned(**shaped.canned.model_dump()),
        ways={mode: label for mode, label in shaped.ways.items()},
        examples=shaped.examples,
        follow_ups=FollowUps(**shaped.follow_ups.model_dump()),
        bands=Bands(bands.answer, bands.clarify),
    )


def _entries(sources: Sources, tag: str) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for document in sources.under(f"{tag}/entries/"):
        topic = Path(document.file).stem
        for id, shaped in sources.items(document, shapes.EntryShape, named=shapes.ENTRY_ID):
            if id in entries:
                sources.problems.append(document.problem((id,), f"the entry '{id}' stands in another file; remove one"))
            entries[id] = _entry(id, topic, shaped)
    return entries


def _entry(id: str, topic: str, shaped: shapes.EntryShape) -> Entry:
    return Entry(
        id=id,
        topic=topic,
        kind=Kind(shaped.kind),
        questions=shaped.questions,
        answer=shaped.answer,
        claims=shaped.claims,
        see_also=shaped.see_also,
        review=Review(shaped.review.status, shaped.review.by, shaped.review.reviewed, shaped.review.due),
        facts=shaped.facts,
    )


def _phrasings(sources: Sources, tag: str, entries: Mapping[str, Entry]) -> dict[str, tuple[str, ...]]:
    """Every entry's questions and its twin's phrasings, in one list per label."""
    phrasings = {id: list(entry.questions) for id, entry in entries.items()}
    phrasings[OFF_SUBJECT] = []
    for document in sources.under(f"{tag}/phrasings/"):
        for id, more in sources.items(document, tuple[shapes.Text, ...]):
            if id in phrasings:
                phrasings[id] += more
            else:
                sources.problems.append(
                    document.problem((id,), f"there is no entry '{id}'; write it in entries/ or correct the id")
                )
    return {id: tuple(texts) for id, texts in phrasings.items() if texts}


def _strings(sources: Sources, tag: str) -> dict[str, str]:
    strings: dict[str, str] = {}
    for document in sources.under(f"{tag}/strings/"):
        for key, text in sources.items(document, shapes.Text):
            if key in strings:
                sources.problems.append(document.problem((key,), f"the key '{key}' stands in another file; remove one"))
            strings[key] = text
    return strings
