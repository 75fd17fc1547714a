"""On which day of the month bills are settled (L04-L06). Rows: bills with a known outcome."""

from features.declare import Feature, Reason, Text, spread
from features.windows import B6, M12


def _share(condition: str) -> str:
    return (
        f"CAST(count(*) FILTER (WHERE {condition} AND {{w}}) AS DOUBLE)"
        " / NULLIF(count(*) FILTER (WHERE {w}), 0)"
    )


HABIT: tuple[Feature, ...] = (
    *spread(
        B6,
        M12,
        stem="month_start_share",
        family="habit",
        over="outcome_facts",
        unit="share",
        sql=_share("NOT is_open AND settle_day <= 10"),
        description=Text(
            zh="<window>月初(1-10日)结清占比", en="share settled on days 1-10, <window>"
        ),
        relief=Reason(
            when=">= 0.5",
            text=Text(
                zh="<window>有{month_start_share_<w>}在月初(1-10日)结清",
                en="{month_start_share_<w>} of the <window> settled on days 1-10",
            ),
        ),
    ),
    *spread(
        B6,
        M12,
        stem="month_middle_share",
        family="habit",
        over="outcome_facts",
        unit="share",
        sql=_share("NOT is_open AND settle_day BETWEEN 11 AND 20"),
        description=Text(
            zh="<window>月中(11-20日)结清占比", en="share settled on days 11-20, <window>"
        ),
    ),
    *spread(
        B6,
        M12,
        stem="month_end_share",
        family="habit",
        over="outcome_facts",
        unit="share",
        sql=_share("NOT is_open AND settle_day >= 21"),
        description=Text(
            zh="<window>月末(21日及以后)结清占比", en="share settled on day 21 or later, <window>"
        ),
        risk=Reason(
            when=">= 0.5",
            text=Text(
                zh="<window>有{month_end_share_<w>}在21日以后才结清",
                en="{month_end_share_<w>} of the <window> settled on or after the 21st",
            ),
        ),
    ),
    Feature(
        stem="days_past_usual",
        family="habit",
        over="row",
        unit="days",
        sql="age_days - (term_days - slack_median_12m)",
        direction=1,
        description=Text(
            zh="本期已超过平时交费时间的天数", en="days that this bill stands past the usual one"
        ),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="比平时交费时间已晚{days_past_usual}天",
                en="{days_past_usual} days past this customer's usual payment time",
            ),
        ),
        relief=Reason(
            when="< 0",
            text=Text(
                zh="离平时交费时间还有{days_past_usual:abs}天",
                en="{days_past_usual:abs} days to go to this customer's usual payment time",
            ),
        ),
    ),
    Feature(
        stem="usual_settle_day",
        window=M12,
        family="habit",
        over="outcome_facts",
        unit="number",
        sql="quantile_disc(settle_day, 0.5) FILTER (WHERE NOT is_open AND {w})",
        description=Text(
            zh="近12个月结清日(几号)的中位数",
            en="median day of the month of settlement, last 12 months",
        ),
    ),
    Feature(
        stem="due_minus_usual_day",
        family="habit",
        over="row",
        unit="days",
        sql="day(due_on) - usual_settle_day_12m",
        description=Text(
            zh="本期截止日(几号)减平时结清日", en="day of the month due minus the usual one"
        ),
        risk=Reason(
            when="< 0",
            text=Text(
                zh="截止日比平时结清日早{due_minus_usual_day:abs}天",
                en="due {due_minus_usual_day:abs} days before the usual day of the month",
            ),
        ),
    ),
)
