"""Frames as compact columns of JSON, and the JSON as the text that the page carries.

A column becomes ``{"v": [...]}``, or ``{"d": [...], "i": [...]}`` where values repeat: the places
``i`` point into the different values ``d``. Nothing known is null, or -1 among the places. Money
is whole fen and a probability whole ten-thousandths, so that no digit is kept that nobody reads.
"""

import base64
import gzip
import json
from typing import Any

import numpy as np
import pandas as pd

# What a column's values are multiplied by before they are rounded to whole numbers.
SCALES = {"_cny": 100, "p_late": 10_000}


def pack(frame: pd.DataFrame) -> dict[str, Any]:
    """Return a frame's columns as JSON values; the index is left out."""
    return {
        "rows": len(frame),
        "columns": {str(name): _column(str(name), frame[name]) for name in frame.columns},
    }


def encode(value: Any) -> str:
    """Return JSON values as gzip in base64; the same values give the same text.

    The alphabet of base64 has no character that could end a script element or open a tag.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=9, mtime=0)).decode("ascii")


def _column(name: str, values: pd.Series) -> dict[str, Any]:
    if pd.api.types.is_bool_dtype(values):
        return {"v": values.astype(int).tolist()}
    if pd.api.types.is_datetime64_any_dtype(values):
        return _texts(values.dt.strftime("%Y-%m-%d"))
    if pd.api.types.is_numeric_dtype(values):
        return _numbers(values, _scale(name))
    return _texts(values)


def _scale(name: str) -> int:
    return next((scale for ending, scale in SCALES.items() if name.endswith(ending)), 1)


def _numbers(values: pd.Series, scale: int) -> dict[str, Any]:
    known = values.notna().to_numpy()
    scaled = values.fillna(0).to_numpy(dtype=np.float64) * scale
    whole = np.rint(scaled).astype(np.int64).tolist()
    told = whole if known.all() else [v if k else None for v, k in zip(whole, known, strict=True)]
    return {"v": told} if scale == 1 else {"v": told, "scale": scale}


def _texts(values: pd.Series) -> dict[str, Any]:
    places, different = pd.factorize(values.astype(object), use_na_sentinel=True)
    texts = [str(value) for value in different]
    if 2 * len(texts) > len(values) and not (places < 0).any():
        return {"v": [texts[place] for place in places]}
    return {"d": texts, "i": places.tolist()}
