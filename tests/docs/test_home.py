"""The home page of the site: its program runs, and it leads to what new_actions ask for."""

import re
from pathlib import Path

HOME = (Path(__file__).parents[2] / "docs" / "index.md").read_text("utf-8")


def test_the_program_runs() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", HOME, re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(program, "index.md", "exec"), names)
    assert repr(names["request"]).startswith("ResetRequest(")


def test_it_leads_to_the_answers() -> None:
    for target in (
        "v201/NotifyEvent.md",
        "versions.md#limits-that-people-look-up",
        "v201/BootNotification.md#in-your-code",
        "v201/enums/MeasurandEnumType.md#unknown-values",
        "guides/errata-day.md",
    ):
        assert f"]({target})" in HOME
