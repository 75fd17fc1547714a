"""The feature dictionary as one searchable page: meaning, formula, and how the values lie.

The page stands alone: no other file, no address outside. Values are those of a matrix that is
given, such as the demo world's; a page of a real utility shows its customers' distributions only.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from features.declare import Feature
from features.dictionary import DIRECTIONS, FAMILIES

BARS = 24
_WIDTH, _HEIGHT = 144, 28


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """How a column's values lie.

    Attributes:
        missing: Share of rows without a value.
        low: The 1st percentile; with ``middle`` (the median) and ``high`` (the 99th) empty for a
            code or a column without values.
        bars: Share of the values in each bar: equal steps from low to high, values beyond them
            in the outer bars; for a code, one bar a level, by name.
    """

    missing: float
    low: float | None = None
    middle: float | None = None
    high: float | None = None
    bars: Mapping[str, float]


def distribution(column: pd.Series, *, is_categorical: bool = False) -> Distribution:
    """Describe one column of a matrix.

    >>> distribution(pd.Series([0.0, 0.0, 1.0, None])).missing
    0.25
    """
    known = column.dropna()
    missing = 1.0 - len(known) / len(column) if len(column) else 1.0
    if is_categorical or known.empty:
        shares = known.astype(str).value_counts(normalize=True).sort_index()
        return Distribution(missing=missing, bars={str(k): float(v) for k, v in shares.items()})
    values = known.to_numpy(dtype=np.float64)
    low, middle, high = np.quantile(values, [0.01, 0.5, 0.99], method="nearest")
    steps = np.linspace(low, high, BARS + 1) if high > low else np.array([low, low + 1.0])
    counts, _ = np.histogram(np.clip(values, low, high), bins=steps)
    named = {f"{edge:.6g}": float(n / len(values)) for edge, n in zip(steps, counts, strict=False)}
    return Distribution(
        missing=missing, low=float(low), middle=float(middle), high=float(high), bars=named
    )


def dictionary_page(
    features: Iterable[Feature],
    matrix: pd.DataFrame,
    *,
    source: str,
    prepaid: tuple[tuple[Feature, ...], pd.DataFrame] | None = None,
    importance: Mapping[str, float] | None = None,
) -> str:
    """Return the page as HTML.

    Args:
        matrix: Rows of which the distributions are told; it has a column a feature.
        prepaid: Further features, of prepaid customers, and the matrix of those.
        source: What the matrix is, in words, such as ``simulated utility, 2026-10-06``.
        importance: A feature's share in the champion, such as of all gain; features that are not
            in it are shown without.
    """
    declared, weights = tuple(features), importance or {}
    sections = _sections(declared, matrix, weights)
    head = f"{len(declared)} columns, {len(matrix):,} open bills"
    if prepaid and len(prepaid[1]):
        sections += _sections(*prepaid, {})
        head += f"; {len(prepaid[0])} columns, {len(prepaid[1]):,} prepaid customers"
    return _PAGE.format(head=f"{head}: {escape(source)}", sections=sections)


def _sections(
    features: tuple[Feature, ...], matrix: pd.DataFrame, weights: Mapping[str, float]
) -> str:
    most = max(weights.values(), default=0.0)
    families = dict.fromkeys(feature.family for feature in features)
    return "".join(
        _section(
            family,
            "".join(
                _row(f, matrix, weights.get(f.name), most) for f in features if f.family == family
            ),
        )
        for family in families
    )


def _section(family: str, rows: str) -> str:
    zh, en = FAMILIES[family]
    return _SECTION.format(title=f"{zh} <small>{family}: {en}</small>", rows=rows)


def _row(feature: Feature, matrix: pd.DataFrame, weight: float | None, most: float) -> str:
    told = distribution(matrix[feature.name], is_categorical=feature.is_categorical)
    window = f"{feature.window.text.zh} {feature.window.text.en}" if feature.window else ""
    facts = (feature.unit, window, DIRECTIONS[feature.direction])
    return _ROW.format(
        name=feature.name,
        zh=escape(feature.description.zh),
        en=escape(feature.description.en),
        facts=escape(" · ".join(fact for fact in facts if fact)),
        empty="missing" if feature.empty is None else f"{feature.empty:g}",
        view=feature.over,
        formula=escape(" ".join(feature.sql.split())),
        missing=f"{told.missing:.1%}",
        numbers=_numbers(told),
        chart=_chart(told),
        weight="" if weight is None else _weight(weight, most),
    )


def _numbers(told: Distribution) -> str:
    if told.low is None:
        return ", ".join(f"{escape(k)} {v:.0%}" for k, v in told.bars.items())
    return f"{told.low:.4g} | <b>{told.middle:.4g}</b> | {told.high:.4g}"


def _chart(told: Distribution) -> str:
    """Draw the bars; the numbers beside them say the same in text."""
    if not told.bars:
        return ""
    tallest = max(told.bars.values())
    step = _WIDTH / len(told.bars)
    drawn = "".join(
        f'<rect x="{at * step:.1f}" y="{_HEIGHT * (1 - share / tallest):.1f}"'
        f' width="{max(step - 1, 1):.1f}" height="{_HEIGHT * share / tallest:.1f}">'
        f"<title>{escape(edge)}: {share:.1%}</title></rect>"
        for at, (edge, share) in enumerate(told.bars.items())
    )
    return f'<svg width="{_WIDTH}" height="{_HEIGHT}" role="img">{drawn}</svg>'


def _weight(weight: float, most: float) -> str:
    part = weight / most if most > 0 else 0.0
    return f'<meter value="{part:.4f}"></meter> {weight:.1%}'


_ROW = """<tr data-text="{name} {zh} {en}">
<td><code>{name}</code><br>{zh}<br><i>{en}</i>
<details><summary>{facts}</summary>empty: {empty} · {view}<br><code>{formula}</code></details></td>
<td class="n">{missing}</td><td>{chart}<br><small>{numbers}</small></td><td class="n">{weight}</td>
</tr>
"""

_SECTION = """<section><h2>{title}</h2>
<table><thead><tr><th>column</th><th>缺失 missing</th><th>分布 1% | median | 99%</th>
<th>重要性 importance</th></tr></thead><tbody>
{rows}</tbody></table></section>
"""

_PAGE = """<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><title>Feature dictionary 特征字典</title>
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; color: #222; }}
input {{ font: inherit; padding: .4rem .6rem; width: 24rem; position: sticky; top: .5rem; }}
table {{ border-collapse: collapse; width: 100%; table-layout: fixed; }}
th, td {{ text-align: left; vertical-align: top; padding: .45rem .6rem; }}
tr {{ border-top: 1px solid #ddd; }}
th:nth-child(1) {{ width: 52%; }} th:nth-child(2) {{ width: 8%; }} th:nth-child(3) {{ width: 26%; }}
.n {{ font-variant-numeric: tabular-nums; }} code {{ overflow-wrap: anywhere; }}
rect {{ fill: #34699a; }} i, small, summary {{ color: #666; }} h2 small {{ font-weight: normal; }}
</style></head><body>
<h1>Feature dictionary 特征字典</h1><p>{head}</p>
<input id="find" type="search" placeholder="查找 find: late, 逾期, 12m" aria-label="find">
{sections}
<script>
const find = document.getElementById("find");
find.addEventListener("input", () => {{
  const words = find.value.toLowerCase().split(/\\s+/);
  for (const section of document.querySelectorAll("section")) {{
    let shown = 0;
    for (const row of section.querySelectorAll("tbody tr")) {{
      const text = row.dataset.text.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += !row.hidden;
    }}
    section.hidden = shown === 0;
  }}
}});
</script></body></html>
"""
