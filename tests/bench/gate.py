"""Measure the gate: `python -m tests.bench.gate [FILE ...]`, files in the form of must_trigger / must_not_trigger."""

import sys
from collections import defaultdict
from collections.abc import Iterator
from math import sqrt
from pathlib import Path
from statistics import quantiles
from time import process_time

import yaml

from chatbot import compiled
from chatbot.cases import read_cases
from chatbot.knowledge import load
from chatbot.model import Level
from chatbot.safety import Guard
from tests.bench.variants import variants

KNOWLEDGE = Path(__file__).parents[2] / "knowledge"
Line = tuple[str, str, str]  # the line, its level ("" for one that must pass), its group


def guard() -> Guard:
    """The gate of this repository, with its vote; the vote is kept in `instance/`, as the app keeps it."""
    english = load(KNOWLEDGE).languages["en"]
    return compiled.guard(english.safety, english.phrasings, folder=KNOWLEDGE.parent / "instance")


def lines(path: Path) -> Iterator[Line]:
    """Every line of a file with what is expected of it."""
    data = yaml.safe_load(path.read_text("utf-8"))
    for group, part in (data.get("must_trigger") or {}).items():
        yield from ((str(line), part["level"], group) for line in part["must_trigger"])
    for group, part in (data.get("must_not_trigger") or {}).items():
        yield from ((str(line), "", group) for line in part)


def own_examples(gate: Guard) -> Iterator[Line]:
    """The examples that stand in the rules themselves."""
    for rule in gate._rules.rules:
        yield from ((line, rule.level.value, rule.group) for line in rule.must_match)


def wilson(hits: int, of: int) -> str:
    """Share in percent with its 95 % interval."""
    if not of:
        return "-"
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return f"{100 * share:5.1f} %  [{100 * (middle - half):.1f}, {100 * (middle + half):.1f}]"


def level_of(gate: Guard, text: str) -> str:
    """The level of the red flag, empty for none."""
    red_flag = gate.assess(text).red_flag
    return red_flag.level.value if red_flag else ""


def report(gate: Guard, told: list[Line], *, name: str) -> None:
    """Print one table for a set of lines."""
    print(f"\n{name}\n{'':24}{'right':>12}   share, 95 % interval")
    for level in Level:
        of = [line for line, expected, _ in told if expected == level]
        row(f"recall {level.value}", sum(level_of(gate, line) == level for line in of), len(of))
    danger = [(line, expected) for line, expected, _ in told if expected]
    harmless = [line for line, expected, _ in told if not expected]
    row("recall, at its level", sum(level_of(gate, line) == expected for line, expected in danger), len(danger))
    row("recall, any level", sum(bool(level_of(gate, line)) for line, _ in danger), len(danger))
    row("false stops", sum(bool(level_of(gate, line)) for line in harmless), len(harmless))
    for line, expected, group in told:
        if level_of(gate, line) != expected:
            print(f"    {group}: expected {expected or 'no stop'}, got {level_of(gate, line) or 'none'}: {line}")


def row(label: str, hits: int, of: int) -> None:
    """Print one line of the table."""
    if of:
        print(f"{label:24}{hits:6}/{of:<5}   {wilson(hits, of)}")


def report_variants(gate: Guard, told: list[Line]) -> None:
    """Print how each mechanical variant does."""
    right: dict[tuple[str, bool], list[bool]] = defaultdict(list)
    for number, (line, expected, _) in enumerate(told):
        for kind, changed in variants(line, seed=number):
            got = level_of(gate, changed)
            right[kind, bool(expected)].append(got == expected if expected else bool(got))
    print("\nvariants                      recall at its level               false stops")
    for kind in dict.fromkeys(kind for kind, _ in right):
        seen, stopped = right[kind, True], right[kind, False]
        print(f"{kind:18}{sum(seen):6}/{len(seen):<5} {wilson(sum(seen), len(seen)):26}{sum(stopped):6}/{len(stopped)}")


def report_harmless(gate: Guard) -> None:
    """Print which of the base's phrasings and of the patients' questions are stopped: none may be."""
    phrasings = load(KNOWLEDGE).languages["en"].phrasings
    questions = read_cases(KNOWLEDGE / "en" / "evaluation" / "patient-questions.yaml")
    for name, texts in {
        "base phrasings": sorted({text for said in phrasings.values() for text in said}),
        "patients' questions": [case.turns[-1] for case in questions],
    }.items():
        stopped = [text for text in texts if level_of(gate, text)]
        row(f"stopped, {name}", len(stopped), len(texts))
        print(*(f"    {text}\n" for text in stopped), sep="", end="")


def report_speed(gate: Guard, told: list[Line]) -> None:
    """Print how much processor time a message takes, best of three."""
    ordinary = [fastest(gate, line) for line, _, _ in told]
    long = {
        "danger over and over": "my head is pounding and " * 500,
        "words of the rules": " ".join(line for line, _, _ in told) * 4,
        "denied over and over": "not pain " * 1200,
        "nonsense": " ".join(f"q{'abcdefgh'[i % 8]}x{'ijklmno'[i % 7]}z" for i in range(2000)),
        "one word": "a" * 10_000,
        "arabic": "مرحبا كيف " * 1_000,
        "emoji": "😀" * 10_000,
        "lines": "\n" * 10_000,
    }
    cuts = quantiles(ordinary, n=100)
    print(f"\nordinary messages        p50 {cuts[49]:.3f} ms   p99 {cuts[98]:.3f} ms")
    for name, text in long.items():
        print(f"10,000 characters of {name:22} {fastest(gate, text[:10_000]):.2f} ms")


def fastest(gate: Guard, text: str) -> float:
    """Milliseconds for one message."""
    taken = []
    for _ in range(3):
        begin = process_time()
        gate.assess(text)
        taken.append(process_time() - begin)
    return 1000 * min(taken)


def main(paths: list[str]) -> None:
    """Measure each file, or the rules' own examples where none is named."""
    gate = guard()
    print("self-test:", gate.self_test() or "fine")
    told = [line for path in paths for line in lines(Path(path))] or list(own_examples(gate))
    for path in paths:
        report(gate, list(lines(Path(path))), name=path)
    if not paths or len(paths) > 1:
        report(gate, told, name="all together")
    report_harmless(gate)
    report_variants(gate, told)
    report_speed(gate, told)


if __name__ == "__main__":
    main(sys.argv[1:])
