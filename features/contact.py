"""What earlier contacts met with. Rows: contacts made before as_of.

Contacts follow arrears, so these columns say how a customer answers, never what a contact causes
(C-17, domain.md 3.9).
"""

from features.declare import Feature, Reason, Text, spread
from features.windows import M3, M12


def _share(column: str) -> str:
    return (
        f"CAST(sum({column}) FILTER (WHERE {{w}}) AS DOUBLE)"
        f" / NULLIF(count({column}) FILTER (WHERE {{w}}), 0)"
    )


CONTACT: tuple[Feature, ...] = (
    *spread(
        M3,
        M12,
        stem="contacts_count",
        family="contact",
        over="contact_facts",
        unit="count",
        sql="count(*) FILTER (WHERE {w})",
        empty=0.0,
        description=Text(zh="<window>催费次数", en="contacts, <window>"),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="<window>催费{contacts_count_<w>}次",
                en="reminders sent in the <window>: {contacts_count_<w>}",
            ),
        ),
    ),
    Feature(
        stem="reached_share",
        window=M12,
        family="contact",
        over="contact_facts",
        unit="share",
        sql="CAST(count(*) FILTER (WHERE reached AND {w}) AS DOUBLE)"
        " / NULLIF(count(*) FILTER (WHERE {w}), 0)",
        direction=-1,
        description=Text(
            zh="近12个月催费送达占比", en="share of contacts that got through, last 12 months"
        ),
        risk=Reason(
            when="< 0.5",
            text=Text(
                zh="近12个月催费联系上的占{reached_share_12m}",
                en="{reached_share_12m} of the last 12 months' contacts got through",
            ),
        ),
        relief=Reason(
            when=">= 0.8",
            text=Text(
                zh="近12个月{reached_share_12m}的催费能联系上",
                en="{reached_share_12m} of the last 12 months' contacts got through",
            ),
        ),
    ),
    Feature(
        stem="answered_share",
        window=M12,
        family="contact",
        over="contact_facts",
        unit="share",
        sql=_share("answered_48h"),
        direction=-1,
        description=Text(
            zh="近12个月催费后48小时内交费占比",
            en="share of contacts followed by a payment within 48 hours, last 12 months",
        ),
        risk=Reason(
            when="< 0.34",
            text=Text(
                zh="近12个月催费后48小时内交费的占{answered_share_12m}",
                en="paid within 48 hours after {answered_share_12m} of reminders (12 months)",
            ),
        ),
        relief=Reason(
            when=">= 0.66",
            text=Text(
                zh="近12个月{answered_share_12m}的催费后48小时内交费",
                en="paid within 48 hours after {answered_share_12m} of reminders (12 months)",
            ),
        ),
    ),
    Feature(
        stem="promises_kept_share",
        window=M12,
        family="contact",
        over="contact_facts",
        unit="share",
        sql=_share("promise_kept"),
        direction=-1,
        description=Text(zh="近12个月兑现承诺占比", en="share of promises kept, last 12 months"),
        risk=Reason(
            when="< 0.5",
            text=Text(
                zh="近12个月承诺交费兑现{promises_kept_share_12m}",
                en="{promises_kept_share_12m} of promises kept in the last 12 months",
            ),
        ),
        relief=Reason(
            when="== 1",
            text=Text(
                zh="近12个月承诺交费均已兑现", en="every promise of the last 12 months was kept"
            ),
        ),
    ),
    Feature(
        stem="days_since_contact",
        family="contact",
        over="contact_facts",
        unit="days",
        sql="min($as_of - on_day)",
        description=Text(zh="距最近一次催费天数", en="days since the last contact"),
    ),
    Feature(
        stem="answered_last",
        family="contact",
        over="contact_facts",
        unit="flag",
        sql="CAST(max_by(answered_48h, -k) AS INTEGER)",
        direction=-1,
        description=Text(
            zh="最近一次有结论的催费后48小时内是否交费",
            en="the last contact with an outcome was followed by a payment within 48 hours",
        ),
        risk=Reason(
            when="== 0",
            text=Text(
                zh="上次催费后48小时内没有交费", en="no payment within 48 hours of the last contact"
            ),
        ),
        relief=Reason(
            when="== 1",
            text=Text(zh="上次催费后48小时内就交费", en="paid within 48 hours of the last contact"),
        ),
    ),
    Feature(
        stem="refused_count",
        window=M12,
        family="contact",
        over="contact_facts",
        unit="count",
        sql="count(*) FILTER (WHERE refused AND {w})",
        empty=0.0,
        description=Text(zh="近12个月拒绝次数", en="contacts refused, last 12 months"),
    ),
    Feature(
        stem="promises_broken",
        window=M12,
        family="contact",
        over="contact_facts",
        unit="count",
        sql="count(*) FILTER (WHERE promise_kept = 0 AND {w})",
        empty=0.0,
        direction=1,
        description=Text(zh="近12个月未兑现承诺次数", en="promises broken, last 12 months"),
        risk=Reason(
            when="> 0",
            text=Text(
                zh="近12个月有{promises_broken_12m}次承诺交费未兑现",
                en="promises to pay broken in the last 12 months: {promises_broken_12m}",
            ),
        ),
    ),
)
