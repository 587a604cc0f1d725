"""The product itself on this base: the dialogue under noise, the reply path's time, the keys saved while typing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from chatbot.assistant import Voice
from chatbot.building import build_voice
from chatbot.cli.pairs import summary
from chatbot.config import Settings
from chatbot.dialogue import Visitor
from chatbot.evaluation import Case, evaluate, evaluate_pairs, fits
from chatbot.knowledge import load
from chatbot.model import ENTRY_KINDS, Context, Entry
from chatbot.noise import NOISES
from chatbot.safety import Guard
from chatbot.text import tokens
from chatbot.typeahead import Suggestion

from .figures import Stopwatch, memory_mb, progress, share
from .trials import ROOT, cases, spread

STEPS = ("gate", "match", "reply")
_DRAWS = 5
_OFFERED = 5
_WARM_UP = "good morning to you"


def voice() -> Voice:
    """The product's parts on this base, compiled as `make run` does."""
    settings = Settings(instance_dir=ROOT / "instance", knowledge_dir=ROOT / "knowledge")
    return build_voice(load(settings.knowledge_dir).languages["en"], settings)


# -- right replies ---------------------------------------------------------------------------------


def dialogue(questions: Sequence[Path], *, most: int | None) -> dict[str, Any]:
    """Right replies on all rows as they are written, and on the clean ones beside themselves with noise."""
    speaking = voice()
    known = frozenset(tokens(text) for texts in speaking.language.phrasings.values() for text in texts)
    told = spread(tuple(cases(questions)), most)
    report = evaluate(speaking.dialogue, told, known=known)
    clean = [case for case in told if case.style == "clean"]
    noises = {noise: _under(noise, speaking, clean, known) for noise in NOISES}
    return {
        "rows": len(report.verdicts),
        "right": report.share("right"),
        "right_or_near": report.share("right", "near"),
        "answered_anyway": report.answered_anyway,
        "noises": noises,
    }


def _under(noise: str, speaking: Voice, clean: Sequence[Case], known: frozenset[tuple[str, ...]]) -> dict[str, Any]:
    changes = [_seeded(noise, seed) for seed in range(1, _DRAWS + 1)]
    return summary(evaluate_pairs(speaking.dialogue, clean, changes, known=known), draws=_DRAWS)


def _seeded(noise: str, seed: int) -> Callable[[str], str]:
    return lambda text: NOISES[noise](text, seed)


# -- time ------------------------------------------------------------------------------------------


def path(step: str, questions: Sequence[Path], *, most: int | None) -> dict[str, Any]:
    """Time of the gate alone, the match alone, or the whole reply: each message once, as written and with noise."""
    speaking = voice()
    written = spread(tuple(text for case in cases(questions) for text in case.turns), most)
    texts = list(dict.fromkeys([*written, *(spoil(text, 1) for text in written for spoil in NOISES.values())]))
    calls: dict[str, Callable[[str], object]] = {
        "gate": Guard(speaking.language.safety).assess,
        "match": speaking.matcher.match,
        "reply": partial(speaking.dialogue.reply, context=Context(), visitor=Visitor()),
    }
    calls[step](_WARM_UP)
    watch = Stopwatch()
    for text in progress(step, texts):
        watch.time(partial(calls[step], text))
    return {**watch.figures(), "memory": memory_mb(), "messages": len(texts)}


# -- keys ------------------------------------------------------------------------------------------


class Suggesting(Protocol):
    """What is needed of the typeahead."""

    def suggest(self, text: str, *, limit: int = 5) -> tuple[Suggestion, ...]: ...


def keystrokes(questions: Sequence[Path], *, most: int | None) -> dict[str, Any]:
    """The share of keys saved on the clean rows, by one who takes the right suggestion as soon as it shows."""
    speaking = voice()
    clean = spread(tuple(case for case in cases(questions) if case.style == "clean"), most)
    return saved(speaking.typeahead, speaking.language.content.entries, list(clean))


def saved(typeahead: Suggesting, entries: Mapping[str, Entry], clean: Sequence[Case]) -> dict[str, Any]:
    """Keys saved: of all rows, and of those that some entry answers; a row never suggested saves nothing.

    Choosing costs one key; with arrows, one press more for each step down to the suggestion, the first included.
    """
    watch, rows = Stopwatch(), []
    for case in progress("keystrokes", clean):
        text = case.turns[-1]
        typed, rank = _found(typeahead, entries, case, watch) or (len(text), None)
        rows.append((case, len(text), typed + (rank is not None), typed + (0 if rank is None else rank + 1)))
    answerable = [row for row in rows if row[0].expect in ENTRY_KINDS]
    return {
        "rows": len(rows),
        "saved": _saved((length, cost) for _, length, cost, _ in rows),
        "saved_with_arrows": _saved((length, cost) for _, length, _, cost in rows),
        "answerable": len(answerable),
        "answerable_saved": _saved((length, cost) for _, length, cost, _ in answerable),
        "answerable_saved_with_arrows": _saved((length, cost) for _, length, _, cost in answerable),
        "suggested": share(cost < length for _, length, cost, _ in answerable),
        **watch.figures(),
    }


def _found(typeahead: Suggesting, entries: Mapping[str, Entry], case: Case, watch: Stopwatch) -> tuple[int, int] | None:
    """How many keys until a right suggestion shows, and its place among those offered, from 1."""
    text = case.turns[-1]
    for typed in range(1, len(text)):
        offered = watch.time(partial(typeahead.suggest, text[:typed], limit=_OFFERED))
        for rank, suggestion in enumerate(offered, start=1):
            entry = entries[suggestion.entry]
            if fits(case, entry.kind, entry.claims[0] if entry.claims else None):
                return typed, rank
    return None


def _saved(rows: Iterable[tuple[int, int]]) -> float:
    """The share of keys not pressed; choosing never costs more than typing to the end."""
    told = list(rows)
    return 1 - sum(min(length, cost) for length, cost in told) / sum(length for length, _ in told) if told else 0.0
