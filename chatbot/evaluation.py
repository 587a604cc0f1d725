"""How well a dialogue does on labelled messages."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .dialogue import Dialogue, Visitor
from .model import Choice, Context, Kind, Reply
from .text import tokens

RIGHT, NEAR, WRONG = "right", "near", "wrong"
_UNANSWERABLE = (Kind.NOT_COVERED, Kind.PERSONAL, Kind.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled message: the last of `turns` is judged.

    `also` are other kinds that are right too; for an answer the claim that answers has to be one of
    `claims`, where given; `entry` is the one right entry, where known.
    """

    turns: tuple[str, ...]
    expect: Kind
    also: tuple[Kind, ...] = ()
    claims: tuple[str, ...] = ()
    style: str = "clean"
    entry: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one case."""

    case: Case
    reply: Reply
    outcome: str

    @property
    def answered_anyway(self) -> bool:
        """An answer was given where none of the right kinds is one."""
        kinds = (self.case.expect, *self.case.also)
        return self.reply.kind is Kind.ANSWER and Kind.ANSWER not in kinds and self.case.expect in _UNANSWERABLE


@dataclass(slots=True)
class Report:
    """Verdicts, and apart from them those of rows that the base holds word for word."""

    verdicts: list[Verdict] = field(default_factory=list)
    in_base: list[Verdict] = field(default_factory=list)

    @property
    def missed(self) -> list[Verdict]:
        """All rows that were not right at once, those that stand in the base too."""
        return [verdict for verdict in (*self.verdicts, *self.in_base) if verdict.outcome != RIGHT]

    def tally(self, key: Callable[[Verdict], str]) -> Mapping[str, Counter[str]]:
        """Outcomes counted by kind, by style or by whatever `key` gives."""
        table: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for verdict in self.verdicts:
            table[key(verdict)][verdict.outcome] += 1
        return table

    def share(self, *outcomes: str) -> float:
        """The share of verdicts with one of these outcomes, 0..1."""
        return _ratio(sum(verdict.outcome in outcomes for verdict in self.verdicts), len(self.verdicts))

    @property
    def answered_anyway(self) -> float:
        """The share of unanswerable rows that got an answer, 0..1."""
        rows = [verdict for verdict in self.verdicts if verdict.case.expect in _UNANSWERABLE]
        return _ratio(sum(verdict.answered_anyway for verdict in rows), len(rows))

    def confusions(self, limit: int = 15) -> list[tuple[str, str, int, str]]:
        """Pairs (wanted, got, times, one message) of the wrong and near rows, worst first."""
        pairs: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for verdict in self.verdicts:
            if verdict.outcome != RIGHT:
                pairs[_wanted(verdict.case), _got(verdict.reply)].append(verdict.case.turns[-1])
        worst = sorted(pairs.items(), key=lambda pair: -len(pair[1]))[:limit]
        return [(wanted, got, len(messages), messages[0]) for (wanted, got), messages in worst]


def evaluate(dialogue: Dialogue, cases: Iterable[Case], *, known: frozenset[tuple[str, ...]] = frozenset()) -> Report:
    """Judge every case; rows whose last message is one of the `known` token runs are kept apart."""
    report = Report()
    for case in cases:
        reply = converse(dialogue, case.turns)
        beside = report.in_base if tokens(case.turns[-1]) in known else report.verdicts
        beside.append(Verdict(case, reply, judge(case, reply)))
    return report


@dataclass(frozen=True, slots=True)
class Pair:
    """What became of one case as it is written, and with its last turn changed."""

    plain: Verdict
    changed: Verdict

    @property
    def lost(self) -> bool:
        """Right as it is written, not right any more when changed."""
        return self.plain.outcome == RIGHT != self.changed.outcome

    @property
    def gained(self) -> bool:
        """The other way round."""
        return self.plain.outcome != RIGHT == self.changed.outcome


def evaluate_pairs(
    dialogue: Dialogue,
    cases: Iterable[Case],
    changes: Iterable[Callable[[str], str]],
    *,
    known: frozenset[tuple[str, ...]] = frozenset(),
) -> list[Pair]:
    """Judge every case as it is written and under each change of its last turn; rows in `known` are set aside."""
    plain = evaluate(dialogue, cases, known=known).verdicts
    pairs: list[Pair] = []
    for change in changes:
        changed = [replace(one.case, turns=(*one.case.turns[:-1], change(one.case.turns[-1]))) for one in plain]
        pairs += map(Pair, plain, evaluate(dialogue, changed).verdicts)
    return pairs


def loss(pairs: Sequence[tuple[bool, bool]], *, draws: int = 1) -> tuple[float, float]:
    """The share of right ones lost from the first of each pair to the second, and half its 95 % interval, 0..1.

    With several draws, all rows of the first come first; a row's draws are averaged, since they are not independent.
    """
    rows = len(pairs) // draws
    if not rows:
        return 0.0, 0.0
    lost = [sum(before - after for before, after in pairs[row::rows]) / draws for row in range(rows)]
    net = sum(lost) / rows
    return net, 1.96 * sum((one - net) ** 2 for one in lost) ** 0.5 / rows


def converse(dialogue: Dialogue, turns: Iterable[str]) -> Reply:
    """The reply to the last turn of a conversation."""
    context, reply = Context(), None
    for turn in turns:
        reply = dialogue.reply(turn, context=context, visitor=Visitor())
        context = reply.context
    assert reply is not None, "a case has at least one turn"
    return reply


def judge(case: Case, reply: Reply) -> str:
    """Right at once, near (one tap away in a clarification), or wrong."""
    claim = reply.sources[0].id if reply.sources else None
    if fits(case, reply.kind, claim):
        return RIGHT
    if reply.kind is Kind.CLARIFY and any(_choice_fits(case, choice) for choice in reply.choices):
        return NEAR
    return WRONG


def _choice_fits(case: Case, choice: Choice) -> bool:
    return fits(case, choice.kind, choice.claims[0] if choice.claims else None)


def fits(case: Case, kind: Kind, claim: str | None) -> bool:
    """Whether a reply of this kind, with this claim first, is right."""
    if kind is not case.expect:
        return kind in case.also
    return kind is not Kind.ANSWER or not case.claims or claim in case.claims


def _wanted(case: Case) -> str:
    return case.entry or (case.claims[0] if case.claims else str(case.expect))


def _got(reply: Reply) -> str:
    return reply.entry or str(reply.kind)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
