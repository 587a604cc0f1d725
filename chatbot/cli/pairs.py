"""`evaluate --noise`: the clean rows of labelled messages, each beside itself with noise."""

import argparse
import json
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from ..dialogue import Dialogue
from ..evaluation import RIGHT, Case, Pair, Report, evaluate_pairs, loss
from ..noise import NOISES, Noise


def print_pairs(
    dialogue: Dialogue, cases: Iterable[Case], *, known: frozenset[tuple[str, ...]], options: argparse.Namespace
) -> int:
    """Judge the clean rows without and with noise, and print what the noise cost."""
    clean = [case for case in cases if case.style == "clean"]
    changes = [partial(_seeded, NOISES[options.noise], seed) for seed in range(1, options.draws + 1)]
    pairs = evaluate_pairs(dialogue, clean, changes, known=known)
    told = {"noise": options.noise, **summary(pairs, draws=options.draws)}
    print(json.dumps(told) if options.json else _table(told))
    for pair in pairs if options.wrong else ():
        if pair.lost:
            got = pair.changed.reply
            print(f"  {pair.plain.reply.entry} -> {got.kind}/{got.entry}: {pair.changed.case.turns[-1]}")
    return 0


def summary(pairs: list[Pair], *, draws: int) -> dict[str, float]:
    """What the noise cost, as shares; `loss_within` is half the 95 % interval of the loss."""
    plain, changed = Report([pair.plain for pair in pairs]), Report([pair.changed for pair in pairs])
    right = [(pair.plain.outcome == RIGHT, pair.changed.outcome == RIGHT) for pair in pairs]
    net, within = loss(right, draws=draws)
    return {
        "pairs": len(pairs),
        "draws": draws,
        "right": round(plain.share("right"), 4),
        "right_with_noise": round(changed.share("right"), 4),
        "right_or_near": round(plain.share("right", "near"), 4),
        "right_or_near_with_noise": round(changed.share("right", "near"), 4),
        "loss": round(net, 4),
        "loss_within": round(within, 4),
        "lost": sum(pair.lost for pair in pairs),
        "gained": sum(pair.gained for pair in pairs),
        "answered_anyway": round(plain.answered_anyway, 4),
        "answered_anyway_with_noise": round(changed.answered_anyway, 4),
    }


def _seeded(spoil: Noise, seed: int, text: str) -> str:
    return spoil(text, seed)


def _table(told: Mapping[str, Any]) -> str:
    return (
        f"{told['pairs'] // told['draws']} clean rows, {told['draws']} draws of {told['noise']}\n"
        f"{'':24}{'clean':>8}{'noise':>8}\n"
        f"{'right':24}{told['right']:8.1%}{told['right_with_noise']:8.1%}\n"
        f"{'right or one tap away':24}{told['right_or_near']:8.1%}{told['right_or_near_with_noise']:8.1%}\n"
        f"{'answered anyway':24}{told['answered_anyway']:8.1%}{told['answered_anyway_with_noise']:8.1%}\n"
        f"loss {100 * told['loss']:.1f} points, give or take {100 * told['loss_within']:.1f}"
        f" ({told['lost']} lost, {told['gained']} gained)"
    )
