"""The tables of the model card that tell how rankings did on months judged."""

from collections.abc import Iterable, Mapping
from typing import Any

from features.declare import Text
from models.judging import MODEL, SCORECARD
from reports.card_facts import Stretch
from reports.card_tables import Cell, Row, Table, count, heads_of, number, share, with_ends, written
from reports.card_wording import CardWording

# Fewer late bills than this, and a share of them says little: 30 give an interval of +-18 points.
FEW_LATE = 30
# Groups of whom a difference has to be explained (domain 3.11).
FAIRNESS = ("urban_rural", "tariff", "protected", "segment")
_MEAN, _LEAD = ("mean", "low", "high"), ("lead", "lead_low", "lead_high")


def caught_table(stretch: Stretch, wording: CardWording) -> Table:
    """Return what each ranking's lists catch, with intervals and the model's lead."""
    told = _headlines(stretch, "late_amount_caught")
    codes = ("ranking", "amount", "worst", "trend", "lead", "caught", "precision", "lift")
    rows = [
        Row(
            cells=(
                one.name,
                with_ends(told.get(one.id, {}), _MEAN, ".1%"),
                share(told.get(one.id, {}).get("worst")),
                written(told.get(one.id, {}).get("trend"), "+.2%"),
                "" if one.id == MODEL else with_ends(told.get(one.id, {}), _LEAD, "+.1%"),
                share(one.figures.get("late_caught")),
                share(one.figures.get("precision")),
                number(one.figures.get("lift"), 2),
            ),
            look="ours" if one.id == MODEL else "",
        )
        for one in stretch.judged
    ]
    return Table(heads=heads_of(wording, codes), rows=tuple(rows))


def scores_table(stretch: Stretch, wording: CardWording) -> Table:
    """Return how well each score ranks and how true each probability is."""
    every, clean = _headlines(stretch, "auc"), _headlines(stretch, "clean_auc")
    codes = ("ranking", "auc", "lead", "clean", "lead", "pr_auc", "ks", "brier", "ece")
    rows = []
    for one in stretch.judged:
        leads = [
            "" if one.id == MODEL else with_ends(told.get(one.id, {}), _LEAD, "+.3f")
            for told in (every, clean)
        ]
        rows.append(
            Row(
                cells=(
                    one.name,
                    with_ends(every.get(one.id, {}), _MEAN, ".3f"),
                    leads[0],
                    with_ends(clean.get(one.id, {}), _MEAN, ".3f"),
                    leads[1],
                    *(number(one.figures.get(name)) for name in ("pr_auc", "ks", "brier", "ece")),
                ),
                look="ours" if one.id == MODEL else "",
            )
        )
    return Table(heads=heads_of(wording, codes), rows=tuple(rows))


def months_table(stretch: Stretch, wording: CardWording) -> Table:
    """Return, a month, what the acceptance rule looks at."""
    months = stretch.by_month.set_index(["as_of", "ranking"])
    names = {one.id: one.name for one in stretch.judged}
    rivals = [id_ for id_ in (SCORECARD, "months_behind") if id_ in names]
    columns = [
        *(("amount", "late_amount_caught", id_) for id_ in (MODEL, *rivals)),
        *(("clean", "clean_auc", id_) for id_ in (MODEL, SCORECARD) if id_ in names),
    ]
    heads = [_beside(wording.heads[head], names[id_]) for head, _, id_ in columns]
    rows = [
        Row(
            cells=(
                as_of,
                count(months.loc[(as_of, MODEL), "rows"]),
                share(months.loc[(as_of, MODEL), "late_rate"]),
                *(
                    (share if head == "amount" else number)(months.loc[(as_of, id_), figure])
                    for head, figure, id_ in columns
                ),
            )
        )
        for as_of in dict.fromkeys(stretch.by_month["as_of"])
    ]
    return Table(
        heads=(*heads_of(wording, ("month", "rows", "late_rate")), *heads), rows=tuple(rows)
    )


def slices_table(stretch: Stretch, wording: CardWording) -> Table:
    """Return how every group fares, under the name of what it is a group by."""
    codes = (
        *("group", "rows", "late_rate", "probability", "auc", "scorecard_auc"),
        *("caught", "alarms"),
    )
    rows: list[Row] = []
    for name, levels in stretch.by_slice.groupby("slice", sort=False):
        if name != "all":
            rows.append(Row(cells=(wording.slices[str(name)],), look="group"))
        rows += [_slice(level, wording) for level in levels.to_dict("records")]
    return Table(heads=heads_of(wording, codes), rows=tuple(rows))


def _slice(level: Mapping[Any, Any], wording: CardWording) -> Row:
    name: Cell = wording.slices["all"]
    if level["slice"] != "all":
        name = wording.levels.get(level["level"], level["level"])
    return Row(
        cells=(
            name,
            count(level["rows"]),
            _rate(level),
            share(level["mean_probability"]),
            number(level["auc"]),
            number(level["scorecard_auc"]),
            share(level["caught"]),
            share(level["alarms"]),
        ),
        look="few" if _is_few(level) else "",
    )


def _rate(level: Mapping[Any, Any]) -> str:
    """Write a late rate with its interval, starred where the probabilities told lie outside."""
    low, high, told = level["late_low"], level["late_high"], level["mean_probability"]
    outside = " *" if told < low or told > high else ""
    return f"{share(level['late_rate'])} [{share(low)}, {share(high)}]{outside}"


def _is_few(level: Mapping[Any, Any]) -> bool:
    return bool(level["rows"] * level["late_rate"] < FEW_LATE - 0.5)


def gaps_table(stretch: Stretch, wording: CardWording) -> Table:
    """Return the widest gap of what is caught and of false alarms, over the groups that tell."""
    rows = []
    for name in FAIRNESS:
        levels = stretch.by_slice[stretch.by_slice["slice"] == name].to_dict("records")
        telling = [level for level in levels if not _is_few(level)]
        if len(telling) < 2:
            continue
        for figure in ("caught", "alarms"):
            low, high = (pick(telling, key=lambda one: one[figure]) for pick in (min, max))
            rows.append(
                Row(
                    cells=(
                        wording.slices[name],
                        wording.heads[figure],
                        _ends_of_gap(low, high, figure, wording),
                        written(100 * (high[figure] - low[figure]), ".1f"),
                    )
                )
            )
    codes = ("group", "figure", "ends", "gap")
    return Table(heads=heads_of(wording, codes), rows=tuple(rows), words=3)


def _ends_of_gap(
    low: Mapping[Any, Any], high: Mapping[Any, Any], figure: str, wording: CardWording
) -> Text:
    names = [
        wording.levels.get(one["level"], Text(zh=one["level"], en=one["level"]))
        for one in (low, high)
    ]
    zh, en = (
        f"{a} {share(low[figure])} – {b} {share(high[figure])}"
        for a, b in ((names[0].zh, names[1].zh), (names[0].en, names[1].en))
    )
    return Text(zh=zh, en=en)


def groups_table(stretch: Stretch, wording: CardWording) -> Table:
    """Return where the mean probability lies in the late rate's interval."""
    codes = ("group", "rows", "late", "probability", "late_rate", "interval", "alike")
    rows: list[Row] = []
    for name, groups in stretch.by_group.groupby("of", sort=False):
        head = wording.heads["month"] if name == "month" else wording.slices[str(name)]
        rows.append(Row(cells=(head,), look="group"))
        rows += [
            Row(
                cells=(
                    wording.levels.get(one["group"], one["group"]),
                    count(one["rows"]),
                    count(one["late"]),
                    share(one["mean_p"]),
                    share(one["late_rate"]),
                    f"[{share(one['low'])}, {share(one['high'])}]",
                    "✓" if one["inside"] else "✗",
                ),
                look="few" if one["late"] < FEW_LATE else "",
            )
            for one in groups.to_dict("records")
        ]
    return Table(heads=heads_of(wording, codes), rows=tuple(rows))


def line_table(stretches: Iterable[Stretch], wording: CardWording) -> Table:
    """Return the model's calibration on all months of each stretch."""
    codes = ("slope", "intercept", "ece", "brier", "probability", "late_rate")
    figures = ("calibration_slope", "calibration_intercept", "ece", "brier")
    rows = [
        Row(
            cells=(
                wording.stretches[stretch.id],
                *(
                    number(model.get(name), 3 if name in {"ece", "brier"} else 2)
                    for name in figures
                ),
                share(model.get("mean_probability")),
                share(model.get("late_rate")),
            )
        )
        for stretch in stretches
        for model in [stretch.judged[0].figures]
    ]
    return Table(heads=("", *heads_of(wording, codes)), rows=tuple(rows))


def _headlines(stretch: Stretch, figure: str) -> dict[str, dict[Any, Any]]:
    rows = stretch.summary[stretch.summary["figure"] == figure]
    return {row["ranking"]: row for row in rows.to_dict("records")}


def _beside(first: Text, second: Text) -> Text:
    return Text(zh=f"{first.zh}：{second.zh}", en=f"{first.en}: {second.en}")
