from datetime import date

import pytest
from lives import AS_OFS, tables_of
from worlds import world

from contract.engine import connect
from features import held
from features.held import jobs_for, source_for

DAYS = tuple(date(2025, 1, 1 + number) for number in range(7))


@pytest.mark.parametrize("buckets", [1, 2, 3, 8, 40])
@pytest.mark.parametrize("cores", [1, 2, 3, 4])
def test_jobs_cover_each_bucket_on_each_day_once(
    monkeypatch: pytest.MonkeyPatch, buckets: int, cores: int
) -> None:
    monkeypatch.setattr(held.os, "cpu_count", lambda: cores)
    jobs = jobs_for(buckets, DAYS)
    covered = [(job.bucket, day) for job in jobs for day in job.days]
    assert sorted(covered) == [(bucket, day) for bucket in range(buckets) for day in DAYS]
    assert buckets >= 4 * cores or len(jobs) % cores == 0


def test_one_day_is_one_job_a_bucket_and_read_in_place() -> None:
    store = world(**tables_of([1]), buckets=3)
    assert [job.days for job in jobs_for(3, DAYS[:1])] == [DAYS[:1]] * 3
    with connect(threads=1) as connection:
        assert source_for(connection, store, 0, DAYS[:1]) is store


def test_what_no_day_may_see_is_not_held() -> None:
    store = world(**tables_of(range(20)))
    days = sorted(AS_OFS)[:2]
    with connect(threads=1) as connection:
        source = source_for(connection, store, 0, days)
        history, payments = (source.scan(table, 0) for table in ("bill_history", "payments"))
        after, before = (
            connection.execute(f"SELECT count(*) FROM {rows} WHERE {seen}", [day]).fetchall()
            for rows, seen, day in (
                (payments, "posted_at >= ?", days[-1]),
                (history, "known_to < ?", days[0]),
            )
        )
        assert after == before == [(0,)]
        assert connection.execute(f"SELECT count(*) > 0 FROM {payments}").fetchall() == [(True,)]
