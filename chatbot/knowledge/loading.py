"""From the knowledge folder to one KnowledgeBase: hides files, shapes and where each thing stands."""

import hashlib
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from ..booking import Desk, Destination, Payload
from ..matching import Vocabulary
from ..model import (
    Article,
    Bands,
    Canned,
    Claim,
    Contact,
    Content,
    Country,
    Entry,
    FollowUps,
    Kind,
    Partner,
    Review,
    Texts,
    Way,
)
from ..safety import Rules
from . import shapes
from .strict_yaml import Document, Key, Problem, read
from .style import Style

T = TypeVar("T")


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


OFF_SUBJECT = "unknown"
"""The label of phrasings that fit nothing: the only one in phrasings/ that is not an entry."""

DEFAULT_PARTNER = "default"

_PLACES = re.compile(
    r"(article|claims|safety-facts|countries|partners/[^/]+"
    r"|[^/]+/(language|style|vocabulary|thresholds|(strings|entries|phrasings|safety(/examples)?)/[^/]+))\.yaml"
)


class KnowledgeError(Exception):
    """The base cannot be served; `problems` holds every reason with its place."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(["The knowledge base has problems:", *map(str, problems)]))


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact from outside the article, for what concerns danger only."""

    id: str
    text: str
    source: str
    reviewer: str
    date: str


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


@dataclass(frozen=True, slots=True)
class KnowledgeBase:
    """Everything the service knows; `hash` names exactly this content."""

    hash: str
    article: Article
    article_runs: frozenset[str]
    facts: Mapping[str, Fact]
    countries: Mapping[str, Country]
    partners: Mapping[str, Partner]
    desks: Mapping[str, Desk]
    languages: Mapping[str, Language]


class Sources:
    """The folder's files as documents, with the problems found in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.documents: dict[str, Document] = {}
        self.problems: list[Problem] = []
        self._digest = hashlib.sha256()
        for path in sorted(folder.rglob("*.y*ml")):
            if path.parent.name != "evaluation":  # labelled messages are no part of the base
                self._add(path)
        if not self.documents:
            self.problems.append(Problem(str(folder.name), 1, 1, "holds no YAML file; set CHATBOT_KNOWLEDGE_DIR"))

    def _add(self, path: Path) -> None:
        name = path.relative_to(self.folder).as_posix()
        if not path.resolve().is_relative_to(self.folder.resolve()):
            self.problems.append(Problem(name, 1, 1, "leads out of the knowledge folder; put the file itself here"))
            return
        if not _PLACES.fullmatch(name):
            self.problems.append(Problem(name, 1, 1, "is read by nothing; knowledge/README.md says where it belongs"))
            return
        document = read(path, name=name)
        self.problems += document.problems
        self.documents[name] = document
        self._digest.update(f"{name}\0{document.digest}\n".encode())

    @property
    def hash(self) -> str:
        """Sixteen hex digits that change with any file's content."""
        return self._digest.hexdigest()[:16]

    def under(self, prefix: str) -> Iterator[Document]:
        """The documents of one folder, in the order of their names."""
        return (document for name, document in self.documents.items() if name.startswith(prefix))

    def shaped(self, document: Document | None, shape: type[T], *, item: str | None = None) -> T | None:
        """Check a document, or one item of it; None and problems noted when it does not fit."""
        if document is None:
            return None
        try:
            shaped: T = _adapter(cast(Hashable, shape)).validate_python(
                document.data if item is None else document.data[item]
            )
            return shaped
        except ValidationError as error:
            for one in error.errors():
                key = (*(() if item is None else (item,)), *one["loc"])
                self.problems.append(document.problem(key, _advice(one, key)))
            return None

    def items(self, document: Document, shape: type[T], *, named: str = r".+") -> Iterator[tuple[str, T]]:
        """Check each value of a document that maps ids to items of one shape; ids have to fit the pattern."""
        if document.problems and document.data is None:
            return
        if not isinstance(document.data, dict):
            self.problems.append(document.problem((), "has to hold `id: ...` items"))
            return
        for name in document.data:
            if not re.fullmatch(named, name):
                self.problems.append(document.problem((name,), f"the id '{name}' has to be {_in_words(f'^{named}$')}"))
            if (item := self.shaped(document, shape, item=name)) is not None:
                yield name, item

    def required(self, name: str) -> Document | None:
        """One file that has to be there."""
        if name not in self.documents:
            self.problems.append(Problem(name, 1, 1, "is missing; put it back"))
            return None
        document = self.documents[name]
        return None if document.problems and document.data is None else document


def _advice(error: Any, key: Key) -> str:
    """What is wrong and what to do, in an editor's words."""
    named = [part for part in key if part != "[key]"]
    where = f"'{named[-1]}'" if named else "the file"
    kind, context = error["type"], error.get("ctx", {})
    said = {
        "missing": f"the key {where} is missing; add it",
        "extra_forbidden": f"the key {where} is unknown here; check its spelling or remove it",
        "unexpected_keyword_argument": f"the key {where} is unknown here; check its spelling or remove it",
        "string_type": f"{where} has to be text; put quotes around it",
        "literal_error": f"{where} has to be {context.get('expected')}",
        "string_too_short": f"{where} is empty; write the text",
        "string_pattern_mismatch": f"{where} does not look right: it has to be {_in_words(context.get('pattern'))}",
    }
    return said.get(kind, f"{where}: {error['msg'].removeprefix('Value error, ')}")


def _in_words(pattern: str | None) -> str:
    return shapes.IN_WORDS.get(pattern or "", f"of the form {pattern}")


def load(folder: Path) -> KnowledgeBase:
    """Read the whole folder.

    Raises KnowledgeError with every problem of every file; a base is never half loaded.
    """
    sources = Sources(folder)
    base = assemble(sources)
    hard = tuple(sorted(problem for problem in sources.problems if not problem.warning))
    if base is None or hard:
        raise KnowledgeError(hard)
    return base


def assemble(sources: Sources) -> KnowledgeBase | None:
    """Build the base from its sources, noting problems there; None when a needed part is broken."""
    article = sources.shaped(sources.required("article.yaml"), shapes.ArticleShape)
    claims = _claims(sources)
    countries = _countries(sources)
    partners = _partners(sources, countries)
    languages = {tag: _language(sources, tag, claims) for tag in _tags(sources)}
    if DEFAULT_PARTNER not in partners:
        sources.required(f"partners/{DEFAULT_PARTNER}.yaml")
    if not article or "en" not in languages or None in languages.values():
        return None
    return KnowledgeBase(
        hash=sources.hash,
        article=Article(
            article.title, article.author, article.role, article.clinic, str(article.link) if article.link else None
        ),
        article_runs=frozenset(article.runs),
        facts=_facts(sources),
        countries=countries,
        partners=partners,
        desks=_desks(sources),
        languages={tag: language for tag, language in languages.items() if language},
    )


def _tags(sources: Sources) -> list[str]:
    sources.required("en/language.yaml")
    return sorted({name.split("/")[0] for name in sources.documents if name.endswith("/language.yaml")})


def _claims(sources: Sources) -> dict[str, Claim]:
    shaped = sources.shaped(sources.required("claims.yaml"), shapes.ClaimsShape)
    return {id: Claim(id, claim.at, claim.says) for id, claim in shaped.claims.items()} if shaped else {}


def _facts(sources: Sources) -> dict[str, Fact]:
    document = sources.required("safety-facts.yaml")
    items = sources.items(document, shapes.FactShape) if document else ()
    return {id: Fact(id, fact.text, fact.source, fact.reviewer, fact.date.isoformat()) for id, fact in items}


def _countries(sources: Sources) -> dict[str, Country]:
    document = sources.required("countries.yaml")
    items = sources.items(document, shapes.CountryShape, named=shapes.COUNTRY_CODE) if document else ()
    return {
        code: Country(code, item.name, _contacts(item.emergency), _contacts(item.crisis), item.verified_on)
        for code, item in items
    }


def _contacts(shaped: tuple[shapes.ContactShape, ...]) -> tuple[Contact, ...]:
    return tuple(Contact(contact.label, contact.number, contact.url) for contact in shaped)


def _partners(sources: Sources, countries: Mapping[str, Country]) -> dict[str, Partner]:
    partners = {}
    for document in sources.under("partners/"):
        slug = Path(document.file).stem
        shaped = sources.shaped(document, shapes.PartnerShape) if document.data is not None else None
        if shaped is None:
            continue
        if shaped.country and shaped.country not in countries:
            sources.problems.append(
                document.problem(("country",), f"'{shaped.country}' does not stand in countries.yaml; add it there")
            )
        ways = tuple(Way(way.mode, way.label, way.url, way.preset) for way in shaped.ways)
        partners[slug] = Partner(slug, shaped.name, shaped.origins, shaped.country, shaped.notice, ways, shaped.accent)
    return partners


def _desks(sources: Sources) -> dict[str, Desk]:
    """Who receives the requests of each partner that has a form."""
    desks = {}
    for document in sources.under("partners/"):
        shaped = None if document.problems else sources.shaped(document, shapes.PartnerShape)
        form = next((way for way in shaped.ways if way.mode == "form"), None) if shaped else None
        if form:
            to = (Destination(one.channel, one.target, Payload(one.payload)) for one in form.deliver)
            desks[Path(document.file).stem] = Desk(tuple(to), form.reader, form.reply_within)
    return desks


def _language(sources: Sources, tag: str, claims: Mapping[str, Claim]) -> Language | None:
    shaped = sources.shaped(sources.required(f"{tag}/language.yaml"), shapes.LanguageShape)
    thresholds = sources.shaped(sources.required(f"{tag}/thresholds.yaml"), shapes.ThresholdsShape)
    vocabulary = sources.shaped(sources.required(f"{tag}/vocabulary.yaml"), Vocabulary)
    style = sources.shaped(sources.required(f"{tag}/style.yaml"), Style)
    safety = _safety(sources, tag)
    entries = _entries(sources, tag)
    phrasings = _phrasings(sources, tag, entries)
    if not (shaped and thresholds and vocabulary and style and safety):
        return None
    content = Content(
        claims=claims,
        entries=entries,
        canned=Canned(**shaped.canned.model_dump()),
        ways={mode: label for mode, label in shaped.ways.items()},
        examples=shaped.examples,
        follow_ups=FollowUps(**shaped.follow_ups.model_dump()),
        bands=Bands(thresholds.bands.answer, thresholds.bands.clarify),
    )
    return Language(
        tag,
        shaped.name,
        shaped.direction,
        content,
        phrasings,
        _strings(sources, tag),
        {name: page for name, page in shaped.pages.items()},
        vocabulary,
        safety,
        style,
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


def _safety(sources: Sources, tag: str) -> Rules | None:
    """Rules from all files of safety/ as one: lists of the same key joined, mappings merged."""
    merged: dict[str, Any] = {}
    homes: dict[str, list[tuple[Document, int]]] = {}
    documents = [document for document in sources.under(f"{tag}/safety/") if isinstance(document.data, dict)]
    for document in documents:
        for key, value in document.data.items():
            homes.setdefault(key, []).append((document, len(merged.get(key, ()))))
            _merge(merged, key, value)
    try:
        return TypeAdapter(Rules).validate_python(merged)
    except ValidationError as error:
        for one in error.errors():
            sources.problems.append(_placed(one, homes, documents))
        return None


def _merge(merged: dict[str, Any], key: str, value: Any) -> None:
    if isinstance(value, dict):
        merged[key] = {**merged.get(key, {}), **value}
    elif isinstance(value, list):
        merged[key] = [*merged.get(key, ()), *value]
    else:
        merged[key] = value


def _placed(error: Any, homes: Mapping[str, list[tuple[Document, int]]], documents: list[Document]) -> Problem:
    """Find the file and place that one error of the merged rules came from."""
    loc: Key = tuple(error["loc"])
    for document, offset in reversed(homes.get(str(loc[0]), []) if loc else []):
        local = (loc[0], loc[1] - offset, *loc[2:]) if len(loc) > 1 and isinstance(loc[1], int) else loc
        inside = isinstance(local[1], str) and local[:2] in document.places if len(local) > 1 else True
        if inside or (isinstance(local[1], int) and local[1] >= 0):
            return document.problem(local, _advice(error, loc))
    file = documents[0] if documents else Document("safety")
    return file.problem((), _advice(error, loc))
