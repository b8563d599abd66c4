"""Functional blocks are written for versions and selections that have their messages, and for no others."""

from importlib import import_module
from pathlib import Path

import pytest

from ocppkit.blocks.remote_control import BackgroundJob, JobStatusReport, RequestTrigger
from support.cli_outcomes import Cli

AUTHORIZATION = "Authorize,ClearCache,GetLocalListVersion,SendLocalList"
REMOTE = "Heartbeat,Reset,TriggerMessage,UnlockConnector"


@pytest.mark.parametrize(
    ("version", "only", "written"),
    [
        ("1.6", "Heartbeat", set()),
        ("1.6", "StartTransaction,StopTransaction", set()),
        (
            "1.6",
            "StartTransaction,StopTransaction,MeterValues",
            {"__init__", "tokens", "transactions"},
        ),
        (
            "1.6",
            "SetChargingProfile,ClearChargingProfile,GetCompositeSchedule",
            {"__init__", "charging"},
        ),
        ("2.0.1", "TransactionEvent", set()),
        (
            "2.0.1",
            "GetTransactionStatus,MeterValues,TransactionEvent",
            {"__init__", "tokens", "transactions"},
        ),
        (
            "2.1",
            "SetChargingProfile,ClearChargingProfile,GetCompositeSchedule",
            set(),
        ),
        (
            "2.1",
            "SetChargingProfile,ClearChargingProfile,GetCompositeSchedule,GetChargingProfiles,"
            "ReportChargingProfiles,ClearedChargingLimit,NotifyChargingLimit",
            {"__init__", "charging", "status_info"},
        ),
        ("1.6", AUTHORIZATION, {"__init__", "authorization", "tokens"}),
        ("2.1", AUTHORIZATION, {"__init__", "authorization", "status_info", "tokens"}),
        ("2.1", "Authorize,SendLocalList", set()),
        ("1.6", "ChangeAvailability,StatusNotification", {"__init__", "availability"}),
        ("2.0.1", "ChangeAvailability,StatusNotification", set()),
        (
            "2.1",
            "ChangeAvailability,StatusNotification,NotifyEvent",
            {"__init__", "availability", "status_info"},
        ),
        (
            "1.6",
            f"{REMOTE},RemoteStartTransaction,RemoteStopTransaction",
            {"__init__", "remote_control"},
        ),
        ("2.0.1", f"{REMOTE},RequestStartTransaction,RequestStopTransaction", set()),
        (
            "2.0.1",
            f"{REMOTE},RequestStartTransaction,RequestStopTransaction,Authorize",
            {"__init__", "remote_control", "status_info", "tokens"},
        ),
    ],
)
def test_a_selection(cli: Cli, version: str, only: str, written: set[str], tmp_path: Path) -> None:
    selected = ("--version", version, "--only", only, "--flavour", "msgspec")
    outcome = cli("generate", *selected, "--package", "acme.some", "--output", str(tmp_path))
    assert outcome.status == 0, outcome.err
    found = {each.stem for each in (tmp_path / "acme/some/blocks").glob("*.py")}
    assert found == written


@pytest.mark.parametrize(
    ("version", "only"),
    [
        ("1.6", f"{REMOTE},RemoteStartTransaction,RemoteStopTransaction"),
        ("2.1", f"{REMOTE},RequestStartTransaction,RequestStopTransaction,Authorize"),
    ],
)
def test_a_selection_without_jobs_and_profiles_can_be_imported(
    cli: Cli, version: str, only: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = f"selected{version.replace('.', '')}"
    selected = ("--version", version, "--only", f"{only},BootNotification", "--flavour", "msgspec")
    outcome = cli("generate", *selected, "--package", f"{package}.some", "--output", str(tmp_path))
    assert outcome.status == 0, outcome.err
    monkeypatch.syspath_prepend(str(tmp_path))
    blocks = import_module(f"{package}.some.blocks")
    assert RequestTrigger in blocks.DIALECT.request_of
    assert blocks.DIALECT.messages(JobStatusReport(job=BackgroundJob.LOG, status="Idle")) == ()
