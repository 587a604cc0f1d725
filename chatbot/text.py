"""Reading what visitors type: hides unicode's tricks behind plain lower-case words."""

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from itertools import pairwise

# look-alike letters from other scripts, folded so that a disguised word is still the word
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһңкмтвгпԛԝɡıαορτνικη",
    "aeopcyxijsdhhkmtbrnqwgiaoptvikn",
)
_APOSTROPHES = dict.fromkeys(map(ord, "‘’‛ʼʹ`´＇′"), "'")
_QUOTES = dict.fromkeys(map(ord, "“”„‟«»″"), '"')
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")
_PUNCTUATION = {**_APOSTROPHES, **_QUOTES, **_DASHES, ord("…"): "."}
_CONTROLS = dict.fromkeys((*range(ord(" ")), 0x7F), " ")
_REPEATED = re.compile(r"([a-z!?.])\1{2,}")
_TOKEN = re.compile(r"(?<![^\W_])[a-z0-9]+(?:'[a-z]+)*(?![^\W_])")
_ENDINGS = (
    "ations", "ation", "ments", "ment", "ings", "ing", "ied", "ies", "edly", "ed", "ers", "er", "ally", "ly", "es",
    "s", "e", "y",
)  # fmt: skip
_SHORTEST_STEM = 3


def normalise(text: str) -> str:
    """Fold case, accents, look-alikes, invisible characters and long repeats into plain text.

    Idempotent. Letters of other scripts stay; line breaks and control characters become spaces.
    """
    folded = text if text.isascii() else _fold_unicode(text)
    return " ".join(_REPEATED.sub(r"\1\1", folded.lower().translate(_CONTROLS)).split())


def _fold_unicode(text: str) -> str:
    for _ in range(3):  # folding one layer can uncover another (a styled letter under a mark)
        decomposed = unicodedata.normalize("NFKD", text.translate(_PUNCTUATION)).casefold()
        visible = "".join(c for c in decomposed if _category(c) not in ("Mn", "Me", "Cf", "Cs"))
        folded = "".join(" " if _category(c) == "Cc" else c for c in visible)
        folded = folded.translate(_PUNCTUATION).translate(_LOOKALIKES)
        if folded == text:
            break
        text = folded
    return text


def _category(character: str) -> str:
    return "Ll" if character.isascii() and character >= " " else unicodedata.category(character)


def tokens(text: str) -> tuple[str, ...]:
    """Split into lower-case words and numbers: "Can't it? T-10" -> ("can't", "it", "t", "10")."""
    return tuple(_TOKEN.findall(normalise(text)))


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A word without its common endings: light, so that unlike words stay apart."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word


# -- taking out what may tell who wrote --------------------------------------------------------------

HIDDEN = "…"
"""Stands for what was taken out."""

_PIECE = re.compile(r"[\w'@.+:/#&%*()-]+|[^\w\s]")
_INTRODUCES = frozenset((
    "mr", "mrs", "ms", "miss", "mx", "dr", "doctor", "doc", "prof", "professor", "nurse", "sister", "name",
    "named", "called", "signed", "regards",
))  # fmt: skip
_STREETS = frozenset((
    "street", "st", "road", "rd", "avenue", "ave", "lane", "ln", "drive", "dr", "boulevard", "blvd", "terrace",
    "crescent", "court", "close", "square", "highway",
))  # fmt: skip
_MONTHS = frozenset((
    "january", "february", "march", "april", "june", "july", "august", "september", "october", "november",
    "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sept", "sep", "oct", "nov", "dec",
))  # fmt: skip
_NUMBERS = frozenset((
    "zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
    "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand", "double",
    "triple",
))  # fmt: skip


def redact(text: str, known: Collection[str]) -> str:
    """The text's plain words, with everything hidden that may tell who wrote it.

    Only words that are in `known` stay, so that a name, an address or a record number needs no rule to be
    hidden. Words that are known but may be part of one go too: after a title or "name", before a word like
    "street", months, numbers written out, and capitals inside a sentence. It hides too much rather than too little.
    """
    pieces = _PIECE.findall(unicodedata.normalize("NFKC", text))
    shown = [_shown(piece, before, known) for before, piece in zip([".", *pieces], pieces, strict=False)]
    plain = [normalise(piece).strip("'.:()-") for piece in pieces]
    for place, word in enumerate(plain):
        if word in _INTRODUCES:
            _hide(shown, place + 1, place + 5)
        if word in _STREETS:
            _hide(shown, place - 3, place + 1)
    kept = [word for word, after in pairwise([*shown, ""]) if word and not word == after == HIDDEN]
    return " ".join(kept)


def _shown(piece: str, before: str, known: Collection[str]) -> str:
    """The piece as a plain word, HIDDEN, or nothing for a mark."""
    word = normalise(piece).strip("'.:()-")
    if not any(map(str.isalnum, piece)):
        return ""
    inside = before[-1:] not in ".!?:;,"
    named = piece[:1].isupper() and inside and piece not in ("I", "I'm", "I've", "I'd", "I'll")
    if named or word in _MONTHS or word in _NUMBERS or not word.replace("'", "").isalpha() or word not in known:
        return HIDDEN
    return word


def _hide(shown: list[str], start: int, end: int) -> None:
    for place in range(max(0, start), min(end, len(shown))):
        shown[place] = shown[place] and HIDDEN
