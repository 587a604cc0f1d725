"""What was fitted, as bytes without code in them: hides numpy's file, and what a cut one looks like."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from zipfile import BadZipFile

import numpy as np


def dumped(**arrays: Any) -> bytes:
    """Named arrays as bytes that `opened` reads."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


@contextmanager
def opened(kept: bytes) -> Iterator[Mapping[str, Any]]:
    """The named arrays in these bytes.

    Raises ValueError when the bytes are not a whole dump.
    """
    try:
        with np.load(io.BytesIO(kept), allow_pickle=False) as arrays:
            yield arrays
    except (OSError, BadZipFile) as error:
        raise ValueError("not a whole dump") from error
