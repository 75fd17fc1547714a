"""The lines of a hand-off: a header, the names of the fields, a line a contact, and a trailer.

Only contacts of the plan stand in it; who is excluded or held out never does. The same plan and
form give the same bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from contract.errors import ConfigError, DataError
from reports.handoff.form import Codes, Form, FormColumn

FORMAT = 1  # of the lines around the fields; raised when they change

# A line begins with what it is.
HEADER, NAMES, ROW, TRAILER = "H", "N", "D", "T"

# What is read of a plan.
READ = (
    "customer_id",
    "outcome",
    "held_out",
    "tier",
    "round",
    "method",
    "template",
    "earliest_on",
    "latest_on",
    "oldest_due_on",
    "dpd",
    "open_fen",
)

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class About:
    """What a hand-off is of: the plan, its day, the policy's version, and a refresh's name."""

    run: str
    as_of: date
    policy: str
    edition: str = ""


def build_handoff(
    plan: pa.Table, form: Form, about: About, *, accounts: Mapping[str, str] | None = None
) -> tuple[bytes, int, int]:
    """Return the file's bytes, how many contacts it has, and the sum of their open amounts in fen.

    Args:
        plan: The plan's table, or its refresh's.
        form: The form.
        about: What it is of.
        accounts: The other system's account of each customer; without it the customer's own id.

    Raises:
        ConfigError: A tier, round or method of a contact has no code in the form.
        DataError: A customer has no account, an account stands for two, or a value does not fit
            its field; the first is named.
    """
    rows = _contacts(plan)
    told = _accounts([row["customer_id"] for row in rows], accounts)
    lines = [_fields(row, account, form, about) for row, account in zip(rows, told, strict=True)]
    _check(lines, form)
    total = sum(row["open_fen"] for row in rows)
    head = (
        "duewatch",
        str(FORMAT),
        form.name,
        form.version,
        f"{about.run}{f' {about.edition}' if about.edition else ''}",
        about.as_of.isoformat(),
        about.policy,
    )
    counted = (str(len(rows)), _yuan(total))
    whole = (
        (HEADER, *head, *counted),
        (NAMES, *(column.field for column in form.columns)),
        *((ROW, *fields) for fields in lines),
        (TRAILER, *counted),
    )
    text = "".join(f"{form.delimiter.join(line)}\r\n" for line in whole)
    return text.encode(), len(rows), total


def _contacts(plan: pa.Table) -> list[dict[str, Any]]:
    kept = pc.and_(pc.equal(plan["outcome"], "contact"), pc.invert(plan["held_out"]))
    rows = plan.filter(kept).select(list(READ)).sort_by("customer_id")
    return rows.to_pylist()


def _accounts(customers: Sequence[str], accounts: Mapping[str, str] | None) -> list[str]:
    if accounts is None:
        return list(customers)
    lacking = [customer for customer in customers if customer not in accounts]
    if lacking:
        raise DataError(
            f"accounts: {len(lacking):,} of {len(customers):,} contacts have no account (first:"
            f" customer {lacking[0]}). Add them to the file."
        )
    told = [accounts[customer] for customer in customers]
    seen: dict[str, str] = {}
    for customer, account in zip(customers, told, strict=True):
        if account in seen:
            raise DataError(
                f"accounts: {account} is the account of customers {seen[account]} and {customer};"
                " one account can have one procedure. Correct the file."
            )
        seen[account] = customer
    return told


def _fields(row: Row, account: str, form: Form, about: About) -> list[str]:
    plain = _values(row, account, form, about)
    return [
        _padded(
            _code(form.codes[column.value], column.value, row, form)
            if column.value in form.codes
            else plain[column.value](),
            column,
        )
        for column in form.columns
    ]


def _values(row: Row, account: str, form: Form, about: About) -> dict[str, Callable[[], str]]:
    def day(name: str) -> str:
        return row[name].strftime(form.dates) if row[name] else ""

    return {
        "account": lambda: account,
        "tier": lambda: _plain(row, "tier"),
        "round": lambda: _plain(row, "round"),
        "method": lambda: row["method"],
        "template": lambda: row["template"],
        "valid_from": lambda: day("earliest_on"),
        "valid_to": lambda: day("latest_on"),
        "oldest_due": lambda: day("oldest_due_on"),
        "days_overdue": lambda: str(row["dpd"]),
        "open_amount": lambda: _yuan(row["open_fen"]),
        "run": lambda: about.run,
        "policy": lambda: about.policy,
    }


def _plain(row: Row, name: str) -> str:
    """Return a value as text; a customer without a tier is N, none of the others (R000-13)."""
    value = row[name]
    return ("N" if name == "tier" else "") if value is None else str(value)


def _code(codes: Codes, section: str, row: Row, form: Form) -> str:
    value = _plain(row, codes.by)
    code = codes.by_text.get(value)
    if code is None:
        raise ConfigError(
            f"{form.name}: codes.{section} has none for {codes.by} {value or 'nothing'}. Add it to"
            " the form."
        )
    return code


def _padded(value: str, column: FormColumn) -> str:
    return value.zfill(column.width) if column.zeros and value.isdigit() else value


def _check(lines: Sequence[Sequence[str]], form: Form) -> None:
    """Refuse values that are longer than their field, or would part a line in two."""
    for at, column in enumerate(form.columns):
        long = [line[at] for line in lines if len(line[at]) > column.width]
        if long:
            hint = (
                " Give --accounts, a CSV of customer_id and account." * (column.value == "account")
                or " Correct the form."
            )
            raise DataError(
                f"{form.name}: {len(long):,} of {len(lines):,} values do not fit {column.field},"
                f" which holds {column.width} characters (first: {long[0]!r}).{hint}"
            )
        torn = [line[at] for line in lines if _tears(line[at], form.delimiter)]
        if torn:
            raise DataError(
                f"{form.name}: {column.field} has a value with the delimiter or an unprintable"
                f" sign in it ({torn[0]!r}). Give another delimiter, or correct the data."
            )


def _tears(value: str, delimiter: str) -> bool:
    return delimiter in value or not value.isprintable()


def _yuan(fen: int) -> str:
    """Return an amount in yuan with two decimals.

    >>> _yuan(123405), _yuan(-5)
    ('1234.05', '-0.05')
    """
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"
