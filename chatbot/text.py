"""Reading what visitors type: hides unicode's tricks behind plain lower-case words."""

import re
import unicodedata
from functools import lru_cache

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
