"""The thresholds of the gates: a section of the config."""

from pydantic import BaseModel, ConfigDict, Field


class Gates(BaseModel):
    """What must hold before a list goes out; null switches a gate off.

    Attributes:
        payments_silent_days: Most whole days before as_of on which no payment was posted; more
            only where such gaps are usual in these data. Online channels post every day.
        bills_silent_days: Likewise for bills issued; a month and its holidays.
        contacts_silent_days: Likewise for contacts made, where there are any.
        payments_share: Least share of the usual number of payments posted, in each of the last
            twelve months before as_of.
        bills_share: Likewise for bills issued.
        org_share: Least share of its usual number of bills, in the last month, of any supply
            organisation that has 50 bills a month.
        customers_change: Largest change of the number of customers since the run before, or the
            model's training, as a share.
        columns: Whether a column or table that the run before or the model's training had, and
            that is gone or of another type, stops a run.
        new_codes_share: Largest share of rows with a code that was not there before.
        gone_codes_share: A code with no row in the last month stops a run from this share of the
            rows before.
        repeated_share: Largest share of a month's bills, or payments, that repeat another one under
            another id, beyond the share that the run before or the model's training had.
        amount_factor: Most times that the usual amount of a month's bills, or payments, may be
            larger or smaller than it was before; a unit that changes does so a hundredfold.
        missing_rise: Largest rise of a column's share of missing values, in points.
        population_psi: A feature's stability index from which it counts as shifted.
        population_weight: Largest share of what the model goes by that shifted features carry.
        score_psi: Largest stability index of the score.
        model_age_months: Most months since the model was trained.
        list_least: Fewest bills on the list; cannot be switched off.
        list_factor: Most times that the list may be longer or shorter than the run before's.
        churn_fall: Largest fall of the share of the last list's customers that stay, from the
            usual share; the first two lists have no usual.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), allow_inf_nan=False
    )

    payments_silent_days: int | None = Field(default=3, ge=0)
    bills_silent_days: int | None = Field(default=45, ge=0)
    contacts_silent_days: int | None = Field(default=45, ge=0)
    payments_share: float | None = Field(default=0.6, gt=0, lt=1)
    bills_share: float | None = Field(default=0.6, gt=0, lt=1)
    org_share: float | None = Field(default=0.5, gt=0, lt=1)
    customers_change: float | None = Field(default=0.1, gt=0)
    columns: bool | None = True
    new_codes_share: float | None = Field(default=0.001, ge=0, lt=1)
    gone_codes_share: float = Field(default=0.02, gt=0, le=1)
    repeated_share: float | None = Field(default=0.005, ge=0, lt=1)
    amount_factor: float | None = Field(default=3.0, gt=1)
    missing_rise: float | None = Field(default=0.1, gt=0, lt=1)
    population_psi: float = Field(default=0.25, gt=0)
    population_weight: float | None = Field(default=0.3, gt=0, lt=1)
    score_psi: float | None = Field(default=0.25, gt=0)
    model_age_months: int | None = Field(default=24, ge=0)
    list_least: int = Field(default=1, ge=1)
    list_factor: float | None = Field(default=2.0, gt=1)
    churn_fall: float | None = Field(default=0.5, gt=0, le=1)
