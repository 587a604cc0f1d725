"""Which label an utterance means: hides spelling, features, the fit and word meanings; knows nothing of the base."""

from .matcher import FORMAT, Explanation, Matcher
from .parts import Parts
from .vocabulary import Vocabulary
from .words import shipped as shipped_words

__all__ = ["FORMAT", "Explanation", "Matcher", "Parts", "Vocabulary", "shipped_words"]
