"""Markdown tables from the figures, and their places in README.md between markers."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .worker import Job

Done = Sequence[tuple[Job, Mapping[str, Any]]]
_NOISES = ("clean", "typos", "dictation")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def compare(done: Done) -> str:
    """Every matcher on every set."""
    head = ("set", "matcher", "right, % (clean / typos / dictation)", "lost, points (typos / dictation)",
            "right among 3, %", "AUROC out of scope", "right at 90 % rejection, %", "p50 / p99, ms",
            "p50 / p99, loops", "memory, MB")  # fmt: skip
    return table(head, [(job["set"], job["peer"], *_measured(got)) for job, got in done])


def _measured(got: Mapping[str, Any]) -> list[str]:
    if "failed" in got:
        return [got["failed"], *[""] * 7]
    rejection = (f"{got['auroc']:.3f}", f"{100 * got['right_at_rejection']:.1f}") if "auroc" in got else ("", "")
    return [_right(got), _lost(got), f"{100 * got['among']:.1f}", *rejection, *_time(got), f"{got['memory']:.0f}"]


def _right(got: Mapping[str, Any]) -> str:
    return " / ".join(f"{100 * got['right'][noise]:.1f}" for noise in _NOISES)


def _lost(got: Mapping[str, Any]) -> str:
    return " / ".join(f"{100 * net:.1f} ± {100 * within:.1f}" for net, within in got["loss"].values())


def _time(got: Mapping[str, Any]) -> tuple[str, str]:
    ratios = (got["p50"] / got["loop"], got["p99"] / got["loop"])
    return f"{got['p50']:.3g} / {got['p99']:.3g}", f"{ratios[0]:.2g} / {ratios[1]:.2g}"


def growth(done: Done) -> str:
    """Every matcher at every size."""
    head = ("phrasings", "matcher", "p50 / p99, ms", "p50 / p99, loops", "memory, MB", "fitting, s")
    return table(head, [(_size(job, got), job["peer"], *_grown(got)) for job, got in done])


def _size(job: Job, got: Mapping[str, Any]) -> str:
    return f"{job['size']:,}" + (f" under {got['labels']} labels" if "labels" in got else "")


def _grown(got: Mapping[str, Any]) -> list[str]:
    if "failed" in got:
        return [got["failed"], "", "", ""]
    return [*_time(got), f"{got['memory']:.0f}", f"{got['fit_s']:.1f}"]


def ablation(done: Done) -> str:
    """Our matcher with one part at a time left out."""
    head = ("set", "without", "right, % (clean / typos / dictation)", "lost, points (typos / dictation)",
            "right at 90 % rejection, %", "p50 / p99, ms")  # fmt: skip
    return table(head, [(job["set"], job["without"], *_ablated(got)) for job, got in done])


def _ablated(got: Mapping[str, Any]) -> list[str]:
    if "failed" in got:
        return [got["failed"], "", "", ""]
    rejection = f"{100 * got['right_at_rejection']:.1f}" if "right_at_rejection" in got else ""
    return [_right(got), _lost(got), rejection, _time(got)[0]]


def path(done: Done) -> str:
    """Gate, match and whole reply on this base."""
    head = ("on this base", "p50 / p99, ms", "p50 / p99, loops", "messages", "memory, MB")
    names = {"gate": "gate alone", "match": "match alone", "reply": "whole reply (gate, match, dialogue)"}
    rows = [
        (names[job["step"]], *([got["failed"], "", "", ""] if "failed" in got else
         [*_time(got), str(got["messages"]), f"{got['memory']:.0f}"]))
        for job, got in done
    ]  # fmt: skip
    return table(head, rows)


def dialogue(done: Done) -> str:
    """Right replies, as written and under noise."""
    head = ("whole dialogue on this base", "rows", "right, %", "right or one tap away, %", "answered anyway, %",
            "lost, points")  # fmt: skip
    return table(head, [row for _, got in done for row in _dialogue_rows(got)])


def _dialogue_rows(got: Mapping[str, Any]) -> list[Sequence[str]]:
    if "failed" in got:
        return [("all rows", got["failed"], "", "", "", "")]
    clean = next(iter(got["noises"].values()))
    told: list[Sequence[str]] = [
        ("all rows as written", str(got["rows"]), *_percent(got, ""), ""),
        ("clean rows", str(clean["pairs"] // clean["draws"]), *_percent(clean, ""), ""),
    ]
    for noise, pairs in got["noises"].items():
        lost = f"{100 * pairs['loss']:.1f} ± {100 * pairs['loss_within']:.1f}"
        rows = f"{pairs['pairs'] // pairs['draws']}, {pairs['draws']} draws"
        told.append((f"clean rows with {noise}", rows, *_percent(pairs, "_with_noise"), lost))
    return told


def _percent(got: Mapping[str, Any], suffix: str) -> list[str]:
    return [f"{100 * got[name + suffix]:.1f}" for name in ("right", "right_or_near", "answered_anyway")]


def keystrokes(done: Done) -> str:
    """Keys saved by the typeahead."""
    head = ("keys saved by suggestions", "rows", "saved, %", "saved, arrow presses counted, %", "p50 / p99 a key, ms")
    rows: list[Sequence[str]] = []
    for _, got in done:
        if "failed" in got:
            rows.append(("clean rows", got["failed"], "", "", ""))
            continue
        for name, prefix, count in (("clean rows", "", "rows"), ("those on the subject", "answerable_", "answerable")):
            shares = [f"{100 * got[f'{prefix}saved{arrows}']:.1f}" for arrows in ("", "_with_arrows")]
            rows.append((name, str(got[count]), *shares, _time(got)[0]))
    return table(head, rows)


TABLES = {part.__name__: part for part in (compare, growth, ablation, path, dialogue, keystrokes)}


# -- the README ------------------------------------------------------------------------------------


def put(document: str, part: str, text: str) -> str:
    """The document with the text between the markers of this part.

    Raises ValueError where the markers are missing.
    """
    begin, end = f"<!-- bench: {part} -->", f"<!-- end of bench: {part} -->"
    before, found, rest = document.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"there is no place marked {begin} ... {end}")
    return f"{before}{begin}\n{text}\n{end}{after}"


def write(file: Path, texts: Mapping[str, str]) -> None:
    """Put each part's table at its place."""
    document = file.read_text(encoding="utf-8")
    for part, text in texts.items():
        document = put(document, part, text)
    file.write_text(document, encoding="utf-8")
