"""Where a match is sure enough to answer: bands fitted on labelled messages, with the curve they came from."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .dialogue import Dialogue
from .evaluation import NEAR, RIGHT, Case, Report, Verdict, evaluate
from .model import Bands, Kind

ANSWER_STEPS = tuple(step / 100 for step in range(10, 72, 4))
CLARIFY_SHARES = (0.2, 0.35, 0.5, 0.65)
_ASKS_BACK = (Kind.CLARIFY, Kind.UNKNOWN)

MakeDialogue = Callable[[Bands], Dialogue]


@dataclass(frozen=True, slots=True)
class Costs:
    """What each outcome costs a visitor; a right answer at once costs nothing."""

    clarify: float = 1.0
    nothing: float = 2.0
    wrong: float = 4.0
    answered_anyway: float = 8.0

    def of(self, verdict: Verdict) -> float:
        """The cost of one verdict."""
        if verdict.outcome == RIGHT:
            return 0.0
        if verdict.outcome == NEAR:
            return self.clarify
        if verdict.answered_anyway:
            return self.answered_anyway
        return self.nothing if verdict.reply.kind in _ASKS_BACK else self.wrong


@dataclass(frozen=True, slots=True)
class Point:
    """One pair of bands and how it does; shares are 0..1, cost is the mean per message."""

    bands: Bands
    cost: float
    right: float
    right_or_near: float
    answered_anyway: float


def fit(make: MakeDialogue, cases: Iterable[Case], *, costs: Costs) -> tuple[Bands, Sequence[Point]]:
    """The bands with the least cost, and every pair that was tried."""
    rows = list(cases)
    tried = [
        _point(bands, evaluate(make(bands), rows), costs)
        for answer in ANSWER_STEPS
        for share in CLARIFY_SHARES
        for bands in [Bands(answer, round(answer * share, 3))]
    ]
    return min(tried, key=lambda point: (point.cost, point.bands.answer)).bands, tried


def _point(bands: Bands, report: Report, costs: Costs) -> Point:
    cost = sum(map(costs.of, report.verdicts)) / max(len(report.verdicts), 1)
    return Point(bands, cost, report.share(RIGHT), report.share(RIGHT, NEAR), report.answered_anyway)
