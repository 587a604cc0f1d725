"""Taking out of a text what may tell who wrote it: hides by which marks names, addresses and numbers are known."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from itertools import pairwise

from .text import normalise, tokens

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


def plain_words(asked: Iterable[Iterable[str]]) -> frozenset[str]:
    """The words that two entries and more are asked with, given the ways to ask each: what is rarer may be a name."""
    used = Counter(word for texts in asked for word in {word for text in texts for word in tokens(text)})
    return frozenset(word for word, entries in used.items() if entries > 1)


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
