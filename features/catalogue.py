"""Every built-in feature, in the order of the matrix, and those that a source's extras add."""

from contract.tables import EXTRA_PREFIX
from features.account import ACCOUNT
from features.amount import AMOUNT
from features.arrears import ARREARS
from features.calendar import CALENDAR
from features.consumption import CONSUMPTION
from features.contact import CONTACT
from features.declare import QUOTED, Feature, Reason, Text, Window
from features.habit import HABIT
from features.lateness import LATENESS
from features.neighbourhood import HELPERS, NEIGHBOURHOOD
from features.payment import PAYMENT
from features.prepaid import PREPAID
from features.severity import SEVERITY
from features.timing import TIMING
from features.trend import TREND

FEATURES: tuple[Feature, ...] = (
    *TIMING,
    *TREND,
    *LATENESS,
    *SEVERITY,
    *ARREARS,
    *AMOUNT,
    *PAYMENT,
    *HABIT,
    *CONTACT,
    *CONSUMPTION,
    *CALENDAR,
    *ACCOUNT,
    *NEIGHBOURHOOD,
)

# What is known of a prepaid customer: the matrix whose rows are customers.
PREPAID_FEATURES: tuple[Feature, ...] = (
    *PREPAID,
    *(f for f in PAYMENT if f.over == "payment_facts"),
    *CONTACT,
    *(f for f in ACCOUNT if f.over in ("row", "bill_facts") and f.stem != "bill_kind"),
)

# All that an expression may read by name.
EVERY: tuple[Feature, ...] = (*HELPERS, *FEATURES, *PREPAID)

# An extra column of bills is offered for each of this many newest bills.
EXTRA_LAGS = 6


def extra_features(
    bill_extras: dict[str, str], customer_extras: dict[str, str]
) -> tuple[Feature, ...]:
    """Declare the features of a source's extra columns.

    A customer's column gives its value; a bill's numeric column gives its values on the newest
    six bills (``x_meter_at_1b`` is the newest) and their means, a category that of the scored
    bill. Both arguments say, a column, whether it is ``numeric`` or ``categorical``.
    """
    declared: list[Feature] = [
        _of_row(column, holds) for column, holds in sorted(customer_extras.items())
    ]
    for column, holds in sorted(bill_extras.items()):
        if holds == "categorical":
            declared.append(_of_row(column, holds))
            continue
        declared += [_lagged(column, bills) for bills in range(1, EXTRA_LAGS + 1)]
        declared += [_mean(column, Window(bills=bills)) for bills in (3, EXTRA_LAGS)]
    return tuple(declared)


def _said(column: str, zh: str, en: str) -> Reason | None:
    """A plain sentence, said whichever way the value pushes; none where it cannot be quoted."""
    quoted = f"{{{column}}}"
    if not QUOTED.fullmatch(quoted):
        return None
    return Reason(text=Text(zh=f"{zh}为{quoted}", en=f"{en}: {quoted}"))


def _words(column: str) -> str:
    return column.removeprefix(EXTRA_PREFIX).replace("_", " ")


def _of_row(column: str, holds: str) -> Feature:
    return Feature(
        stem=column,
        family="extra",
        over="row",
        unit="code" if holds == "categorical" else "number",
        sql=f'"{column}"',
        description=Text(zh=_words(column), en=_words(column)),
        risk=_said(column, _words(column), _words(column)),
        relief=_said(column, _words(column), _words(column)),
    )


def _lagged(column: str, bills: int) -> Feature:
    words = _words(column)
    zh, en = f"{words}(倒数第{bills}期)", f"{words}, bill {bills} from the newest"
    return Feature(
        stem=f"{column}_at",
        window=Window(bills=bills),
        family="extra",
        over="bill_facts",
        unit="number",
        sql=f'max("{column}") FILTER (WHERE k = {bills})',
        description=Text(zh=zh, en=en),
        risk=_said(f"{column}_at_{bills}b", zh, en),
        relief=_said(f"{column}_at_{bills}b", zh, en),
    )


def _mean(column: str, window: Window) -> Feature:
    words = _words(column)
    zh, en = f"{words}({window.text.zh}平均)", f"mean {words}, {window.text.en}"
    # Extras are doubles, so the sum runs in the order of k to stay bit-identical.
    return Feature(
        stem=f"{column}_mean",
        window=window,
        family="extra",
        over="bill_facts",
        unit="number",
        sql=f'list_avg(list("{column}" ORDER BY k) FILTER (WHERE {{w}}))',
        description=Text(zh=zh, en=en),
        risk=_said(f"{column}_mean_{window.suffix}", zh, en),
        relief=_said(f"{column}_mean_{window.suffix}", zh, en),
    )
