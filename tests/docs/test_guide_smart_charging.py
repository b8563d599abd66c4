"""The guide on smart charging does what it says."""

from support.guide_code import executed


def test_the_guide_runs() -> None:
    names = executed("guides/smart-charging.md")
    assert [period.limit for period in names["schedule"]] == [16.0, 6.0]
    assert len(names["profiles"]) == 2
