"""What a KPI is: two exact sums over named views, and what they mean in both languages."""

from dataclasses import dataclass
from typing import Literal

from features.declare import Text

# What lies behind the views is said in collection.kpis.views.
View = Literal["bill", "payer", "contact", "payment"]
Unit = Literal["share", "yuan", "count", "days"]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A whole number that adds up over customers.

    Attributes:
        over: The view whose rows are summed.
        sql: The aggregate; money is in fen.
    """

    over: View
    sql: str


@dataclass(frozen=True, kw_only=True)
class Kpi:
    """One figure, defined once: numerator / denominator x scale, with its meaning.

    Attributes:
        id: The name in files and commands.
        formula: The definition as a person would check it.
        denominator: None for a plain amount or count. Where it sums to 0 there is no value.
        scale: What the quotient is multiplied by; an amount in fen becomes yuan with 0.01.
        unit: How the value is read; a share lies from 0 to 1.
    """

    id: str
    name: Text
    formula: Text
    numerator: Measure
    denominator: Measure | None = None
    scale: float = 1.0
    unit: Unit = "share"


def amount(id_: str, name: Text, formula: Text, *, where: str = "true") -> Kpi:
    """Return the KPI that sums the open amounts of some bills."""
    summed = Measure(over="bill", sql=f"sum(open_fen) FILTER ({where})")
    return Kpi(id=id_, name=name, formula=formula, numerator=summed, scale=0.01, unit="yuan")


def share(id_: str, name: Text, formula: Text, *, over: View, part: str, whole: str) -> Kpi:
    """Return the KPI that is one sum over a view as a share of another."""
    return Kpi(
        id=id_,
        name=name,
        formula=formula,
        numerator=Measure(over=over, sql=part),
        denominator=Measure(over=over, sql=whole),
    )
