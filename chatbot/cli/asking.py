"""`ask`: one reply with its reasons, as an editor reads them or as JSON."""

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..text import tokens

if TYPE_CHECKING:
    from ..dialogue import Dialogue
    from ..matching import Matcher
    from ..model import Content, Entry, Match, Reply

_WIDTH = 96
_LEAST = 0.01
_MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why the last turn got its reply; `words` says how far the best score falls without each word."""

    read_as: tuple[str, ...]
    matches: tuple["Match", ...]
    nearest: tuple[str, ...]
    words: tuple[tuple[str, float], ...]


def print_reply(
    dialogue: "Dialogue", *, matcher: "Matcher", content: "Content", turns: Sequence[str], as_json: bool
) -> None:
    """Reply to the turns and print the last reply with its reasons."""
    from ..evaluation import converse

    reply = converse(dialogue, turns)
    reasons = _reasons(matcher, turns[-1])
    if as_json:
        print(json.dumps(_summary(reply, reasons, content), ensure_ascii=False, indent=2))
    else:
        print("\n".join([*_told(turns[-1], reply, reasons, content), "", *_reply(reply)]))


def _reasons(matcher: "Matcher", question: str) -> Reasons:
    found = matcher.explain(question)
    counted = _counted(matcher, found.read_as, found.top[0].label) if found.top else ()
    return Reasons(found.read_as, found.top, found.nearest, counted)


def _counted(matcher: "Matcher", read: tuple[str, ...], label: str) -> tuple[tuple[str, float], ...]:
    """What each word adds to the label's score: the score with it less the score without it."""
    whole = _score(matcher, read, label)
    falls = [
        (word, whole - _score(matcher, read[:place] + read[place + 1 :], label)) for place, word in enumerate(read)
    ]
    telling = [(word, round(fall, 2)) for word, fall in falls if abs(fall) >= _LEAST]
    return tuple(sorted(telling, key=lambda one: -abs(one[1]))[:_MOST_WORDS])


def _score(matcher: "Matcher", words: tuple[str, ...], label: str) -> float:
    return next((match.score for match in matcher.match(" ".join(words), limit=9) if match.label == label), 0.0)


# -- for an editor -----------------------------------------------------------------------------------


def _told(question: str, reply: "Reply", reasons: Reasons, content: "Content") -> Iterator[str]:
    entries, bands = content.entries, content.bands
    yield _line("asked", question)
    if reasons.read_as != tokens(question):
        yield _line("read as", " ".join(reasons.read_as))
    yield _line("reply", _verdict(reply, entries))
    if reply.context.facets:
        yield _line("the gate", f"{', '.join(reply.context.facets)}: {', '.join(reply.context.signs)}")
        return
    if not reasons.matches:
        yield _line("score", "no word of it is known")
        return
    best, *others = reasons.matches
    yield _line("score", f"{best.score:.2f} {best.label}")
    yield _line("bands", f"understood from {bands.clarify:.2f}, answered with a lead of {bands.answer:.2f}")
    for name, match in zip(["runner-up", "then"], others, strict=False):
        yield _line(name, f"{match.score:.2f} {match.label}{_question(match.label, entries)}")
    if reply.entry and reply.entry != best.label:
        yield _line("but", "the turns before, or one sentence of it, decided; the figures here are for the whole alone")
    for name, text in zip(["nearest", "", ""], reasons.nearest, strict=False):
        yield _line(name, f'"{text}"')
    yield _line("words", ", ".join(f"{word} {fall:+.2f}" for word, fall in reasons.words) or "none alone; all together")


def _verdict(reply: "Reply", entries: Mapping[str, "Entry"]) -> str:
    if reply.entry:
        return f"{reply.kind}: {reply.entry}, {reply.question} (entries/{entries[reply.entry].topic}.yaml)"
    return str(reply.kind)


def _question(label: str, entries: Mapping[str, "Entry"]) -> str:
    return f", {entries[label].question}" if label in entries else ""


def _reply(reply: "Reply") -> Iterator[str]:
    for paragraph in reply.text.strip().split("\n"):
        yield textwrap.fill(paragraph, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    yield ""
    yield from (_line("source", f"{source.id} ({source.at})") for source in reply.sources)
    yield from (_line("next", f"{choice.question} ({choice.entry})") for choice in reply.choices)
    yield from (_line("contact", f"{contact.label} {contact.number}") for contact in reply.contacts)
    if reply.notice:
        yield _line("notice", reply.notice)


def _line(name: str, text: str) -> str:
    return textwrap.fill(f"{name:10} {text}", _WIDTH, subsequent_indent=" " * 11)


# -- for a program -----------------------------------------------------------------------------------


def _summary(reply: "Reply", reasons: Reasons, content: "Content") -> dict[str, Any]:
    bands = content.bands
    return {
        "kind": str(reply.kind),
        "entry": reply.entry,
        "text": reply.text,
        "sources": [source.id for source in reply.sources],
        "choices": [choice.entry for choice in reply.choices],
        "notice": reply.notice,
        "signs": list(reply.context.signs),
        "read_as": " ".join(reasons.read_as),
        "matches": [{"entry": match.label, "score": round(match.score, 4)} for match in reasons.matches],
        "bands": {"answer": bands.answer, "clarify": bands.clarify},
        "nearest": list(reasons.nearest),
        "words": dict(reasons.words),
    }
