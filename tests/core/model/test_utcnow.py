"""The time that programs fill in has a zone, and no more digits than OCPP allows."""

from datetime import UTC, datetime, timedelta

from ocppkit.core import utcnow


def test_it_is_now_in_utc_cut_to_milliseconds() -> None:
    before, now, after = datetime.now(UTC), utcnow(), datetime.now(UTC)
    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0
    assert before - timedelta(milliseconds=1) < now <= after
