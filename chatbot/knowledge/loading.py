"""From the knowledge folder to one KnowledgeBase, whole or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..booking import Desk
from ..model import Article, Claim, Contact, Country, Partner
from . import shapes
from .language import Language, read_language
from .partners import read_partners
from .sources import Sources
from .strict_yaml import Problem


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
    partners, desks = read_partners(sources, countries)
    languages = {tag: read_language(sources, tag, claims) for tag in _tags(sources)}
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
        desks=desks,
        languages={tag: language for tag, language in languages.items() if language},
    )


def _tags(sources: Sources) -> list[str]:
    sources.required("en/language.yaml")
    return sorted({name.split("/")[0] for name in sources.documents if name.endswith("/language.yaml")})


def _claims(sources: Sources) -> dict[str, Claim]:
    shaped = sources.shaped(sources.required("claims.yaml"), shapes.ClaimsShape)
    return {id: Claim(id, claim.at, claim.says) for id, claim in shaped.claims.items()} if shaped else {}


def _facts(sources: Sources) -> dict[str, Fact]:
    items = sources.items(sources.required("safety-facts.yaml"), shapes.FactShape)
    return {id: Fact(id, fact.text, fact.source, fact.reviewer, fact.date.isoformat()) for id, fact in items}


def _countries(sources: Sources) -> dict[str, Country]:
    items = sources.items(sources.required("countries.yaml"), shapes.CountryShape, named=shapes.COUNTRY_CODE)
    return {
        code: Country(code, item.name, _contacts(item.emergency), _contacts(item.crisis), item.verified_on)
        for code, item in items
    }


def _contacts(shaped: tuple[shapes.ContactShape, ...]) -> tuple[Contact, ...]:
    return tuple(Contact(contact.label, contact.number, contact.url) for contact in shaped)
