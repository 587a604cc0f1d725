"""How time and memory grow with the number of phrasings."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from chatbot.noise import typos

from .figures import Stopwatch, memory_mb, progress
from .peers import PEERS
from .trials import BASE, Trial, full_phrasings, grown, spread, trial

SIZES = (1_000, 10_000, 100_000)
QUICK_SIZES = (500, 2_000)
_ASKED, _MANY, _ASKED_OF_MANY = 1_000, 10_000, 400  # fewer messages where each takes longer
_SOURCES = ("banking77", "clinc150", "hwu64")


def growth(name: str, size: int, *, public: Path | None, questions: Sequence[Path], most: int | None) -> dict[str, Any]:
    """Time and memory of one matcher on so many phrasings."""
    phrasings = grown(full_phrasings(public), size)
    asked = most or (_ASKED_OF_MANY if size > _MANY else _ASKED)
    texts = _messages(asked, public=public, questions=questions)
    fitting, watch = Stopwatch(), Stopwatch()
    peer = fitting.time(partial(PEERS[name], Trial("growth", phrasings, ())))
    for text in progress(f"{name} {size:,}", texts):
        watch.time(partial(peer.best, text))
    count = sum(map(len, phrasings.values()))
    return {**watch.figures(), "memory": memory_mb(), "fit_s": fitting.taken[0] / 1000, "phrasings": count,
            "labels": len(phrasings), "asked": len(texts)}  # fmt: skip


def _messages(most: int, *, public: Path | None, questions: Sequence[Path]) -> tuple[str, ...]:
    """Messages that are not among the phrasings, every second one mistyped."""
    names = _SOURCES if public else (BASE,)
    rows = [row for name in names for row in trial(name, public=public, questions=questions).rows]
    return tuple(typos(row.text) if at % 2 else row.text for at, row in enumerate(spread(tuple(rows), most)))
