"""The gate itself: hides how found signs become one red flag, its card and what the next turn has to know."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property
from math import exp, log

from chatbot.model import Assessment, Contact, Country, Kind, Level, RedFlag
from chatbot.safety import evidence
from chatbot.safety.cards import written
from chatbot.safety.evidence import Piece
from chatbot.safety.frames import NAMES, Framer, name_of
from chatbot.safety.patterns import Patterns
from chatbot.safety.reading import PAUSE, START, STOP, windows, words
from chatbot.safety.rules import Rule, Rules
from chatbot.safety.search import Span
from chatbot.safety.spelling import Speller
from chatbot.safety.vote import HARMLESS, Evidence, Opinion, Vote

_PRESSING = {level: place for place, level in enumerate(Level)}
_LISTED = "listed"  # stands in a trace where a rule's id would stand
_DIFFERS = 0.1  # of the danger; with less for the rule's kind of reply, the vote's kind is given
_ENOUGH = 0.3  # of danger to stop a message; set on writers left out in pairs, some of their misses had been seen
_IN_A_STORY = 0.1  # ... of more words than _STORY: it thins a danger out
_WITH_RULE = 0.25  # ... where a rule fired too: only a vote that is quite sure overrules it
_STORY = 35
_ORDINARY = 0.3  # how much a phrasing of the base, or a part of what is harmless, counts against a listed message
_PLAIN = 4.0  # how much the rules' own examples count: they say it outright
_MANY_PARTS = 16  # the whole's say beside the most dangerous part's is one in so many for each part, ...
_AT_MOST = 0.5  # ... up to this; with more at once, a question before hid one danger in twenty
_NEVER = 1e-9  # keeps odds finite


class Guard:
    """Looks at every message first, and never raises for what stands in it."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        named = {**rules.words, **{name: sign.says for name, sign in rules.signs.items()}}
        frames = {name_of(frame): getattr(rules.frames, frame) for frame in NAMES}
        self._patterns = Patterns(
            {**named, **frames}, strict=tuple(frames), fillers=rules.frames.fillers, negators=rules.frames.negators
        )
        self._framer = Framer(self._patterns)
        self._speller = Speller(self._patterns.vocabulary, ordinary=rules.ordinary_words, misheard=rules.misheard)
        self._order = {group: place for place, group in enumerate(rules.groups)}
        self._settled = frozenset(_plain(self._pieces(text)) for text in rules.must_pass)
        self._vote: Vote | None = None

    def learn(self, harmless: Iterable[str], *, progress: Callable[[str], None] = lambda line: None) -> Vote:
        """Fit the vote on the listed examples, and on more that is harmless."""
        progress("fitting the safety vote")
        listed = [(label, self._first(text)) for label, text in self._listed()]
        ordinary = [self._first(text) for text in harmless]
        told = [(label, 1.0, self._whole(piece)) for label, piece in listed]
        told += [(label, _PLAIN, self._whole(self._first(text))) for label, text in self._by_rules()]
        further = [self._whole(piece) for piece in ordinary]
        further += [part for piece in (*ordinary, *_harmless(listed)) for part in self._parts(piece)]
        return Vote.fit(told, [(HARMLESS, _ORDINARY, weighed) for weighed in further])

    def heed(self, vote: Vote) -> None:
        """Let a fitted vote speak beside the rules from now on."""
        self._vote = vote

    @property
    def has_vote(self) -> bool:
        """Whether a vote speaks beside the rules."""
        return self._vote is not None

    def assess(self, text: str, *, earlier: Collection[str] = ()) -> Assessment:
        """Find the most pressing red flag in a message, given the signs carried from the turn before."""
        pieces = self._pieces(text)
        seen = _seen(pieces)
        fired = self._fired(seen, earlier)
        red_flag = self._red_flag(fired, pieces, earlier)
        return Assessment(
            red_flag=red_flag,
            signs=self._carried(seen, earlier),
            safety_net=None if red_flag else self._safety_net(pieces),
        )

    def card(self, red_flag: RedFlag, country: Country | None) -> tuple[str, tuple[Contact, ...]]:
        """Write out the reviewed card of a red flag with the country's numbers, and give its contacts."""
        card = self._rules.cards[self._card_id(red_flag)]
        return written(card, country, unknown=self._rules.unknown_country)

    def self_test(self) -> tuple[str, ...]:
        """Run the rules' own examples and checks; one line per problem, none when all is well."""
        return (*self._broken_links(), *self._missed_examples(), *self._stopped_examples())

    # -- signs -------------------------------------------------------------------------------------

    def _pieces(self, text: str) -> list[Piece]:
        """What the rules find in a message; a long one is read piece by piece."""
        readings = self._speller.read([START, *words(text), STOP])
        known: dict[tuple[int, tuple[tuple[str, ...], ...]], Piece] = {}
        for start, end, own in windows(len(readings)):
            piece = (own - start, tuple(readings[start:end]))
            if piece not in known:
                known[piece] = self._piece(piece[1], own=piece[0])
            if end < len(readings) and any(
                rule.level is Level.EMERGENCY for rule in self._fired(_seen(known.values()))
            ):
                break  # nothing can be more pressing
        return list(known.values())

    def _piece(self, readings: Sequence[tuple[str, ...]], *, own: int) -> Piece:
        message = self._patterns.read(readings)
        named = self._patterns.all_spans(message)
        signs = self._rules.signs
        found = [(name, span) for name, spans in named.items() if name in signs for span in spans]
        setting = self._framer.setting(message, [span for _, span in found])
        standing: list[tuple[str, Span]] = []
        cancelled: list[tuple[str, Span]] = []
        for name, span in found:
            (cancelled if setting.takes_away(signs[name], span) else standing).append((name, span))
        return Piece(
            words=readings,
            own=own,
            standing=standing,
            cancelled=cancelled,
            other=[(name, span) for name, spans in named.items() if name not in signs for span in spans],
        )

    def _carried(self, seen: set[str], earlier: Collection[str]) -> tuple[str, ...]:
        signs = self._rules.signs
        now = {name for name in seen if signs[name].carry or signs[name].lasting}
        still = {name for name in earlier if name in signs and signs[name].lasting}
        return tuple(sorted(now | still))

    def _safety_net(self, pieces: Iterable[Piece]) -> str | None:
        touched = {name for piece in pieces for name in piece.mentioned}
        return next((net.text for net in self._rules.safety_nets if not touched.isdisjoint(net.signs)), None)

    # -- the vote ----------------------------------------------------------------------------------

    def _opinion(self, pieces: Sequence[Piece], *, alone: bool) -> tuple[float, Opinion, Evidence] | None:
        """The vote's sureness of danger, and what it says of the most dangerous part; None where it cannot say."""
        if self._vote is None:
            return None
        try:
            return self._weighed(self._vote, pieces, alone=alone)
        except Exception:  # whatever is wrong with the vote, the rules go on without it
            return None

    def _weighed(self, vote: Vote, pieces: Sequence[Piece], *, alone: bool) -> tuple[float, Opinion, Evidence]:
        """The most dangerous part decides; without a rule the whole too, for of many parts one errs by chance."""
        told = [piece for piece in pieces if len(pieces) == 1 or self._fired(piece.seen)]
        parts = [part for piece in told for part in self._parts(piece)]
        whole = max(self._heard(vote, map(self._whole, pieces)), key=_danger)
        worst = max([whole, *self._heard(vote, parts)], key=_danger)
        say = min(_AT_MOST, len(parts) / _MANY_PARTS) if alone else 0.0
        return _between(_danger(worst), _danger(whole), say), *worst

    def _heard(self, vote: Vote, said: Iterable[Evidence]) -> list[tuple[Opinion, Evidence]]:
        return [(vote.opinion(weighed), weighed) for weighed in said]

    def _first(self, text: str) -> Piece:
        return self._pieces(text)[0]

    def _whole(self, piece: Piece) -> Evidence:
        return evidence.whole(piece, self._fired)

    def _parts(self, piece: Piece) -> Iterable[Evidence]:
        return evidence.parts(piece, self._fired)

    def _by_vote(self, opinion: Opinion, weighed: Evidence, known: set[str]) -> RedFlag | None:
        """The likeliest red flag that no sign rules out."""
        for label in opinion.likeliest:
            level, _, group = label.partition(" ")
            if group in self._order and not self._is_ruled_out(group, known):
                counted = self._vote.counted(weighed, label) if self._vote else ()
                return RedFlag(group, Level(level), (_LISTED, *counted))
        return None

    def _is_ruled_out(self, group: str, known: set[str]) -> bool:
        """Whether every rule of the group is: nobody is told to sit up after a blow."""
        rules = [rule for rule in self._rules.rules if rule.group == group]
        return bool(rules) and all(not known.isdisjoint(rule.unless) for rule in rules)

    def _listed(self) -> Iterable[tuple[str, str]]:
        """Every listed message with its label, level and group in one."""
        for group, blocks in self._rules.examples.items():
            yield from ((f"{block.level} {group}", text) for block in blocks for text in block.says)
        yield from ((HARMLESS, text) for block in self._rules.harmless for text in block.says)

    def _by_rules(self) -> Iterable[tuple[str, str]]:
        """The rules' own examples, in the same way."""
        for rule in self._rules.rules:
            yield from ((f"{rule.level} {rule.group}", text) for text in rule.must_match)
            yield from ((HARMLESS, text) for text in rule.must_not_match if not self._fired_by(text))

    # -- rules -------------------------------------------------------------------------------------

    @cached_property
    def _needs(self) -> list[tuple[Rule, list[frozenset[str]], int]]:
        needs = [(rule, [frozenset(item.split(" | ")) for item in rule.signs]) for rule in self._rules.rules]
        return [(rule, items, rule.at_least or len(items)) for rule, items in needs]

    @cached_property
    def _rules_with(self) -> dict[str, list[int]]:
        """For each sign the places of the rules that it can help to fire."""
        places: dict[str, list[int]] = defaultdict(list)
        for place, (_, items, _) in enumerate(self._needs):
            for sign in frozenset().union(*items):
                places[sign].append(place)
        return dict(places)

    def _fired(self, seen: Collection[str], earlier: Collection[str] = ()) -> list[Rule]:
        """The rules that hold; at least one sign has to be of this turn."""
        known = {*seen, *earlier}
        likely = sorted({place for sign in seen for place in self._rules_with.get(sign, ())})
        return [
            rule
            for rule, items, needed in (self._needs[place] for place in likely)
            if known.isdisjoint(rule.unless) and sum(not item.isdisjoint(known) for item in items) >= needed
        ]

    def _red_flag(self, fired: list[Rule], pieces: list[Piece], earlier: Collection[str]) -> RedFlag | None:
        """What rules and vote make of it together; over two messages, and on lines of must_pass, the rules decide."""
        seen = _seen(pieces)
        by_rule = self._by_rule(fired, seen.union(earlier)) if fired else None
        if by_rule and not self._fired(seen):
            return by_rule
        said = None if _plain(pieces) in self._settled else self._opinion(pieces, alone=by_rule is None)
        if said is None:
            return by_rule
        danger, opinion, weighed = said
        if danger < (_WITH_RULE if by_rule else _IN_A_STORY if len(_plain(pieces)) > _STORY else _ENOUGH):
            return None
        if by_rule and _share_of(by_rule.level.kind, opinion) > _DIFFERS * opinion.danger:
            return by_rule
        return self._by_vote(opinion, weighed, seen) or by_rule

    def _by_rule(self, fired: list[Rule], known: set[str]) -> RedFlag:
        rule = min(fired, key=lambda rule: (_PRESSING[rule.level], self._order[rule.group]))
        signs = sorted({sign for item in rule.signs for sign in item.split(" | ") if sign in known})
        return RedFlag(rule.group, rule.level, (rule.id, *signs))

    def _card_id(self, red_flag: RedFlag) -> str:
        chosen = (rule.card for rule in self._rules.rules if rule.id in red_flag.trace[:1] and rule.card)
        return next(chosen, None) or self._rules.groups[red_flag.group].card

    # -- self-test ---------------------------------------------------------------------------------

    def _fired_by(self, text: str) -> list[Rule]:
        return self._fired(_seen(self._pieces(text)))

    def _broken_links(self) -> Iterable[str]:
        rules = self._rules
        for rule in rules.rules:
            named = {sign for item in rule.signs for sign in item.split(" | ")} | set(rule.unless)
            yield from (f"rule {rule.id}: there is no sign '{sign}'" for sign in sorted(named - set(rules.signs)))
            if rule.group not in rules.groups:
                yield f"rule {rule.id}: there is no group '{rule.group}'"
            if rule.card and rule.card not in rules.cards:
                yield f"rule {rule.id}: there is no card '{rule.card}'"
            if not rule.must_match or not rule.must_not_match:
                yield f"rule {rule.id}: needs examples in must_match and must_not_match"
        yield from (
            f"group {name}: there is no card '{g.card}'"
            for name, g in rules.groups.items()
            if g.card not in rules.cards
        )

    def _missed_examples(self) -> Iterable[str]:
        for rule in self._rules.rules:
            for example in rule.must_match:
                fired = self._fired_by(example)
                if all(rule.id != other.id for other in fired):
                    yield f"rule {rule.id} misses its example: {example}"
                elif min(_PRESSING[other.level] for other in fired) != _PRESSING[rule.level]:
                    yield f"rule {rule.id}: its example is answered at another level: {example}"

    def _stopped_examples(self) -> Iterable[str]:
        for rule in self._rules.rules:
            for example in rule.must_not_match:
                if any(rule.id == other.id for other in self._fired_by(example)):
                    yield f"rule {rule.id} stops what it must not: {example}"
        for example in self._rules.must_pass:
            for other in self._fired_by(example):
                yield f"rule {other.id} stops what must pass: {example}"


def _share_of(kind: Kind, opinion: Opinion) -> float:
    return sum(share for label, share in opinion.shares.items() if Level(label.partition(" ")[0]).kind is kind)


def _harmless(listed: Iterable[tuple[str, Piece]]) -> Iterable[Piece]:
    return (piece for label, piece in listed if label == HARMLESS)


def _danger(heard: tuple[Opinion, Evidence]) -> float:
    return heard[0].danger


def _between(one: float, other: float, weight: float) -> float:
    """A share between two, by their odds: at a weight of 0 the one, at 1 the other."""
    return 1.0 / (1.0 + exp(-(1.0 - weight) * _log_odds(one) - weight * _log_odds(other)))


def _log_odds(share: float) -> float:
    return log(max(share, _NEVER) / max(1.0 - share, _NEVER))


def _plain(pieces: Iterable[Piece]) -> tuple[str, ...]:
    """The bare words of a message."""
    return tuple(reading[0] for piece in pieces for reading in piece.words if reading[0] not in (START, STOP, PAUSE))


def _seen(pieces: Iterable[Piece]) -> set[str]:
    return {name for piece in pieces for name in piece.seen}
