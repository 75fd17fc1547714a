"""The report's workbook: the list with its plan, a sheet a grid, sums, changes and a glossary.

It is sealed as the list is, and comes back as the list does. The same inputs give the same bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from xlsxwriter import Workbook

from features.declare import Text
from reports.changes import Changes
from reports.changes_sheet import write_changes
from reports.columns import LISTING
from reports.cover import Contents, write_cover
from reports.facts import RunFacts
from reports.glossary import write_glossary
from reports.groups import COLUMN_OF, By, Group, group_by, sheet_name
from reports.list_sheet import (
    REPORT,
    ListTable,
    check_fits_sheet,
    list_table,
    sheet_columns,
    write_list_sheet,
)
from reports.page.glance import AGING, age_of_arrears
from reports.records_sheet import write_records_sheet
from reports.seal import PROPERTY
from reports.styles import Styles
from reports.summary import Sums, largest, sums_by, write_summary
from reports.wording import Wording, both
from reports.workbook import OPTIONS, describe

# What a sheet of one grid or manager does without: it is the same for all, or on the list.
_NOT_ON_GROUPS = (
    *("org_id", "pay_arrangement", "cycle", "amount_cny", "bills_seen", "history"),
    *("moved", "labels", "latest_on", "next_on"),
)
_NAMED = 6  # groups without a sheet that the cover names


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the workbook is made of.

    Attributes:
        listed: The list, as for `reports.workbook.write_workbook`, with the columns of a plan
            (reports.planned) where there is one.
        scored: Every scored bill: customer_id, band, segment, grid_id, open_cny,
            expected_late_cny, overdue_cny, dpd, and org_id where bureaus are known.
        changes: The last list beside this one.
        people: Who the changes are about (reports.changes_sheet).
        plan: The plan's id; empty without one.
    """

    facts: RunFacts
    listed: pd.DataFrame
    scored: pd.DataFrame
    changes: Changes | None = None
    people: pd.DataFrame = field(default_factory=pd.DataFrame)
    plan: str = ""
    by: By = "grid"


def write_report_book(
    path: Path,
    report: Report,
    *,
    wording: Wording,
    ages: Mapping[str, Text],
    key: bytes | None = None,
) -> None:
    """Write the workbook; an existing file is replaced.

    Args:
        ages: The words of the ages of arrears.
        key: What its seal is signed with; None makes a checksum of it (reports.seal).

    Raises:
        DataError: The list has more rows than a sheet can hold; nothing is written.
    """
    check_fits_sheet(report.listed)
    table = list_table(report.listed, wording)
    seal = table.seal(report.facts.run_id, key, kind=REPORT)
    groups, left_out = group_by(report.listed, report.by)
    names = {sheet: both(text) for sheet, text in wording.sheets.items()}
    titles = _titles(groups, names.values())
    contents = _contents(report, groups, titles, left_out, names, wording)
    with Workbook(str(path), OPTIONS) as workbook:
        describe(workbook, report.facts, wording)
        workbook.set_custom_property(PROPERTY, seal.as_property(), "text")
        styles = Styles(workbook)
        about, rows = (workbook.add_worksheet(names[name]) for name in ("about", "list"))
        write_cover(
            about, report.listed, report.facts, seal=seal, styles=styles, wording=wording,
            contents=contents,
        )  # fmt: skip
        write_list_sheet(rows, table, report.facts, styles=styles, wording=wording)
        _write_groups(workbook, report, table, groups, titles, styles=styles, wording=wording)
        sums = workbook.add_worksheet(names["summary"])
        write_summary(
            sums, report.scored, workbook, styles=styles, wording=wording,
            more=_more(report.scored, wording, ages),
            note=both(wording.phrases["portfolio_note"]),
        )  # fmt: skip
        if report.changes is not None:
            moves = workbook.add_worksheet(names["changes"])
            write_changes(
                moves, report.changes, report.people, workbook, styles=styles, wording=wording
            )
        records = workbook.add_worksheet(names["records"])
        write_records_sheet(records, styles=styles, wording=wording)
        glossary = workbook.add_worksheet(names["glossary"])
        write_glossary(glossary, LISTING, styles=styles, wording=wording, whole=True)


def moved_words(places: pd.Series, wording: Wording) -> pd.Series:
    """Return places up since the last list as people read them; empty stands for a new customer."""
    new, same = (both(wording.phrases[name], "\n") for name in ("moved_new", "moved_same"))
    words = places.fillna(0).astype(int).map(lambda by: f"{'↑' if by > 0 else '↓'} {abs(by):,}")
    return words.where(places != 0, same).where(places.notna(), new)


def _titles(groups: Sequence[Group], taken: Iterable[str]) -> list[str]:
    used = {name.casefold() for name in taken}
    titles = []
    for group in groups:
        titles.append(sheet_name(group.code, used))
        used.add(titles[-1].casefold())
    return titles


def _write_groups(
    workbook: Workbook,
    report: Report,
    table: ListTable,
    groups: Sequence[Group],
    titles: Sequence[str],
    *,
    styles: Styles,
    wording: Wording,
) -> None:
    left = {*_NOT_ON_GROUPS, COLUMN_OF[report.by]}
    ids = [column.id for column in sheet_columns(report.listed) if column.id not in left]
    for group, title in zip(groups, titles, strict=True):
        sheet = workbook.add_worksheet(title)
        told = both(wording.phrases["group_title"], "  ").format(
            name=group.code or "–",
            rows=f"{len(group.rows):,}",
            open=f"{group.open_cny:,.2f}",
            expected=f"{group.expected_late_cny:,.2f}",
        )
        part = table.select(ids, group.rows)
        write_list_sheet(sheet, part, report.facts, styles=styles, wording=wording, title=told)


def _more(scored: pd.DataFrame, wording: Wording, ages: Mapping[str, Text]) -> list[Sums]:
    tables = [Sums(phrase="by_aging", rows=aging(scored, ages), drawn="overdue_cny")]
    if "org_id" in scored and scored["org_id"].notna().any():
        others = both(wording.phrases["other_grids"])
        tables.append(Sums(phrase="by_org", rows=largest(sums_by(scored, "org_id"), others)))
    return tables


def aging(scored: pd.DataFrame, ages: Mapping[str, Text]) -> pd.DataFrame:
    """Return customers and what they owe of older bills, by the age of the oldest.

    Each customer counts once: arrears and days past due are the customer's, not the bill's.
    """
    customers = scored.drop_duplicates("customer_id")
    age = pd.Series(age_of_arrears(customers["dpd"]), index=customers.index)
    fen = (customers["overdue_cny"].fillna(0) * 100).round().groupby(age).sum()
    counts = age.value_counts()
    places = range(len(AGING))
    return pd.DataFrame(
        {
            "customers": [int(counts.get(at, 0)) for at in places],
            "overdue_cny": [float(fen.get(at, 0.0)) / 100 for at in places],
        },
        index=[both(ages[age]) for age in AGING],
    )


def _contents(
    report: Report,
    groups: Sequence[Group],
    titles: Sequence[str],
    left_out: Sequence[Group],
    names: Mapping[str, str],
    wording: Wording,
) -> Contents:
    words = wording.phrases
    by = words[f"by_{report.by}_word"]
    of_groups = words["contents_group"]
    lines = [(names["list"], words["contents_list"])]
    if groups:
        name = titles[0] if len(titles) == 1 else f"{titles[0]} … {titles[-1]}"
        lines.append(
            (
                name,
                Text(
                    zh=of_groups.zh.format(count=len(groups), by=by.zh),
                    en=of_groups.en.format(count=len(groups), by=by.en),
                ),
            )
        )
    if left_out:
        lines.append(("", _left_out(left_out, wording)))
    moved = "contents_changes" if report.changes else "contents_no_changes"
    lines += [
        (names["summary"], words["contents_summary"]),
        (names["changes"], words[moved]),
        (names["records"], words["contents_records"]),
        (names["glossary"], words["contents_glossary"]),
    ]
    before = report.changes.run if report.changes else both(words["no_previous"])
    return Contents(plan=report.plan or both(words["no_plan"]), previous=before, lines=tuple(lines))


def _left_out(left_out: Sequence[Group], wording: Wording) -> Text:
    words, codes = wording.phrases, [group.code or "–" for group in left_out]
    told = {"count": len(codes), "rows": f"{sum(len(group.rows) for group in left_out):,}"}
    names = ", ".join(codes[:_NAMED])
    more = words["and_more"] if len(codes) > _NAMED else Text(zh="", en="")
    return Text(
        zh=words["contents_left_out"].zh.format(
            names=f"{names} {more.zh.format(count=len(codes))}".strip(), **told
        ),
        en=words["contents_left_out"].en.format(
            names=f"{names} {more.en.format(count=len(codes))}".strip(), **told
        ),
    )
