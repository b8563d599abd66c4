"""Functional blocks are written for versions and selections that have their messages, and for no others."""

from pathlib import Path

import pytest

from support.cli_outcomes import Cli


@pytest.mark.parametrize(
    ("version", "only", "written"),
    [
        ("1.6", "Heartbeat", set()),
        ("1.6", "StartTransaction,StopTransaction", {"__init__"}),
        (
            "1.6",
            "StartTransaction,StopTransaction,MeterValues",
            {"__init__", "transactions"},
        ),
        (
            "1.6",
            "SetChargingProfile,ClearChargingProfile,GetCompositeSchedule",
            {"__init__", "charging"},
        ),
        ("2.0.1", "TransactionEvent", {"__init__", "transactions"}),
        (
            "2.1",
            "SetChargingProfile,ClearChargingProfile,GetCompositeSchedule",
            {"__init__"},
        ),
        (
            "2.1",
            "SetChargingProfile,ClearChargingProfile,GetCompositeSchedule,GetChargingProfiles,"
            "ReportChargingProfiles",
            {"__init__", "charging"},
        ),
    ],
)
def test_a_selection(cli: Cli, version: str, only: str, written: set[str], tmp_path: Path) -> None:
    selected = ("--version", version, "--only", only, "--flavour", "msgspec")
    outcome = cli("generate", *selected, "--package", "acme.some", "--output", str(tmp_path))
    assert outcome.status == 0, outcome.err
    found = {each.stem for each in (tmp_path / "acme/some/blocks").glob("*.py")}
    assert found == written
