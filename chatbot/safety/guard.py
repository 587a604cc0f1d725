"""The gate itself: hides how found signs become one red flag, its card and what the next turn has to know."""

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from chatbot.model import Assessment, Contact, Country, Level, RedFlag
from chatbot.safety.cards import written
from chatbot.safety.frames import NAMES, Framer, name_of
from chatbot.safety.patterns import Patterns
from chatbot.safety.reading import START, STOP, windows, words
from chatbot.safety.rules import Rule, Rules
from chatbot.safety.spelling import Speller

_PRESSING = {level: place for place, level in enumerate(Level)}


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

    def assess(self, text: str, *, earlier: Collection[str] = ()) -> Assessment:
        """Find the most pressing red flag in a message, given the signs carried from the turn before."""
        seen, cancelled = self._signs(text)
        fired = self._fired(seen, earlier)
        return Assessment(
            red_flag=self._red_flag(fired, seen, earlier),
            signs=self._carried(seen, earlier),
            safety_net=None if fired else self._safety_net(seen, cancelled),
        )

    def card(self, red_flag: RedFlag, country: Country | None) -> tuple[str, tuple[Contact, ...]]:
        """Write out the reviewed card of a red flag with the country's numbers, and give its contacts."""
        card = self._rules.cards[self._card_id(red_flag)]
        return written(card, country, unknown=self._rules.unknown_country)

    def self_test(self) -> tuple[str, ...]:
        """Run the rules' own examples and checks; one line per problem, none when all is well."""
        return (*self._broken_links(), *self._missed_examples(), *self._stopped_examples())

    # -- signs -------------------------------------------------------------------------------------

    def _signs(self, text: str) -> tuple[set[str], set[str]]:
        """The signs that stand, and those that only were mentioned; a long message is read piece by piece."""
        seen: set[str] = set()
        mentioned: set[str] = set()
        readings = self._speller.read([START, *words(text), STOP])
        known: dict[tuple[int, tuple[tuple[str, ...], ...]], tuple[set[str], set[str]]] = {}
        for start, end, own in windows(len(readings)):
            piece = (own - start, tuple(readings[start:end]))
            if piece not in known:
                known[piece] = self._signs_of(piece[1], own=piece[0])
            seen |= known[piece][0]
            mentioned |= known[piece][1]
            if end < len(readings) and any(rule.level is Level.EMERGENCY for rule in self._fired(seen, ())):
                break  # nothing can be more pressing
        return seen, mentioned - seen

    def _signs_of(self, readings: Sequence[tuple[str, ...]], *, own: int) -> tuple[set[str], set[str]]:
        message = self._patterns.read(readings)
        named = self._patterns.all_spans(message)
        found = {name: spans for name, spans in named.items() if name in self._rules.signs}
        if not found:
            return set(), set()
        setting = self._framer.setting(message, [span for spans in found.values() for span in spans])
        seen = {
            name
            for name, spans in found.items()
            if any(span[0] >= own and not setting.takes_away(self._rules.signs[name], span) for span in spans)
        }
        return seen, set(found)

    def _carried(self, seen: set[str], earlier: Collection[str]) -> tuple[str, ...]:
        signs = self._rules.signs
        now = {name for name in seen if signs[name].carry or signs[name].lasting}
        still = {name for name in earlier if name in signs and signs[name].lasting}
        return tuple(sorted(now | still))

    def _safety_net(self, seen: set[str], cancelled: set[str]) -> str | None:
        touched = seen | cancelled
        return next((net.text for net in self._rules.safety_nets if not touched.isdisjoint(net.signs)), None)

    # -- rules -------------------------------------------------------------------------------------

    @cached_property
    def _needs(self) -> list[tuple[Rule, list[frozenset[str]], int]]:
        needs = [(rule, [frozenset(item.split(" | ")) for item in rule.signs]) for rule in self._rules.rules]
        return [(rule, items, rule.at_least or len(items)) for rule, items in needs]

    def _fired(self, seen: set[str], earlier: Collection[str]) -> list[Rule]:
        """The rules that hold; at least one sign has to be of this turn."""
        if not seen:
            return []
        known = seen.union(earlier)
        return [
            rule
            for rule, items, needed in self._needs
            if sum(not item.isdisjoint(known) for item in items) >= needed
            and any(not item.isdisjoint(seen) for item in items)
            and known.isdisjoint(rule.unless)
        ]

    def _red_flag(self, fired: list[Rule], seen: set[str], earlier: Collection[str]) -> RedFlag | None:
        if not fired:
            return None
        rule = min(fired, key=lambda rule: (_PRESSING[rule.level], self._order[rule.group]))
        known = seen.union(earlier)
        signs = sorted({sign for item in rule.signs for sign in item.split(" | ") if sign in known})
        return RedFlag(rule.group, rule.level, (rule.id, *signs))

    def _card_id(self, red_flag: RedFlag) -> str:
        chosen = (rule.card for rule in self._rules.rules if rule.id in red_flag.trace[:1] and rule.card)
        return next(chosen, None) or self._rules.groups[red_flag.group].card

    # -- self-test ---------------------------------------------------------------------------------

    def _fired_by(self, text: str) -> list[Rule]:
        seen, _ = self._signs(text)
        return self._fired(seen, ())

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
