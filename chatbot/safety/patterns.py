"""Compiling what people say: hides the pattern language, its levels and which patterns are worth a search.

A pattern is words in a row; fillers between them are skipped, but not in a strict list. `<name>` stands for a list
of words or another sign, `a|b_c` for either (the underscore holds words together), `word?` for one that may be
missing, `word~` for all its endings, `#90-120` for a number, `^` and `.` for beginning and end, `..` for up to four
words more (`..2` for two), and `&` parts it into pieces that may come in any order, close together, in one sentence.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import product

from chatbot.safety.reading import START, words
from chatbot.safety.search import InARow, Message, Nearby, Pattern, Span, add, add_word, search, sentences, spans_of

_GAP = 4
_STRICT_GAP = 6
_VOWELS = "aeiou"


class PatternError(ValueError):
    """A pattern that does not hold together; the message tells an editor what to mend."""


class Patterns:
    """All patterns of a rule book, compiled once."""

    def __init__(
        self,
        named: Mapping[str, Iterable[str]],
        *,
        strict: Collection[str],
        fillers: Iterable[str],
        negators: Iterable[str],
    ) -> None:
        self._named = {name: tuple(says) for name, says in named.items()}
        self._strict = frozenset(strict)
        self._fillers = frozenset(word for filler in fillers for word in words(filler))
        self._negators = frozenset(word for negator in negators for word in words(negator))
        self._atoms: dict[str, int] = {}
        self._words: dict[int, str] = {}
        self._lexicon: dict[str, list[int]] = defaultdict(list)
        self._numbers: list[tuple[float, float, int]] = []
        self._levels: dict[int, int] = {}
        self._patterns: list[Pattern] = []
        self._names = {self._concept(name, ()): name for name in self._named}
        self._depth = 1 + max(self._levels.values(), default=0)
        self._plan = self._planned()

    @property
    def vocabulary(self) -> frozenset[str]:
        """Every plain word that some pattern or frame uses."""
        return frozenset(self._lexicon) | self._fillers | self._negators

    def read(self, readings: Sequence[tuple[str, ...]]) -> Message:
        """Find every pattern in a message that was already spelt right."""
        fillers = [not self._fillers.isdisjoint(reading) for reading in readings]
        negators = frozenset(at for at, reading in enumerate(readings) if self._negators.issuperset(reading))
        message = Message(list(readings), fillers, sentences(readings), negators)
        self._look_up(message)
        self._search(message)
        return message

    def spans(self, message: Message, name: str) -> list[Span]:
        """Where a named list of patterns was found."""
        atom = self._atoms[f"<{name}>"]
        return spans_of(message, atom) if atom in message.found else []

    def all_spans(self, message: Message) -> dict[str, list[Span]]:
        """Every named list of patterns that was found, with its places."""
        return {self._names[atom]: spans_of(message, atom) for atom in message.found if atom in self._names}

    # -- search ------------------------------------------------------------------------------------

    def _look_up(self, message: Message) -> None:
        for at, reading in enumerate(message.words):
            for word in reading:
                add_word(message, self._lexicon.get(word, ()), at)
                if word[0].isdigit():
                    self._look_up_number(message, at, word)

    def _look_up_number(self, message: Message, at: int, word: str) -> None:
        value = float(word)
        add_word(message, [atom for low, high, atom in self._numbers if low <= value <= high], at)

    def _search(self, message: Message) -> None:
        """Level by level, so that a pattern is looked for when all it is made of has been."""
        plan, found = self._plan, set(message.found)  # a set of its own: patterns are held against it by the hundred
        waiting: list[list[Pattern]] = [[] for _ in range(self._depth)]
        for atom in message.found.keys() & plan.keys():  # in another order the fitted vote is another in its last bits
            for level, said, pattern in plan[atom]:
                if said <= found:
                    waiting[level].append(pattern)
        for patterns in waiting:
            for pattern in patterns:
                if pattern.needs <= found and (spans := search(pattern, message)):
                    if pattern.owner not in found:
                        found.add(pattern.owner)
                        for level, _, further in plan.get(pattern.owner, ()):
                            waiting[level].append(further)
                    add(message, pattern.owner, spans)

    def _planned(self) -> dict[int, list[tuple[int, frozenset[int], Pattern]]]:
        """Patterns under their rarest atom, so that few are looked at: each with its level and the words it needs."""
        uses = Counter(atom for pattern in self._patterns for atom in pattern.needs)
        made = {pattern.owner for pattern in self._patterns}
        plan: dict[int, list[tuple[int, frozenset[int], Pattern]]] = defaultdict(list)
        for pattern in self._patterns:
            rarest = min(pattern.needs, key=lambda atom: (uses[atom], atom))
            plan[rarest].append((self._levels[pattern.owner], pattern.needs - made, pattern))
        return dict(plan)

    # -- compilation -------------------------------------------------------------------------------

    def _concept(self, name: str, within: tuple[str, ...]) -> int:
        atom = self._atoms.get(f"<{name}>")
        if atom is not None and atom in self._levels:
            return atom
        if name in within:
            raise PatternError(f"<{name}> is made of itself: {' -> '.join((*within, name))}")
        if name not in self._named:
            raise PatternError(f"<{name}> in {within[-1] if within else 'a rule'} is not a list of words or a sign")
        atom = self._intern(f"<{name}>")
        patterns = [pattern for says in self._named[name] for pattern in self._compiled(says, atom, (*within, name))]
        self._settle(atom, patterns)
        return atom

    def _settle(self, atom: int, patterns: list[Pattern]) -> None:
        """Keep an atom's patterns; one that is a plain word needs no search, the word stands for it."""
        searched = [pattern for pattern in patterns if not self._is_word(pattern)]
        for pattern in patterns:
            if self._is_word(pattern):
                self._lexicon[self._words[next(iter(pattern.needs))]].append(atom)
        self._patterns += searched
        depth = max((self._levels.get(a, 0) for p in searched for a in p.needs), default=-1)
        self._levels[atom] = 1 + depth

    def _is_word(self, pattern: Pattern) -> bool:
        return isinstance(pattern, InARow) and not pattern.rest and pattern.first in self._words

    def _intern(self, spelling: str) -> int:
        return self._atoms.setdefault(spelling, len(self._atoms))

    def _compiled(self, says: str, owner: int, within: tuple[str, ...]) -> list[Pattern]:
        parts = says.split(" & ")
        if len(parts) == 1:
            return self._sequences(says, owner, within)
        atoms = tuple(self._part(part, within) for part in parts)
        return [Nearby(owner, atoms, frozenset(atoms))]

    def _part(self, says: str, within: tuple[str, ...]) -> int:
        """A piece of an `&` pattern as an atom of its own."""
        known = self._atoms.get(f"&({says})")
        if known is not None:
            return known
        atom = self._intern(f"&({says})")
        self._settle(atom, self._sequences(says, atom, within))
        return atom

    def _sequences(self, says: str, owner: int, within: tuple[str, ...]) -> list[Pattern]:
        choices = [[None, bit[:-1]] if bit.endswith("?") else [bit] for bit in says.split()]
        patterns: list[Pattern] = []
        for chosen in product(*choices):
            patterns += self._sequence([bit for bit in chosen if bit], owner, within) if any(chosen) else []
        return patterns

    def _sequence(self, bits: list[str], owner: int, within: tuple[str, ...]) -> list[Pattern]:
        strict = within[0] in self._strict
        elements: list[tuple[int, int]] = []
        gap = 0
        for bit in bits:
            if bit.startswith(".."):
                gap = int(bit[2:] or (_STRICT_GAP if strict else _GAP))
                continue
            for atom in self._elements(bit, within):
                elements.append((gap, atom))
                gap = 0
        if not elements:
            raise PatternError(f"an empty pattern in <{within[-1]}>")
        atoms = tuple(atom for _, atom in elements)
        return [InARow(owner, atoms[0], tuple(elements[1:]), strict, frozenset(atoms))]

    def _elements(self, bit: str, within: tuple[str, ...]) -> list[int]:
        if "|" in bit:
            return [self._either(bit, within)]
        if bit.startswith("<"):
            return [self._concept(bit.strip("<>"), within)]
        if bit == START:
            return [self._word(START)]
        if bit.startswith("#"):
            return [self._number(bit)]
        if bit.endswith("~"):
            return [self._either(bit, within)]
        return [self._word(word) for word in _words_of(bit)]

    def _either(self, bit: str, within: tuple[str, ...]) -> int:
        known = self._atoms.get(f"({bit})")
        if known is not None:
            return known
        atom = self._intern(f"({bit})")
        members = [form for member in bit.split("|") for form in _endings(member)]
        self._settle(atom, [pattern for form in members for pattern in self._sequence([form], atom, within)])
        return atom

    def _word(self, word: str) -> int:
        atom = self._intern(word)
        if atom not in self._words:
            self._words[atom] = word
            self._lexicon[word].append(atom)
        return atom

    def _number(self, bit: str) -> int:
        atom = self._intern(bit)
        low, _, high = bit[1:].partition("-")
        number = (float(low), float(high or low), atom)
        if number not in self._numbers:
            self._numbers.append(number)
        return atom


def _endings(word: str) -> list[str]:
    """ "pound~" -> pound, pounds, pounded, pounding; other words as they are."""
    if not word.endswith("~"):
        return [word]
    stem = word[:-1]
    if stem.endswith("e"):
        return [stem, f"{stem}s", f"{stem}d", f"{stem[:-1]}ing"]
    if stem.endswith("y") and stem[-2] not in _VOWELS:
        return [stem, f"{stem[:-1]}ies", f"{stem[:-1]}ied", f"{stem}ing"]
    plural = f"{stem}es" if stem.endswith(("s", "sh", "ch", "x", "z")) else f"{stem}s"
    doubled = (
        stem + stem[-1] if stem[-1] not in "aeiouwxy" and stem[-2] in _VOWELS and stem[-3] not in _VOWELS else stem
    )
    return sorted({stem, plural, f"{stem}ed", f"{stem}ing", f"{doubled}ed", f"{doubled}ing"})


@lru_cache(maxsize=8192)
def _words_of(bit: str) -> tuple[str, ...]:
    """The words of one bit of a pattern; the same bits stand in many patterns."""
    return tuple(words(bit.replace("_", " ")))
