"""The commands that measure on labelled messages: evaluate, curve, thresholds."""

import argparse
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..config import Settings
from .command import Command, argument
from .voice import voice_of

# -- evaluate ----------------------------------------------------------------------------------------


def evaluate(options: argparse.Namespace, settings: Settings) -> int:
    """Judge labelled messages and print right, near and wrong by kind, style and entry."""
    from ..cases import read_cases
    from ..evaluation import evaluate as judge_all
    from ..text import tokens
    from .pairs import print_pairs

    voice = voice_of(settings)
    known = frozenset(tokens(text) for texts in voice.language.phrasings.values() for text in texts)
    cases = [case for path in options.files for case in read_cases(path)]
    if options.noise:
        return print_pairs(voice.dialogue, cases, known=known, options=options)
    report = judge_all(voice.dialogue, cases, known=known)
    print(json.dumps(_summary(report)) if options.json else _table(report, wrong=options.wrong))
    return 0


def _summary(report: Any) -> dict[str, Any]:
    from ..evaluation import RIGHT

    return {
        "rows": len(report.verdicts),
        "in_base": len(report.in_base),
        "in_base_right": sum(verdict.outcome == RIGHT for verdict in report.in_base),
        "right": round(report.share("right"), 4),
        "right_or_near": round(report.share("right", "near"), 4),
        "answered_anyway": round(report.answered_anyway, 4),
        "by_kind": report.tally(lambda verdict: str(verdict.case.expect)),
        "by_style": report.tally(lambda verdict: verdict.case.style),
        "confusions": report.confusions(),
    }


def _table(report: Any, *, wrong: bool) -> str:
    from ..evaluation import RIGHT

    in_base, right_there = len(report.in_base), sum(verdict.outcome == RIGHT for verdict in report.in_base)
    lines = [f"{len(report.verdicts)} rows counted"]
    if in_base:
        lines[0] += f"; {in_base} more stand word for word in the base and are not counted: {right_there} of them right"
    lines.append(
        f"right {report.share('right'):.1%}   right or one tap away {report.share('right', 'near'):.1%}"
        f"   answered anyway {report.answered_anyway:.1%}"
    )
    for title, key in (
        ("kind", lambda verdict: str(verdict.case.expect)),
        ("style", lambda verdict: verdict.case.style),
        ("entry", lambda verdict: verdict.case.entry or "".join(verdict.case.claims[:1]) or str(verdict.case.expect)),
    ):
        lines += _section(title, report.tally(key))
    lines += ["", "worst confused (times, wanted -> got, one of them)"]
    lines += [f"  {times:3}  {wanted} -> {got}: {example}" for wanted, got, times, example in report.confusions()]
    if wrong:
        lines += ["", "wrong and near rows", *map(_missed, report.missed)]
    return "\n".join(lines)


def _missed(verdict: Any) -> str:
    wanted, reply = verdict.case.entry or verdict.case.expect, verdict.reply
    offered = ", ".join(choice.entry for choice in reply.choices) if reply.kind == "clarify" else reply.entry or ""
    return f"  {verdict.outcome:5}  {wanted} -> {reply.kind} {offered}: {verdict.case.turns[-1]}"


def _section(title: str, tally: Mapping[str, Counter[str]]) -> list[str]:
    lines = ["", f"{'by ' + title:30} {'rows':>5} {'right':>6} {'near':>5} {'wrong':>6}  right"]
    for name, counts in sorted(tally.items()):
        rows = counts.total()
        right, near, wrong = counts["right"], counts["near"], counts["wrong"]
        lines.append(f"{name:30} {rows:5} {right:6} {near:5} {wrong:6}  {right / rows:.0%}")
    return lines


# -- curve -------------------------------------------------------------------------------------------


def curve(options: argparse.Namespace, settings: Settings) -> int:
    """What more phrasings are worth: the same messages judged with a part of the phrasings, and with all."""
    from ..building import build_guard
    from ..cases import read_cases
    from ..dialogue import Dialogue
    from ..evaluation import evaluate as judge_all
    from ..knowledge import load
    from ..matching import Matcher

    language = load(settings.knowledge_dir).languages["en"]
    guard = build_guard(language, settings)
    cases = [case for path in options.files for case in read_cases(path)]
    print("share  phrasings   right  right or one tap away  answered anyway")
    for share in (0.25, 0.5, 0.67, 1.0):
        part = {label: _spread(texts, share) for label, texts in language.phrasings.items()}
        dialogue = Dialogue(language.content, guard, Matcher(part, vocabulary=language.vocabulary))
        report = judge_all(dialogue, cases)
        count, right, near = sum(map(len, part.values())), report.share("right"), report.share("right", "near")
        print(f"{share:5.0%} {count:10} {right:7.1%} {near:22.1%} {report.answered_anyway:16.1%}", flush=True)
    return 0


def _spread(texts: tuple[str, ...], share: float) -> tuple[str, ...]:
    """So large a share of the texts, taken evenly from first to last; at least one."""
    wanted = max(1, round(len(texts) * share))
    return tuple(texts[place * len(texts) // wanted] for place in range(wanted))


# -- thresholds --------------------------------------------------------------------------------------


def fit_thresholds(options: argparse.Namespace, settings: Settings) -> int:
    """Fit the bands on labelled messages, print the curve, and write thresholds.yaml."""
    from ..building import build_guard
    from ..cases import read_cases
    from ..dialogue import Dialogue
    from ..model import Bands
    from ..thresholds import Costs, RememberedGuard, RememberedMatcher, fit

    voice = voice_of(settings)
    content = voice.language.content
    guard, matcher = RememberedGuard(build_guard(voice.language, settings)), RememberedMatcher(voice.matcher)

    def make(bands: Bands) -> Dialogue:
        return Dialogue(replace(content, bands=bands), guard, matcher)

    costs = Costs(options.clarify, options.nothing, options.wrong, options.answered_anyway)
    best, curve = fit(make, [case for path in options.files for case in read_cases(path)], costs=costs)
    written = _thresholds_yaml(best, curve, costs, [path.name for path in options.files])
    print(written)
    (settings.knowledge_dir / "en" / "thresholds.yaml").write_text(written, encoding="utf-8")
    return 0


def _thresholds_yaml(best: Any, curve: Any, costs: Any, files: list[str]) -> str:
    weights = ", ".join(f"{name} {value:g}" for name, value in asdict(costs).items())
    lines = [
        "# Where a match is sure enough to answer. Made by `python -m chatbot thresholds`; do not edit by hand.",
        f'bands: {{answer: "{best.answer}", clarify: "{best.clarify}"}}',
        f'fitted_on: "{", ".join(files)}; costs: {weights}"',
        "curve:      # the least cost for each answer band",
    ]
    for answer in sorted({point.bands.answer for point in curve}):
        point = min((point for point in curve if point.bands.answer == answer), key=lambda point: point.cost)
        lines.append(
            f'  - {{answer: "{answer:g}", clarify: "{point.bands.clarify:g}", cost: "{point.cost:.3f}", '
            f'right: "{point.right:.3f}", right_or_near: "{point.right_or_near:.3f}", '
            f'answered_anyway: "{point.answered_anyway:.3f}"}}'
        )
    return "\n".join(lines) + "\n"


def _count(text: str) -> int:
    if (count := int(text)) < 1:
        raise argparse.ArgumentTypeError("has to be 1 or more")
    return count


_FILES = argument("files", nargs="+", type=Path, metavar="FILE", help="labelled messages (YAML)")
COMMANDS = (
    Command(
        "evaluate",
        evaluate,
        "Judge labelled messages.",
        (
            _FILES,
            argument("--json", action="store_true", help="print JSON"),
            argument("--wrong", action="store_true", help="list the rows that were not right"),
            argument("--noise", choices=("typos", "dictation"), help="judge the clean rows with and without noise"),
            argument("--draws", type=_count, default=5, metavar="N", help="so many draws of the noise (5)"),
        ),
    ),
    Command(
        "curve",
        curve,
        "Show what more phrasings are worth: right answers with a quarter, half, two thirds and all of them.",
        (_FILES,),
    ),
    Command(
        "thresholds",
        fit_thresholds,
        "Fit the answer and clarify bands on labelled messages and write thresholds.yaml.",
        (
            _FILES,
            argument("--clarify", type=float, default=1.0, help="cost of a clarification with the right choice (1)"),
            argument("--nothing", type=float, default=2.0, help="cost of no answer (2)"),
            argument("--wrong", type=float, default=4.0, help="cost of a wrong answer (4)"),
            argument("--answered-anyway", type=float, default=8.0, help="cost of answering what is not covered (8)"),
        ),
    ),
)
