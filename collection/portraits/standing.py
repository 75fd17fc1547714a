"""Which portraits hold for whom, since when, on what grounds, and until when: one long table."""

from collection.portraits.catalogue import PORTRAITS, Portrait
from collection.portraits.readings import Readings


def standing(readings: Readings) -> str:
    """Return the query of the labels table over the tables of one bucket."""
    rows = "\nUNION ALL\n".join(_rows(portrait, readings) for portrait in PORTRAITS)
    return f"FROM ({rows}) ORDER BY customer_id, label"


def _rows(portrait: Portrait, readings: Readings) -> str:
    return f"""
    SELECT k.customer_id, '{portrait.id}' AS label, '{portrait.kind}' AS kind,
        g.since, g.source, CAST(g.recorded_by AS VARCHAR) AS recorded_by,
        CAST(g.expires_on AS DATE) AS expires_on, g.evidence
    FROM known AS k LEFT JOIN ({portrait.grounds_for(readings)}) AS g USING (customer)
    WHERE k.{portrait.id}"""
