"""One matcher on one set: accuracy with and without noise, what the noise costs, rejection, recall, time, memory."""

from collections.abc import Sequence
from functools import partial
from math import inf
from typing import Any

from chatbot.evaluation import loss
from chatbot.noise import NOISES

from .figures import Stopwatch, auroc, memory_mb, progress, right_at_rejection, share
from .peers import PEERS, Peer
from .trials import OFF_SUBJECT, Row, Trial

AMONG = 3
_ENOUGH_PAIRS = 1500  # small sets are spoilt several times, until there are about so many pairs
MOST_DRAWS = 5
_WARM_UP = 20


def compare(trial: Trial, name: str, *, most_draws: int) -> dict[str, Any]:
    """All figures of one matcher on one set."""
    fitting = Stopwatch()
    peer = fitting.time(partial(PEERS[name], trial))
    return {**measure(trial, peer, name, most_draws=most_draws), "fit_s": fitting.taken[0] / 1000}


def measure(trial: Trial, peer: Peer, name: str, *, most_draws: int) -> dict[str, Any]:
    """The figures of a fitted matcher; every message is timed at its first time, so that no cache helps."""
    for row in trial.rows[:_WARM_UP]:
        peer.best(row.text[::-1])
    watch = Stopwatch()
    clean = _asked(peer, trial.rows, watch, f"{name} clean")
    told: dict[str, Any] = {"rows": len(trial.rows), "right": {"clean": share(right for _, right in clean)}, "loss": {}}
    for noise, spoil in NOISES.items():
        pairs: list[tuple[bool, bool]] = []
        drawn = draws(len(trial.rows), most_draws)
        for seed in range(1, drawn + 1):
            spoilt = [Row(spoil(row.text, seed), row.right) for row in trial.rows]
            noisy = _asked(peer, spoilt, watch, f"{name} {noise}")
            pairs += [(before, after) for (_, before), (_, after) in zip(clean, noisy, strict=True)]
        told["right"][noise] = share(after for _, after in pairs)
        told["loss"][noise] = loss(pairs, draws=drawn)
    if trial.out_of_scope:
        strangers = [Row(text, frozenset()) for text in trial.out_of_scope]
        outside = [score for score, _ in _asked(peer, strangers, watch, f"{name} out of scope")]
        told["auroc"] = auroc([score for score, _ in clean], outside)
        told["right_at_rejection"] = right_at_rejection(clean, outside)
    told |= {**watch.figures(), "memory": memory_mb()}
    among = (row.right & set(peer.labels(row.text, AMONG)) for row in progress(f"{name} recall", trial.rows))
    return told | {"among": share(bool(found) for found in among)}


def draws(rows: int, most: int) -> int:
    """How often the rows are spoilt."""
    return max(1, min(most, _ENOUGH_PAIRS // max(1, rows)))


def _asked(peer: Peer, rows: Sequence[Row], watch: Stopwatch, name: str) -> list[tuple[float, bool]]:
    """For each row the first score, and whether the first label is right."""
    told = []
    for row in progress(name, rows):
        label, score = watch.time(partial(peer.best, row.text))
        told.append((-inf if label in ("", OFF_SUBJECT) else score, label in row.right))
    return told
