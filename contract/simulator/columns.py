"""Arrow columns in the contract's stored types, straight from numpy buffers.

Ids are fixed-width digits: a bijection of the number, keyed by the seed, so that they are unique
and tell nothing about order, age or conduct.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Four decimal digits as the bytes of one 32-bit word, for numbers 0 to 9999.
_WORDS = np.frombuffer("".join(f"{i:04d}" for i in range(10_000)).encode(), dtype=np.uint32)
_ODD = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9)  # the constants of splitmix64


def scramble(numbers: Ints, *, key: int, bits: int) -> NDArray[np.uint64]:
    """Permute 0 .. 2**bits - 1 without order: xor-shifts and odd multipliers, each a bijection."""
    mask = np.uint64(2**bits - 1)
    mixed = numbers.astype(np.uint64) ^ (np.uint64(key) & mask)
    for odd in _ODD:
        mixed ^= mixed >> np.uint64(bits // 2)
        mixed = (mixed * np.uint64(odd)) & mask
    return mixed ^ (mixed >> np.uint64(bits // 2))


def digits(numbers: NDArray[np.uint64], *, words: int, lead: str = "") -> NDArray[np.uint8]:
    """Write numbers as text of ``lead`` and four digits a word; one row a number.

    >>> digits(np.array([42], dtype=np.uint64), words=2, lead="3").tobytes()
    b'300000042'
    """
    text = np.empty((len(numbers), words), dtype=np.uint32)
    left = numbers
    for word in range(words - 1, -1, -1):
        left, low = np.divmod(left, np.uint64(10_000))
        text[:, word] = _WORDS[low.astype(np.int64)]
    head = np.frombuffer(lead.encode(), np.uint8)
    front = np.broadcast_to(head, (len(numbers), len(head)))
    return np.concatenate([front, text.view(np.uint8)], axis=1)


def texts(rows: NDArray[np.uint8], present: Bools | None = None) -> pa.Array:
    """Make a text column of rows of bytes; rows that are not present are empty."""
    width = rows.shape[1]
    length = np.full(len(rows), width, dtype=np.int32)
    if present is not None:
        rows, length = rows[present], np.where(present, length, 0).astype(np.int32)
    offsets = np.zeros(len(length) + 1, dtype=np.int32)
    np.cumsum(length, out=offsets[1:])
    buffers = [_valid(present), pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(rows))]
    return pa.Array.from_buffers(pa.string(), len(length), buffers)


def codes(index: Ints | Bools, names: Sequence[str], present: Bools | None = None) -> pa.Array:
    """Make a column of codes; stored as plain text with a dictionary inside the file."""
    mask = None if present is None else ~present
    return pa.DictionaryArray.from_arrays(
        pa.array(index.astype(np.int16), mask=mask), pa.array(list(names), pa.string())
    )


def money(fen: Ints) -> pa.Array:
    """Make a DECIMAL(18,2) column of yuan from integer fen."""
    wide = np.empty((len(fen), 2), dtype=np.int64)
    wide[:, 0], wide[:, 1] = fen, fen >> 63
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(fen), [None, pa.py_buffer(wide)])


def dates(days: Ints, present: Bools | None = None) -> pa.Array:
    """Make a date column from day numbers."""
    mask = None if present is None else ~present
    return pa.array(days.astype(np.int32), pa.int32(), mask=mask).view(pa.date32())


def stamps(seconds: Ints, present: Bools | None = None) -> pa.Array:
    """Make a timestamp column, in microseconds, from seconds."""
    mask = None if present is None else ~present
    kept = seconds if present is None else np.where(present, seconds, 0)
    return pa.array(kept * 1_000_000, pa.int64(), mask=mask).view(pa.timestamp("us"))


def _valid(present: Bools | None) -> pa.Buffer | None:
    return None if present is None else pa.py_buffer(np.packbits(present, bitorder="little"))
