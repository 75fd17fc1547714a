"""Pictures of what drives the score, drawn by the shap library from contributions computed once.

Of a row that is drawn alone only rounded values are shown and never an id: the pictures go to
MLflow and onto the model card (domain 2.6, PIPL art. 51).
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from models.cold_start import insufficient
from models.encoding import encode
from models.explain import Contributions, contributions
from models.judging import clean_history
from models.predictor import Model

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_LOG_ODDS = "contribution to the log-odds of paying late"
# Of all rows, the share whose risk speaks loudest, among which the relieved one is looked for.
_RISKY = 0.1


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Some rows and what each feature adds to their raw score.

    Attributes:
        rows: Matrix rows.
        encoded: The features as the model reads them, columns as in ``found``.
        found: Contributions, one row per row.
        p: Calibrated probability of each row.
        levels: Categories of the categorical features.
    """

    rows: pd.DataFrame
    encoded: pd.DataFrame
    found: Contributions
    p: FloatArray
    levels: Mapping[str, tuple[str, ...]]

    def strongest(self, most: int) -> list[str]:
        """Return the features that move the score most, on average over the rows."""
        size = np.abs(self.found.log_odds).mean(axis=0)
        return [self.found.names[at] for at in np.argsort(-size, kind="stable")[:most]]

    def shown(self, row: int) -> list[str]:
        """Return a row's values as a picture tells them: two digits, or the category."""
        return [
            _rounded(value, self.levels.get(name))
            for name, value in zip(self.found.names, self.encoded.iloc[row], strict=True)
        ]


def explain_sample(
    model: Model, matrix: pd.DataFrame, *, rows: int = 2_000, seed: int = 0
) -> Sample:
    """Draw rows and explain them; the first by rank is always among them.

    Args:
        model: What to explain; a rule has nothing to explain.
        matrix: Rows to draw from.
        rows: Size of the sample; exact contributions are computed for about 1,700 rows a second.
        seed: Of the draw.
    """
    p = model.predict(matrix)
    first = int(np.argmax(model.priority(matrix, p)))
    drawn = np.random.default_rng(seed).permutation(len(matrix))[:rows]
    at = np.union1d(drawn, [first])
    chosen = matrix.iloc[at].reset_index(drop=True)
    names = model.core.features
    levels = {name: tuple(known) for name, known in model.card.levels.items()}
    return Sample(
        rows=chosen,
        encoded=pd.DataFrame(encode(chosen, names, levels), columns=names),
        found=contributions(model, chosen),
        p=p[at],
        levels=levels,
    )


def pick_rows(model: Model, sample: Sample) -> dict[str, int]:
    """Return five rows worth a picture each, by kind; a kind without a row is left out.

    ``first``: the first by rank; ``clean``: the riskiest with a clean history; ``relieved``: of
    the rows with the loudest risk, the one that most speaks for; ``new``: the riskiest without
    sufficient history; ``median``: the one in the middle by probability. No row is given twice.
    """
    log_odds = sample.found.log_odds
    risk = np.clip(log_odds, 0, None).sum(axis=1)
    relief = np.clip(log_odds, None, 0).sum(axis=1)
    everyone = np.ones(len(sample.p), dtype=bool)
    wanted: dict[str, tuple[Mask, FloatArray]] = {
        "first": (everyone, model.priority(sample.rows, sample.p)),
        "clean": (clean_history(sample.rows), sample.p),
        "relieved": (risk >= np.quantile(risk, 1 - _RISKY), -relief),
        "new": (insufficient(sample.rows), sample.p),
        "median": (everyone, -np.abs(sample.p - np.median(sample.p))),
    }
    picked: dict[str, int] = {}
    for kind, (among, by) in wanted.items():
        free = among.copy()
        free[list(picked.values())] = False
        if free.any():
            picked[kind] = int(np.argmax(np.where(free, by, -np.inf)))
    return picked


def shap_summary(sample: Sample, *, most: int = 20, seed: int = 0) -> Figure:
    """Draw the shap library's summary: each dot a row, right is riskier, strongest feature first.

    Args:
        sample: What to draw.
        most: Features shown.
        seed: Of the dots' jitter.
    """

    def draw(shap: Any, figure: Figure) -> None:
        shap.summary_plot(
            sample.found.log_odds,
            sample.encoded,
            max_display=most,
            show=False,
            rng=np.random.default_rng(seed),
        )
        figure.axes[0].set_xlabel(_LOG_ODDS)

    return _by_shap(draw)


def shap_dependence(sample: Sample, *, most: int = 10) -> Figure:
    """Draw what each value of the strongest features adds, a panel a feature, each dot a row."""
    names = sample.strongest(most)

    def draw(shap: Any, figure: Figure) -> None:
        lines = -(-len(names) // 2)
        figure.set_size_inches(11, 2.7 * lines)
        panels = np.atleast_1d(figure.subplots(lines, 2, squeeze=False)).ravel()
        explained = _explanation(shap, sample)
        for panel, name in zip(panels, names, strict=False):
            shap.plots.scatter(
                explained[:, name], ax=panel, show=False, dot_size=6, color="#34699a"
            )
            panel.set_ylabel("log-odds")
            _name_levels(panel, sample.levels.get(name))
        for panel in panels[len(names) :]:
            panel.remove()

    return _by_shap(draw)


def shap_waterfall(sample: Sample, row: int, *, most: int = 9) -> Figure:
    """Draw how one row comes to its raw score, from the base, feature by feature; without an id."""

    def draw(shap: Any, figure: Figure) -> None:
        one = shap.Explanation(
            values=sample.found.log_odds[row],
            base_values=float(sample.found.base[row]),
            data=np.array(sample.shown(row), dtype=object),
            feature_names=list(sample.found.names),
        )
        shap.plots.waterfall(one, max_display=most, show=False)
        figure.set_size_inches(9, 4)

    return _by_shap(draw)


def _by_shap(draw: Callable[[Any, Figure], None]) -> Figure:
    """Let shap draw on a figure of pyplot's, and take it out of pyplot's hands."""
    with warnings.catch_warnings():
        # shap 0.51 still calls Colormap.set_bad; this may go when it no longer does.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        # shap and pyplot cost seconds to import and are needed for these pictures alone.
        import shap  # noqa: PLC0415
        from matplotlib import pyplot as plt  # noqa: PLC0415

        figure = plt.figure()
        try:
            draw(shap, figure)
            figure.set_layout_engine("tight")
            FigureCanvasAgg(figure)
            return figure
        finally:
            plt.close(figure)


def _explanation(shap: Any, sample: Sample) -> Any:
    return shap.Explanation(
        values=sample.found.log_odds,
        base_values=sample.found.base,
        data=sample.encoded.to_numpy(),
        feature_names=list(sample.found.names),
    )


def _name_levels(panel: Any, levels: tuple[str, ...] | None) -> None:
    if levels is not None:
        panel.set_xticks(range(len(levels)), levels, rotation=20, fontsize=7)


def _rounded(value: float, levels: tuple[str, ...] | None) -> str:
    """Return two digits of a value: what a picture needs, and too little to find somebody by.

    >>> _rounded(321.55, None), _rounded(0.0, None), _rounded(1.0, ("debit", "counter"))
    ('320', '0', 'counter')
    """
    if np.isnan(value):
        return "missing"
    if levels is not None:
        return levels[int(value)]
    return f"{float(f'{value:.2g}'):g}"
