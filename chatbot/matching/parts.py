"""What the matcher is made of, to be left out one by one where it is measured what each part is worth."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parts:
    """The matcher's parts; all of them work unless told otherwise.

    `repair`: unknown words are repaired. `joining`: pieces are put together, run-on words taken apart. `pairs` and
    `letter_runs`: features beside the stems. `word_vectors`: words have a meaning. `nearest` and `coverage`: how near
    the nearest phrasing is, and how many words are known, lower the score.
    """

    repair: bool = True
    joining: bool = True
    pairs: bool = True
    letter_runs: bool = True
    word_vectors: bool = True
    nearest: bool = True
    coverage: bool = True
