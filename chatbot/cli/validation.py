"""`validate`: what is wrong with the base, what it amounts to, and the pack for a physician."""

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import Settings
from .command import FAILED

if TYPE_CHECKING:
    from ..knowledge import KnowledgeBase, Language
    from ..model import Entry


def validate(options: argparse.Namespace, settings: Settings) -> int:
    """Check every file of the base and print all problems with their places, then its figures."""
    from ..knowledge.editorial import review
    from ..knowledge.loading import assemble
    from ..knowledge.sources import Sources

    sources = Sources(settings.knowledge_dir)
    base = assemble(sources)
    problems = sorted({*sources.problems, *(review(base, sources, today=date.today()) if base else ())})
    told = [*map(str, problems), *_labelled_messages(settings.knowledge_dir)]
    warnings = sum(problem.warning for problem in problems)
    print(*told, sep="\n", end="\n" if told else "")
    if base and options.review:
        print("\n".join(_pack(base)))
    elif base:
        _print_figures(base, options.article)
    print(f"{len(told) - warnings} problems, {warnings} warnings", file=sys.stderr)
    if base is None:
        print("Some texts could not be checked until these are mended.", file=sys.stderr)
    return FAILED if len(told) > warnings else 0


def _labelled_messages(folder: Path) -> Iterator[str]:
    """What is wrong with the files that only measure."""
    from ..cases import CasesError, read_cases

    for path in sorted(folder.glob("*/evaluation/*.yaml")):
        try:
            read_cases(path)
        except CasesError as error:
            yield str(error).replace(f"{folder}/", "")


# -- figures -----------------------------------------------------------------------------------------


def _print_figures(base: "KnowledgeBase", article: Path | None) -> None:
    from ..knowledge.figures import figures

    for tag, language in base.languages.items():
        print(f"\n{language.name} ({tag})")
        print("\n".join(f"  {name:22} {value}" for name, value in figures(base, language)))
    if article:
        _print_article(base, article)


def _print_article(base: "KnowledgeBase", path: Path) -> None:
    """Tell whether article.yaml fits the article, and what has to stand there when it does not."""
    from ..knowledge.entry_rules import fingerprint
    from ..knowledge.figures import SHARED_LENGTHS
    from ..knowledge.style import runs

    article = path.read_text(encoding="utf-8")
    prints = {fingerprint(run) for length in SHARED_LENGTHS for run in runs(article, length)}
    if prints == base.article_runs:
        print("  article.yaml           holds this article's fingerprints")
    else:
        print("  article.yaml           needs these runs:")
        print(json.dumps(sorted(prints)))


# -- the pack for a physician ------------------------------------------------------------------------


_HEAD = """# Review pack

Knowledge base {hash}, printed {today}. {count} answers. For each: does it say no more than the claims and facts
under it? Sign what you would stand behind; strike out and write beside it what you would not. Then an editor sets
`status: reviewed`, `by` and `reviewed` in the entry named.
"""


def _pack(base: "KnowledgeBase") -> Iterator[str]:
    """Every answer beside what it rests on, to be read and signed."""
    language = base.languages["en"]
    entries = language.content.entries.values()
    yield _HEAD.format(hash=base.hash, today=date.today(), count=len(entries))
    for topic in dict.fromkeys(entry.topic for entry in entries):
        yield f"# {topic}\n"
        for entry in entries:
            if entry.topic == topic:
                yield from _sheet(entry, base, language)


def _sheet(entry: "Entry", base: "KnowledgeBase", language: "Language") -> Iterator[str]:
    claims = [language.content.claims[id] for id in entry.claims]
    facts = [base.facts[id] for id in entry.facts if id in base.facts]
    yield f"## {entry.question}\n\n`{entry.id}` ({entry.kind}, {entry.review.status}, due {entry.review.due})\n"
    yield "\n".join(f"> {line}".rstrip() for line in entry.answer.strip().split("\n"))
    yield ""
    yield from (f"- claim {claim.id} ({claim.at}): {claim.says}" for claim in claims)
    yield from (f"- fact {fact.id}: {fact.text} Source: {fact.source}" for fact in facts)
    if not claims and not facts:
        yield "- rests on nothing: it may only say what the article leaves out, or what this service is"
    yield "\nSays no more than that: yes / no   Name: ________________   Signed: ____________   Date: ________\n"
