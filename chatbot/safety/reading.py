"""Turning a message into words and stops: hides contractions, disguised letters and joined negations."""

import re
from collections.abc import Iterator

from chatbot.text import normalise

START, STOP, PAUSE = "^", ".", ","

_WINDOW = 130
_OVERLAP = 52  # more than any pattern or frame reaches in either direction
_SHORT = 2  # words
_REPEAT = 12  # as many words in a row are no chance
_MAX_KNOWN = 50_000
_WORD = re.compile(r"[a-z]+\d{1,2}(?!\d)|\d+(?:\.\d+)?|[a-z][a-z']*|[.!?]|[,;:()]| - ")
_DISGUISES = (  # (a mark without which there is nothing to do, what to look for, what it stands for)
    ("!1|", re.compile(r"[!1|](?<=\b[a-z].)(?=[a-z])|[!1|](?<=\b[a-z]{2}.)(?=[a-z])"), "i"),
    ("0", re.compile(r"0(?<=[a-z].)(?=[a-z])"), "o"),
    ("3", re.compile(r"3(?<=[abd-km-ru-z].)(?=[a-z])"), "e"),
    ("@", re.compile(r"@(?<=[a-z].)(?=[a-z])"), "a"),
    ("$", re.compile(r"\$(?<=[a-z].)(?=[a-z])|\$(?=[a-z]{3})"), "s"),
    ("*_#", re.compile(r"[*_#](?<=[a-z].)(?=[a-z])"), ""),
    (",", re.compile(r",(?<=\d.)(?=\d)"), "."),
    (" .-", re.compile(r"\b[a-z](?:[ .-][a-z]){3,}\b"), None),
)
_LINES = re.compile(r"[\r\n\u2028\u2029]+")
_SPACING = re.compile(r"[ .-]")
_NEGATED = {
    "can": "cant", "could": "couldnt", "do": "dont", "does": "doesnt", "did": "didnt", "will": "wont",
    "is": "isnt", "are": "arent", "was": "wasnt", "were": "werent", "have": "havent", "has": "hasnt",
    "had": "hadnt", "would": "wouldnt", "should": "shouldnt", "am": "not",
}  # fmt: skip
_ENDINGS = {"m": "am", "re": "are", "ve": "have", "s": "is", "ll": "will", "d": "had"}
_SPELT_AS_ONE = {
    "im": ("i", "am"), "ive": ("i", "have"), "hes": ("he", "is"), "shes": ("she", "is"), "its": ("it", "is"),
    "theyre": ("they", "are"), "theres": ("there", "is"), "thats": ("that", "is"), "whats": ("what", "is"),
    "ima": ("i", "am"), "cannot": ("cant",), "cudnt": ("couldnt",), "dnt": ("dont",), "aint": ("isnt",),
    "youre": ("you", "are"), "theyve": ("they", "have"), "weve": ("we", "have"), "whos": ("who", "is"),
    "isint": ("isnt",), "gonna": ("going", "to"), "wanna": ("want", "to"), "gotta": ("have", "to"),
    "gunna": ("going", "to"), "wnna": ("want", "to"), "lemme": ("let", "me"), "cuz": ("because",),
}  # fmt: skip


class _Letters(dict[int, str]):
    """What each character becomes; learns from `normalise`, up to a bound."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = character if code < 128 else _folded(character)
        if len(self) < _MAX_KNOWN:
            self[code] = folded
        return folded


def _folded(character: str) -> str:
    """Plain letters for a disguised one, nothing for an invisible one, a space for all else."""
    around = normalise(f"1{character}1")[1:-1]
    return around if around.isascii() else " "


_LETTERS = _Letters({ord("\n"): " , "})


def windows(size: int) -> Iterator[tuple[int, int, int]]:
    """Cut a long message: where each piece begins and ends, and from where on it is not the piece before's."""
    own = 0
    for start in range(0, max(1, size - _OVERLAP), _WINDOW - _OVERLAP):
        yield start, min(size, start + _WINDOW), own
        own = start + _WINDOW - _OVERLAP // 2


def words(text: str) -> list[str]:
    """Split into plain words, numbers and stops: "I can't, OK?" -> i cant , ok ."""
    lines = _LINES.sub("\n", text)
    plain = normalise(lines.replace("\n", " , ") if text.isascii() else lines.translate(_LETTERS))
    for marks, pattern, letter in _DISGUISES:
        if any(mark in plain for mark in marks):
            plain = pattern.sub(_closed_up if letter is None else letter, plain)
    return _sentences(_joined(_pieces(_told_once(_WORD.findall(plain)))))


def _told_once(found: list[str]) -> list[str]:
    """Leave out what stands there word by word a second time, as in a pasted or hammered message."""
    if len(found) < 4 * _REPEAT:
        return found
    told: set[tuple[str, ...]] = set()
    once: list[str] = []
    for row in zip(*(found[shift:] for shift in range(_REPEAT)), strict=False):
        if row not in told:
            once.append(row[0])
            told.add(row)
    return once + found[1 - _REPEAT :]


def _closed_up(spelt_out: re.Match[str]) -> str:
    return _SPACING.sub("", spelt_out[0])


def _pieces(found: list[str]) -> list[str]:
    pieces: list[str] = []
    for word in found:
        if "'" in word:
            pieces += _contraction(word)
        elif word in _SPELT_AS_ONE:
            pieces += _SPELT_AS_ONE[word]
        else:
            pieces.append(_stop(word))
    return pieces


def _stop(word: str) -> str:
    if word in ".!?":
        return STOP
    return PAUSE if word in ",;:() - " else word


def _contraction(word: str) -> tuple[str, ...]:
    stem, _, ending = word.rpartition("'")
    stem = stem.replace("'", "")
    if ending in _ENDINGS:
        return (stem, _ENDINGS[ending])
    if ending == "t" and not stem.endswith("n"):
        stem += "n"
    together = stem + ending
    return _SPELT_AS_ONE.get(together, (together,))


def _sentences(pieces: list[str]) -> list[str]:
    """Soften the stop after one or two words: "Help. Chest pain." is one cry, not two sentences."""
    length = 0
    softened: list[str] = []
    for word in pieces:
        length = 0 if word == STOP and length > _SHORT else length + (word not in (STOP, PAUSE))
        softened.append(PAUSE if word == STOP and length else word)
    return softened


def _joined(pieces: list[str]) -> list[str]:
    joined: list[str] = []
    for word in pieces:
        before = joined[-1] if joined else ""
        if word == "not" and before in _NEGATED:
            joined[-1] = _NEGATED[before]
        elif word == "t" and before + "t" in _CUT_OFF:
            joined[-1] = before + "t"
        else:
            joined.append(word)
    return joined


_CUT_OFF = frozenset((*_NEGATED.values(), "cant", "dont", "wont")) - {"not"}
