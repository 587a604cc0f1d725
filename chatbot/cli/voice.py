"""The voice that editors' commands ask: English, fitted where it is not fresh."""

import sys
from multiprocessing import Process
from typing import TYPE_CHECKING

from ..config import Settings

if TYPE_CHECKING:
    from ..assistant import Voice


def voice_of(settings: Settings) -> "Voice":
    """The working parts of English."""
    from ..building import build_voice
    from ..knowledge import load

    return build_voice(load(settings.knowledge_dir).languages["en"], settings, progress=_progress)


def fit_beforehand(settings: Settings) -> None:
    """Fit what `voice_of` needs, the gate and the matcher on a processor core each."""
    gate = Process(target=_fit_gate, args=(settings,))
    gate.start()
    _fit_matcher(settings)
    gate.join()


def _fit_gate(settings: Settings) -> None:
    from ..building import build_guard
    from ..knowledge import load

    build_guard(load(settings.knowledge_dir).languages["en"], settings, progress=_progress)


def _fit_matcher(settings: Settings) -> None:
    from ..building import build_matcher
    from ..knowledge import load

    build_matcher(load(settings.knowledge_dir).languages["en"], settings, progress=_progress)


def _progress(line: str) -> None:
    print(line, file=sys.stderr)
