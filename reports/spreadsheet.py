"""What leaves for a spreadsheet: no text of it is run as a formula."""

import pandas as pd

from contract.spreadsheet import inert

__all__ = ["inert", "inert_frame"]


def inert_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame to write as CSV: numbers as they are, texts and heads inert.

    A carriage return becomes a line feed: alone it is not quoted in a CSV whose lines end by
    line feeds, and what follows it would stand at the start of a row.
    """
    told = {head: _inert_column(frame[head]) for head in frame.columns}
    return pd.DataFrame(told, index=frame.index).rename(columns=_inert_value)


def _inert_column(values: pd.Series) -> pd.Series:
    if not (pd.api.types.is_string_dtype(values) or isinstance(values.dtype, pd.CategoricalDtype)):
        return values
    return values.astype(object).map(_inert_value, na_action="ignore")


def _inert_value(value: object) -> object:
    if not isinstance(value, str):
        return value
    return inert(value).replace("\r\n", "\n").replace("\r", "\n")
