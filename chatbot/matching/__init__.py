"""Which label an utterance means: hides spelling, features, the vote and word meanings; knows nothing of the base."""

from .matcher import FORMAT, Explanation, Matcher
from .vocabulary import Vocabulary

__all__ = ["FORMAT", "Explanation", "Matcher", "Vocabulary"]
