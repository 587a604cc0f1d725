"""The same words as fingers or a microphone spoil them: hides every way a message loses its shape, told by a seed.

For measuring only. The sound-alikes are common English ones; they were written without sight of any base's vocabulary.
"""

import re
from collections.abc import Callable, Mapping
from random import Random  # always with a seed: the same text and seed give the same noise

Noise = Callable[[str, int], str]
SHORTEST = 4
"""Words with fewer letters are never mistyped."""

_LONG_MESSAGE = 8  # words; from here on two words are misheard instead of one
_SHORTEST_SPLIT = 7
_RUN_ON_CHANCE = 0.5
_NEIGHBOURS = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl",
    "p": "ol", "a": "qsz", "s": "adwx", "d": "sfec", "f": "dgrv", "g": "fhtb", "h": "gjyn", "j": "hkum", "k": "jlim",
    "l": "kop", "z": "axs", "x": "zcsd", "c": "xvdf", "v": "cbfg", "b": "vngh", "n": "bmhj", "m": "njk",
}  # fmt: skip
_NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
_SOUND_ALIKES = dict(
    (written, heard)
    for pair in """
    account=a count|arm=harm|arrive=a rive|ask=asked|balance=balanced|bank=bang|better=bitter|bladder=blatter|blood=bled
    body=buddy|book=brook|brain=bran|break=brake|calories=galleries|cancel=can sell|car=cart|card=car|cards=cars
    cash=cache|cell=sell|cells=sells|chance=chants|change=chain|charge=charred|charged=chart|children=chill dren
    clinic=cleaning|cord=chord|cost=cast|covid=cove it|currency=current sea|cure=pure|damage=damaged|day=they
    declined=the client|delivery=deliver e|die=dye|doctor=dock tour|does=dose|email=he mail|exchange=ex change
    feel=fill|feet=feat|fees=freeze|fever=favor|find=fined|flight=fright|for=four|hand=and|hands=hence|heal=heel
    hear=here|help=health|hour=our|identity=eye dentity|immunity=in unity|infected=in fact it|injection=in jection
    injured=in jured|injury=in jury|know=no|leg=lag|legs=lags|light=like|lights=lice|limit=limb it|list=least|long=lung
    lost=lust|mask=mass|masks=max|meeting=meat in|money=many|month=mouth|months=mouths|muscle=mussel|music=muse sick
    neck=next|need=knead|nerve=nerf|nerves=nervous|new=knew|number=numb her|one=won|order=older|pain=pane
    patient=patience|patients=patience|pay=pain|payment=pavement|phone=foam|pin=pen|place=plays|play=plate
    problem=pro blem|rate=wait|receive=receipt|recipe=rest a p|recover=re cover|refund=re fund|restaurant=rest or aunt
    right=write|risk=wrist|safe=save|see=sea|side=sighed|sight=site|some=sum|song=sung|spinal=spine all|spine=spying
    spread=spray|stem=them|stolen=stole in|study=steady|sure=shore|symptoms=some terms|test=text|their=there
    therapy=the rapy|there=their|through=threw|time=thyme|timer=time her|to=two|top=tap|transfer=trans fur
    translate=trance late|treatment=treat mint|trial=trail|trials=trails|vaccine=back scene|vaccines=back scenes
    verify=very fie|virus=fire us|wait=weight|walk=work|way=weigh|weak=week|weather=whether|week=weak|where=wear
    which=witch|whole=hole|work=walk|worse=words|would=wood|year=ear|years=ears
    """.replace("\n", "|").split("|")
    for written, _, heard in [pair.strip().partition("=")]
    if heard
)
# For words without a sound-alike, the first that fits: endings are swallowed, sounds written as they are heard.
_HEARD = (
    (r"ing$", "in"), (r"ed$", ""), (r"(?<=[^s])s$", ""), (r"tion$", "shun"), (r"ph", "f"), (r"igh", "i"),
    (r"ough", "off"), (r"ck", "k"), (r"c(?=[eiy])", "s"), (r"ea", "ee"), (r"ee", "ea"), (r"ai", "ay"),
    (r"([bdfglmnprt])\1", r"\1"), (r"or", "are"), (r"er", "ur"), (r"v", "f"), (r"b", "p"), (r"d$", "t"), (r"e$", ""),
    (r"a", "e"), (r"o", "a"), (r"i", "e"),
)  # fmt: skip


def typos(text: str, seed: int = 0) -> str:
    """The text with one or two slips of the finger, each in a word of its own of four letters or more."""
    chance = Random(f"typos {seed} {text}")
    return mistyped(text, chance, count=chance.choice((1, 2)))


def dictation(text: str, seed: int = 0) -> str:
    """The text as a microphone may hear it: one or two misheard words, often two run together, no punctuation."""
    chance = Random(f"dictation {seed} {text}")
    words = [_spoken(word) for word in re.sub(r"[^\w\s]", "", re.sub(r"[-–—/]", " ", text.lower())).split()]
    unclear = [at for at, word in enumerate(words) if word in _SOUND_ALIKES or len(word) >= SHORTEST]
    for at in chance.sample(unclear, min(1 if len(words) < _LONG_MESSAGE else 2, len(unclear))):
        words[at] = _misheard(words[at], chance)
    if len(words) > 1 and chance.random() < _RUN_ON_CHANCE:
        at = chance.randrange(len(words) - 1)
        words[at : at + 2] = [words[at] + words[at + 1]]
    return " ".join(words)


NOISES: Mapping[str, Noise] = {"typos": typos, "dictation": dictation}


def mistyped(text: str, chance: Random, *, count: int) -> str:
    """The text with a slip in so many of its words, as far as there are words long enough."""
    words = text.split(" ")
    long = [at for at, word in enumerate(words) if sum(map(str.isalpha, word)) >= SHORTEST]
    for at in chance.sample(long, min(count, len(long))):
        words[at] = _slipped(words[at], chance)
    return " ".join(words)


def _slipped(word: str, chance: Random) -> str:
    """One letter dropped, doubled, swapped with the next, or hit beside its key; never the same word again."""
    at = chance.choice([at for at, letter in enumerate(word) if letter.isalpha()][:-1])
    letter, after = word[at], word[at + 1 :]
    ways = [letter * 2 + after, chance.choice(_NEIGHBOURS.get(letter.lower(), "e")) + after]
    if word[at : at + 1] != after[:1]:
        ways += [after[:1] + letter + after[1:], after]
    return word[:at] + chance.choice(ways)


def _spoken(word: str) -> str:
    return _NUMBERS[int(word)] if word.isascii() and word.isdigit() and int(word) < len(_NUMBERS) else word


def _misheard(word: str, chance: Random) -> str:
    if word in _SOUND_ALIKES:
        return _SOUND_ALIKES[word]
    if len(word) >= _SHORTEST_SPLIT and chance.random() < 1 / 2:
        at = chance.randrange(2, len(word) - 2)
        return f"{word[:at]} {word[at:]}"
    for sound, written in _HEARD:
        if re.search(sound, word):
            return re.sub(sound, written, word, count=1)
    return word
