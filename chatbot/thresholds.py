"""Where a match is sure enough to answer: bands fitted on labelled messages, with the curve they came from."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from math import sqrt
from statistics import fmean, pstdev

from .dialogue import Dialogue, Guard
from .evaluation import NEAR, RIGHT, Case, Report, Verdict, evaluate
from .interpretation import Matcher
from .model import Assessment, Bands, Kind, Match

ANSWER_STEPS = tuple(step / 100 for step in range(0, 44, 4))
CLARIFY_STEPS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
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
    """One pair of bands and how it does: the mean cost of a message, its standard error, and shares in 0..1."""

    bands: Bands
    cost: float
    error: float
    right: float
    right_or_near: float
    answered_anyway: float


def fit(make: MakeDialogue, cases: Iterable[Case], *, costs: Costs) -> tuple[Bands, Sequence[Point]]:
    """The bands that ask back least of those that cost the least, within its standard error; and all that were tried.

    One standard error's difference is chance (the rule of Breiman et al. 1984), and a press is dear.
    """
    rows = list(cases)
    tried = [
        _point(bands, evaluate(make(bands), rows), costs)
        for answer in ANSWER_STEPS
        for bands in [Bands(answer, clarify) for clarify in CLARIFY_STEPS]
    ]
    least = min(tried, key=_cost)
    as_good = [point for point in tried if point.cost <= least.cost + least.error]
    fewest = min(point.bands.answer for point in as_good)
    return min((point for point in as_good if point.bands.answer == fewest), key=_cost).bands, tried


def _cost(point: Point) -> float:
    return point.cost


def _point(bands: Bands, report: Report, costs: Costs) -> Point:
    paid = [costs.of(verdict) for verdict in report.verdicts] or [0.0]
    error = pstdev(paid) / sqrt(len(paid))
    return Point(bands, fmean(paid), error, report.share(RIGHT), report.share(RIGHT, NEAR), report.answered_anyway)


class RememberedGuard:
    """A guard that looks at no text twice."""

    def __init__(self, guard: Guard) -> None:
        self.card = guard.card
        self._assessed = cache(lambda text, earlier: guard.assess(text, earlier=earlier))

    def assess(self, text: str, *, earlier: Collection[str] = ()) -> Assessment:
        """What the guard makes of a text."""
        return self._assessed(text, tuple(earlier))


class RememberedMatcher:
    """A matcher that reads no text twice."""

    def __init__(self, matcher: Matcher) -> None:
        self._matched = cache(lambda text, limit: matcher.match(text, limit))

    def match(self, text: str, limit: int = 3) -> tuple[Match, ...]:
        """The labels a text may mean."""
        return self._matched(text, limit)
