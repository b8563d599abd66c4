"""Profiles of quirks: those that ship, files of a user's, and what they make of real frames."""

from pathlib import Path

import pytest

from ocppkit import v16, v21, v201
from ocppkit.core import (
    LENIENT,
    STRICT,
    Alteration,
    InvalidMessage,
    Issue,
    Mode,
    Override,
    Policy,
    Protocol,
    Repair,
    decode_payload,
    encode_payload,
)
from ocppkit.quirks import QuirkFileError, QuirkProfile, Quirks

PROTOCOLS = (v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL)

OWN = """
[[profile]]
name = "wall"
vendor = "ACME"
model = "Wall*"
firmware = "1.*"
lenient = true

[[profile.reads]]
version = "1.6"
action = "StartTransaction"
path = "$.idTag"
alias = "tag"

[[profile.sends]]
version = "1.6"
action = "ChangeConfiguration"
path = "$.value"
shorten_to = 3

[[profile.sends]]
version = "2.0.1"
action = "SetChargingProfile"
path = "$.chargingProfile.chargingSchedule[*].chargingSchedulePeriod[*].limit"
as_text = true
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(OWN, "utf-8")
    return path


def test_every_shipped_profile_fits_its_versions_and_names_its_source() -> None:
    quirks = Quirks()
    quirks.check(*PROTOCOLS)
    assert quirks.profiles
    assert all("https://" in profile.source for profile in quirks.profiles)
    assert all(profile.vendor != "*" for profile in quirks.profiles)
    assert all(profile.reads or profile.lenient for profile in quirks.profiles)


@pytest.mark.parametrize(
    ("vendor", "model", "name"),
    [
        ("Schneider Electric", "EVlink Smart Wallbox", "schneider-evlink"),
        ("SCHNEIDER ELECTRIC ", "evlink", "schneider-evlink"),
        ("Schneider Electric", "Other", None),
        ("Alfen BV", "NG910-60023", "alfen"),
        ("", "", None),
    ],
)
def test_a_profile_is_found_by_vendor_and_model(vendor: str, model: str, name: str | None) -> None:
    found = Quirks().find(vendor, model)
    assert (found and found.name) == name


BOOT = b"""{"chargeBoxSerialNumber":"EVB1A22P2KI3N12345678901234567890",
    "chargePointModel":"EVlink Smart Wallbox","chargePointVendor":"Schneider Electric"}"""


def test_what_a_profile_allows_is_read_strictly_and_reported() -> None:
    with pytest.raises(InvalidMessage):
        decode_payload(v16.BootNotificationRequest, BOOT)
    policy = Quirks().named("schneider-evlink").policies(v16.PROTOCOL).inbound
    assert policy is not None
    issues: list[Issue] = []
    boot = decode_payload(v16.BootNotificationRequest, BOOT, policy=policy, issues=issues)
    assert boot.charge_box_serial_number == "EVB1A22P2KI3N12345678901234567890"
    assert [(issue.path, issue.repair, issue.repaired) for issue in issues] == [
        ("$.chargeBoxSerialNumber", Repair.ALLOWED, True)
    ]


def test_an_opened_enum_and_an_alias_are_reported_too(own: Path) -> None:
    issues: list[Issue] = []
    policy = Quirks().named("legrand").policies(v16.PROTOCOL).inbound
    assert policy is not None
    frame = b'{"connectorId":0,"errorCode":"Error","status":"Faulted"}'
    status = decode_payload(v16.StatusNotificationRequest, frame, policy=policy, issues=issues)
    assert status.error_code == "Error"
    policy = Quirks(own).named("wall").policies(v16.PROTOCOL).inbound
    assert policy is not None
    frame = b'{"connectorId":1,"tag":"A","meterStart":0,"timestamp":"2026-01-02T03:04:05Z"}'
    start = decode_payload(v16.StartTransactionRequest, frame, policy=policy, issues=issues)
    assert start.id_tag == "A"
    assert [(issue.path, issue.repair) for issue in issues] == [
        ("$.errorCode", Repair.ALLOWED),
        ("$.tag", Repair.ALLOWED),
    ]


def test_own_profiles_come_first_and_may_replace_those_that_ship(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[[profile]]\nname = "alfen"\nvendor = "Alfen BV"\nmodel = "X"\n', "utf-8")
    quirks = Quirks(path)
    assert [profile.name for profile in quirks.profiles].count("alfen") == 1
    assert quirks.find("Alfen BV", "X") == QuirkProfile(name="alfen", vendor="Alfen BV", model="X")
    assert quirks.find("Alfen BV", "Y") is None
    assert [profile.name for profile in Quirks(path, shipped=False).profiles] == ["alfen"]


def test_other_files_beside_those_that_ship_are_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles/.DS_Store").write_bytes(b"\0\xff")
    (tmp_path / "profiles/acme.toml").write_text('[[profile]]\nname = "acme"\n', "utf-8")
    monkeypatch.setattr("ocppkit.quirks._quirks.resources.files", lambda package: tmp_path)
    assert [profile.name for profile in Quirks().profiles] == ["acme"]


def test_a_profile_adds_to_the_policies_that_a_program_has(own: Path) -> None:
    profile = Quirks(own).named("wall")
    ours = Override(message=v16.StartTransactionRequest, path="$.idTag", max_length=40)
    policies = profile.policies(
        v16.PROTOCOL, inbound=Policy(overrides=(ours,)), outbound=Policy(mode=Mode.OFF)
    )
    assert policies.inbound == Policy(mode=Mode.LENIENT, overrides=(ours,))
    assert policies.outbound is not None
    assert policies.outbound.mode is Mode.OFF
    assert [str(each) for each in policies.outbound.alterations] == [
        "ChangeConfigurationRequest $.value cut to 3 characters"
    ]
    assert profile.policies(v16.PROTOCOL, inbound=LENIENT).inbound != LENIENT


def test_what_is_sent_is_altered_after_the_check(own: Path) -> None:
    policy = Quirks(own).named("wall").policies(v201.PROTOCOL).outbound
    assert policy is not None
    period = v201.ChargingSchedulePeriodType(start_period=0, limit=16.0)
    request = v201.SetChargingProfileRequest(
        evse_id=1,
        charging_profile=v201.ChargingProfileType(
            id=1,
            stack_level=0,
            charging_profile_purpose=v201.ChargingProfilePurposeEnumType.TX_PROFILE,
            charging_profile_kind=v201.ChargingProfileKindEnumType.ABSOLUTE,
            charging_schedule=[
                v201.ChargingScheduleType(
                    id=1,
                    charging_rate_unit=v201.ChargingRateUnitEnumType.A,
                    charging_schedule_period=[period, period],
                )
            ],
        ),
    )
    assert encode_payload(request, policy=policy).count(b'"limit":"16.0"') == 2
    assert b'"limit":16.0' in encode_payload(request)


def test_alterations_leave_out_and_shorten() -> None:
    def sent(request: v16.GetDiagnosticsRequest, **change: object) -> bytes:
        alteration = Alteration(message=v16.GetDiagnosticsRequest, **change)  # type: ignore[arg-type]
        return encode_payload(request, policy=Policy(alterations=(alteration,)))

    request = v16.GetDiagnosticsRequest(location="ftp://example.com/a", retries=3)
    assert sent(request, path="$.retries", leave_out=True) == b'{"location":"ftp://example.com/a"}'
    assert sent(request, path="$.retries", as_text=True).endswith(b'"retries":"3"}')
    assert b'"ftp://exam"' in sent(request, path="$.location", shorten_to=10)
    assert sent(request, path="$.retryInterval", leave_out=True) == encode_payload(request)


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": "$.none", "leave_out": True},
        {"path": "$", "leave_out": True},
        {"path": "$.retries"},
        {"path": "$.retries", "leave_out": True, "as_text": True},
        {"path": "$.retries", "shorten_to": 3},
        {"path": "$.location", "as_text": True},
        {"path": "$.startTime", "as_text": True},
        {"path": "$.location", "shorten_to": -1},
    ],
)
def test_an_alteration_that_changes_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="GetDiagnosticsRequest"):
        Alteration(message=v16.GetDiagnosticsRequest, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("profile = [", "correct the TOML"),
        ('[[profiles]]\nname = "a"\n', "a profile has name"),
        ('[[profile]]\nvendor = "a"\n', "a profile has name"),
        (OWN.replace("shorten_to = 3", 'shorten_to = "3"'), "sends"),
        (OWN.replace("alias", "aliases"), "aliases"),
        (
            OWN.replace('"2.0.1"', '"2.0"'),
            r"Invalid enum value '2\.0' - at `\$\.profile\[0\]\.sends\[1\]\.version`.*1\.6",
        ),
    ],
)
def test_a_file_that_cannot_be_used_names_file_and_cure(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(QuirkFileError, match=said) as caught:
        Quirks(path)
    assert "own.toml" in str(caught.value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_quirk_may_be_about_every_version(tmp_path: Path, protocol: Protocol) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        '[[profile]]\nname = "a"\n[[profile.sends]]\npath = "$.customData"\nleave_out = true\n'
        f'action = "Reset"\nversion = "{protocol.version}"\n',
        "utf-8",
    )
    (profile,) = Quirks(path, shipped=False).profiles
    assert [quirk.version for quirk in profile.sends] == [protocol.version]


def test_a_program_s_own_overrides_win_over_a_profile_with_the_same_alias(own: Path) -> None:
    ours = Override(message=v16.StartTransactionRequest, path="$.meterStart", alias="tag")
    inbound = Quirks(own).named("wall").policies(v16.PROTOCOL, inbound=Policy(overrides=(ours,)))
    assert inbound.inbound is not None
    assert inbound.inbound.overrides == (ours,)


def test_two_quirks_with_one_alias_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    reads = '[[profile.reads]]\nversion = "1.6"\naction = "StartTransaction"\nalias = "tag"\n'
    both = f'{reads}path = "$.idTag"\n{reads}path = "$.meterStart"\n'
    path.write_text(f'[[profile]]\nname = "a"\n{both}', "utf-8")
    with pytest.raises(
        QuirkFileError, match=r"two overrides of StartTransactionRequest for \$\.tag"
    ):
        Quirks(path).check(v16.PROTOCOL)


ORDER = """
[[profile]]
name = "a"

[[profile.orders]]
version = "1.6"
actions = ["ClearChargingProfile", "SetChargingProfile"]
"""


def test_an_order_is_of_one_version_and_yields_to_a_program_s_own(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(ORDER, "utf-8")
    profile = Quirks(path).named("a")
    wanted = (v16.ClearChargingProfileRequest, v16.SetChargingProfileRequest)
    assert profile.order(v16.PROTOCOL) == wanted
    assert profile.order(v201.PROTOCOL) == ()
    for protocol in PROTOCOLS:
        profile.check(protocol)
    ours = Policy(order=(v16.ResetRequest,))
    assert profile.policies(v16.PROTOCOL).outbound == Policy(order=wanted)
    assert profile.policies(v16.PROTOCOL, outbound=ours).outbound == ours


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("ClearProfile", "'ClearProfile' in orders= is not a command"),
        ("Heartbeat", "'Heartbeat' in orders= is not a command"),
        ("SetChargingProfile", "a request is twice in order="),
    ],
)
def test_an_order_of_something_else_is_refused(tmp_path: Path, new: str, said: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(ORDER.replace("ClearChargingProfile", new), "utf-8")
    with pytest.raises(QuirkFileError, match=said):
        Quirks(path).check(*PROTOCOLS)


def test_a_file_in_another_encoding_names_file_and_cure(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f"# Wallboxen für Köln\n{OWN}", "latin-1")
    with pytest.raises(QuirkFileError, match=r"own\.toml: .* \[save the file as UTF-8\]"):
        Quirks(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("StartTransaction", "BeginTransaction", "no request of 'BeginTransaction'"),
        ("$.idTag", "$.tagId", r"StartTransactionRequest has no \$.tagId"),
        ("shorten_to = 3", "", "set exactly one of leave_out"),
    ],
)
def test_a_quirk_that_fits_no_message_is_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN.replace(old, new), "utf-8")
    with pytest.raises(QuirkFileError, match=said):
        Quirks(path).check(*PROTOCOLS)


def test_names_are_unique_and_known(own: Path, tmp_path: Path) -> None:
    with pytest.raises(QuirkFileError, match="two profiles have the name wall"):
        Quirks(own, own)
    with pytest.raises(LookupError, match="use one of: alfen"):
        Quirks().named("nobody")
    assert STRICT.alterations == ()
