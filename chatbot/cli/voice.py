"""The voice that editors' commands ask: English, fitted where it is not fresh."""

import sys
from typing import TYPE_CHECKING

from ..config import Settings

if TYPE_CHECKING:
    from ..assistant import Voice


def voice_of(settings: Settings) -> "Voice":
    """The working parts of English."""
    from ..building import build_voice
    from ..knowledge import load

    return build_voice(load(settings.knowledge_dir).languages["en"], settings, progress=_progress)


def _progress(line: str) -> None:
    print(line, file=sys.stderr)
