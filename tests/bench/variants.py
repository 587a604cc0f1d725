"""Ways in which the same words reach the gate: typing, dictation, disguise, and what stands around them."""

import random
import re
from collections.abc import Callable, Iterator

from chatbot.noise import mistyped

_STORY = (
    "We drove home from the shops on Tuesday and my sister made tea while the dog slept by the window. "
    "The weather has been grey and the roof needs a new gutter. {} "
    "Anyway the neighbours came round with a cake and we talked about the garden and the football until it got dark."
)
_THIRD = (
    (r"\bI'm\b|\bI’m\b|\bim\b", "{} is"), (r"\bI've\b|\bI’ve\b|\bive\b", "{} has"), (r"\bI am\b", "{} is"),
    (r"\bI have\b", "{} has"), (r"\bI want\b", "{} wants"), (r"\bI\b|\bi\b", "{}"), (r"\bmyself\b", "himself"),
    (r"\bmy\b|\bMy\b", "his"), (r"\bme\b", "him"),
)  # fmt: skip
_DICTATED = (
    ("dysreflexia", "dis reflexia"), ("autonomic", "auto nomic"), ("an AD attack", "a d attack"),
    ("catheter is", "cath is"), ("bipap", "by pap"), ("suprapubic", "super pubic"), ("baclofen", "back low fen"),
    ("seizure", "sea sure"),
)  # fmt: skip


def variants(text: str, *, seed: int) -> Iterator[tuple[str, str]]:
    """Every mechanical variant of a message with the name of its kind; the same seed gives the same ones."""
    chance = random.Random(seed)
    for name, change in _CHANGES.items():
        changed = change(text, chance)
        if changed != text:
            yield name, changed


def _doubled(text: str, chance: random.Random) -> str:
    words = text.split(" ")
    at = chance.randrange(len(words))
    words[at] += words[at][-1:] * 2
    return " ".join(words)


def _third_person(who: str) -> Callable[[str, random.Random], str]:
    def change(text: str, _: random.Random) -> str:
        for pattern, said in _THIRD:
            text = re.sub(pattern, said.format(who), text)
        return text

    return change


def _dictated(text: str, _: random.Random) -> str:
    for written, heard in _DICTATED:
        text = text.replace(written, heard)
    return text


def _wide(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


_CHANGES: dict[str, Callable[[str, random.Random], str]] = {
    "no punctuation": lambda text, _: re.sub(r"[,.;:!?]", "", text),
    "capitals": lambda text, _: text.upper(),
    "apostrophe ’": lambda text, _: text.replace("'", "’"),
    "apostrophe ʼ": lambda text, _: text.replace("'", "ʼ"),
    "apostrophe `": lambda text, _: text.replace("'", "`"),
    "apostrophe gone": lambda text, _: text.replace("'", "").replace("’", ""),
    "doubled letters": _doubled,
    "one edit": lambda text, chance: mistyped(text, chance, count=1),
    "two edits": lambda text, chance: mistyped(text, chance, count=2),
    "zero-width": lambda text, _: re.sub(r"(\w)(\w)(\w)", "\\1\u200b\\2\\3", text),
    "full-width": lambda text, _: _wide(text),
    "emoji": lambda text, _: f"😰 {text} 🙏",
    "hi": lambda text, _: f"hi, {text}",
    "please reply": lambda text, _: f"{text} please reply",
    "story": lambda text, _: _STORY.format(text if text[-1] in ".?!" else f"{text}."),
    "question before": lambda text, _: f"how long does the treatment take? {text}",
    "question after": lambda text, _: f"{text}. also how much does it cost?",
    "my husband": _third_person("my husband"),
    "mum": _third_person("mum"),
    "my client": _third_person("my client"),
    "dictation": _dictated,
}
