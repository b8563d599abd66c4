"""`ocppkit explain`: a message as a table and as JSON, and help with misspelt names."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ocppkit.codegen import VERSIONS, Api, ApiMessage, Datatype, EnumType, Job, load_api, load_facts
from support.cli_outcomes import Cli


@cache
def api_of(job: Job) -> Api:
    return load_api(job)


@pytest.fixture(autouse=True)
def _read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads each version once for all tests, rather than three versions for each."""
    monkeypatch.setattr("ocppkit.codegen.load_api", api_of)


def explained(cli: Cli, *arguments: str) -> Any:
    outcome = cli("explain", *arguments, "--format", "json")
    assert (outcome.status, outcome.err) == (0, "")
    return json.loads(outcome.out)


def members(type_: Any) -> dict[str, Any]:
    return {member["wire"]: member for member in type_["members"]}


def text_of(class_name: str, member: str | None = None) -> str:
    """Returns a text of BootNotification 2.0.1 as the generator has it."""
    api = api_of(Job("2.0.1", "acme", only=("BootNotification",)))
    objects: tuple[Datatype | EnumType | ApiMessage, ...]
    objects = (*api.datatypes, *api.enums, *(each.request for each in api.actions))
    (found,) = [each for each in objects if each.name == class_name]
    if member is None:
        return str(found.doc)
    if isinstance(found, EnumType):
        return next(str(each.doc) for each in found.members if each.value == member)
    return next(str(each.doc) for each in found.fields if each.wire == member)


def test_the_facts(cli: Cli) -> None:
    (boot,) = explained(cli, "BootNotification", "--version", "2.0.1")
    facts = load_facts("2.0.1").actions["BootNotification"]
    assert boot["purpose"] == facts.purpose
    assert boot["citation"] == facts.citation
    assert boot["use_cases"] == list(facts.use_cases)
    assert boot["block"] == "B Provisioning"
    assert (boot["sender"], boot["receiver"]) == ("Charging Station", "CSMS")
    assert (boot["both_ways"], boot["answered"]) == (False, True)


def test_the_members(cli: Cli) -> None:
    (boot,) = explained(cli, "BootNotification", "--version", "2.0.1")
    assert boot["request"]["name"] == "BootNotificationRequest"
    assert members(boot["request"])["chargingStation"] == {
        "wire": "chargingStation",
        "python": "charging_station",
        "type": "ChargingStationType",
        "required": True,
        "bounds": [],
        "default": None,
        "meaning": text_of("BootNotificationRequest", "chargingStation"),
    }
    assert members(boot["response"])["currentTime"]["type"] == "date-time"
    assert not members(boot["response"])["statusInfo"]["required"]


def test_the_types_follow_breadth_first_and_once(cli: Cli) -> None:
    (boot,) = explained(cli, "BootNotification", "--version", "2.0.1")
    names = [type_["name"] for type_ in boot["types"]]
    assert names.index("ChargingStationType") < names.index("ModemType")
    assert len(names) == len(set(names))
    types = {type_["name"]: type_ for type_ in boot["types"]}
    assert not types["CustomDataType"]["closed"]
    assert {
        "wire": "PowerUp",
        "python": "POWER_UP",
        "meaning": text_of("BootReasonEnumType", "PowerUp"),
    } in types["BootReasonEnumType"]["values"]
    assert types["BootReasonEnumType"]["about"] == text_of("BootReasonEnumType")


def test_the_bounds(cli: Cli) -> None:
    (profile,) = explained(cli, "SetChargingProfile", "--version", "2.1")
    types = {type_["name"]: type_ for type_ in profile["types"]}
    assert members(profile["request"])["evseId"]["bounds"] == ["at least 0"]
    assert members(types["ChargingProfileType"])["chargingSchedule"]["bounds"] == ["1 to 3 items"]
    assert members(types["ChargingProfileType"])["transactionId"]["bounds"] == [
        "at most 36 characters"
    ]
    period = members(types["ChargingSchedulePeriodType"])
    assert period["numberPhases"]["bounds"] == ["0 to 3"]
    (old,) = explained(cli, "SetChargingProfile", "--version", "1.6")
    bounds = [
        bound
        for type_ in old["types"]
        for each in type_.get("members", [])
        for bound in each["bounds"]
    ]
    assert "a multiple of 0.1" in bounds


def test_a_list_says_what_is_in_it_and_one_item_is_no_items(cli: Cli) -> None:
    (variables,) = explained(cli, "GetVariables", "--version", "2.0.1")
    data = members(variables["request"])["getVariableData"]
    assert (data["type"], data["bounds"]) == ("list of GetVariableDataType", ["at least 1 item"])


def test_a_send_has_no_response(cli: Cli) -> None:
    (send,) = explained(cli, "NotifyPeriodicEventStream")
    assert (send["version"], send["answered"], send["response"]) == ("2.1", False, None)
    text = cli("explain", "NotifyPeriodicEventStream").out
    assert "which has no response" in text


def test_without_a_version_all_that_have_it_answer(cli: Cli) -> None:
    assert [each["version"] for each in explained(cli, "Reset")] == ["1.6", "2.0.1", "2.1"]
    assert [each["version"] for each in explained(cli, "TransactionEvent")] == ["2.0.1", "2.1"]


def test_an_old_name_uses_old_words(cli: Cli) -> None:
    text = cli("explain", "RemoteStartTransaction").out
    assert "Central System -> Charge Point" in text


def test_data_transfer_goes_both_ways(cli: Cli) -> None:
    assert "Charging Station <-> CSMS" in cli("explain", "DataTransfer", "--version", "2.1").out


@pytest.mark.parametrize("name", ["Reset", "reset", "RESETREQUEST", "ResetResponse"])
def test_a_message_may_be_named_in_any_case(name: str, cli: Cli) -> None:
    (found,) = explained(cli, name, "--version", "1.6")
    assert found["action"] == "Reset"


def test_the_tables(cli: Cli) -> None:
    text = cli("explain", "Reset", "--version", "2.0.1").out
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[0] == "Reset (OCPP 2.0.1)"
    assert "direction CSMS -> Charging Station" in lines
    assert "use cases B11, B12" in lines
    assert "ResetRequest CSMS -> Charging Station" in lines
    assert "ResetResponse response" in lines
    assert any(line.startswith("type type ResetEnumType yes Immediate ends ") for line in lines)
    assert any(line.startswith("evseId evse_id integer Number of the one EVSE") for line in lines)
    assert "CustomDataType allows extra members" in lines
    assert "ResetEnumType one of these values" in lines
    assert any(line.startswith("OnIdle ON_IDLE ") for line in lines)
    assert "in OCPP 1.6 Reset" in lines
    assert "  " not in text.replace("ResetRequest  CSMS", "").replace("Type  ", "").replace(
        "ResetResponse  ", ""
    )
    assert all(line == line.rstrip() for line in text.splitlines())


def test_what_happens_to_it_offline_and_what_follows(cli: Cli) -> None:
    assert "queued until it can be delivered" in cli("explain", "NotifyEvent").out
    text = cli("explain", "GetBaseReport", "--version", "2.0.1").out
    assert "NotifyReport" in next(line for line in text.splitlines() if "followed by" in line)
    text = cli("explain", "Heartbeat", "--version", "1.6").out
    assert "Heartbeat" in next(line for line in text.splitlines() if "triggered by" in line)


def test_an_empty_message_says_so(cli: Cli) -> None:
    text = cli("explain", "ClearCache", "--version", "1.6").out
    assert "no members" in text


def test_a_default_is_shown(cli: Cli) -> None:
    text = cli("explain", "NotifyReport", "--version", "2.0.1").out
    assert "default False" in text


@pytest.mark.parametrize("version", VERSIONS)
def test_every_action_can_be_explained(version: str) -> None:
    from ocppkit.cli._explanation import explain_action

    api = api_of(Job(version=version, package="x"))
    explanations = [explain_action(api, action) for action in api.actions]
    assert len(explanations) == {"1.6": 39, "2.0.1": 64, "2.1": 91}[version]
    for each in explanations:
        assert each.purpose
        known = {type_.name for type_ in each.types}
        objects = [each.request, each.response, *each.types]
        for member in (m for one in objects for m in getattr(one, "members", ())):
            last = member.type.rpartition(" ")[2]
            assert last in known or last[0].islower()


@pytest.mark.parametrize(
    ("name", "meant"),
    [("Rest", "Reset"), ("BootNotificaton", "BootNotification"), ("meter", "MeterValues")],
)
def test_a_misspelt_action_gets_a_suggestion(name: str, meant: str, cli: Cli) -> None:
    problem = cli("explain", name).problem
    assert repr(name) in problem
    assert f"did you mean {meant!r}" in problem


def test_an_action_of_another_version_is_found_there(cli: Cli) -> None:
    problem = cli("explain", "StartTransaction", "--version", "2.1").problem
    assert "OCPP 2.1 has nothing called 'StartTransaction'" in problem
    assert "OCPP 1.6 has it; here, TransactionEvent replaces it" in problem
    problem = cli("explain", "AFRRSignal", "--version", "2.0.1").problem
    assert problem.endswith("OCPP 2.1 has it\n")


def test_a_name_like_no_other_gets_an_example(cli: Cli) -> None:
    assert "such as BootNotification" in cli("explain", "qqqqqqqqqq").problem


def test_a_raised_limit_is_explained(cli: Cli, tmp_path: Path) -> None:
    errata = tmp_path / "limits.toml"
    errata.write_text(
        'version = "1.6"\n\n[[change]]\n'
        'path = "BootNotificationRequest.json#/properties/chargeBoxSerialNumber/maxLength"\n'
        'old = 25\nnew = 50\nreason = "Ours are longer."\ncitation = "our own"\n'
    )
    (boot,) = explained(cli, "BootNotification", "--version", "1.6", "--errata", str(errata))
    assert members(boot["request"])["chargeBoxSerialNumber"]["bounds"] == ["at most 50 characters"]


def test_files_of_ones_own_belong_to_one_version(cli: Cli) -> None:
    assert "--version" in cli("explain", "Reset", "--schemas", "mine").problem


class TestStandardNames:
    def test_a_key_in_each_version(self, cli: Cli) -> None:
        rows = explained(cli, "heartbeatinterval")
        assert [(row["version"], row["name"], row["kind"]) for row in rows] == [
            ("1.6", "HeartbeatInterval", "configuration key"),
            ("2.0.1", "OCPPCommCtrlr.HeartbeatInterval", "variable"),
            ("2.1", "OCPPCommCtrlr.HeartbeatInterval", "variable"),
        ]
        assert rows[0]["python"] == "v16.variables.HEARTBEAT_INTERVAL"
        assert rows[1]["python"] == "v201.variables.OCPPCommCtrlr.HEARTBEAT_INTERVAL"
        assert rows[1]["mutability"] == ["ReadWrite"]
        assert (rows[1]["type"], rows[1]["units"]) == ("integer", ["s"])

    def test_as_tables(self, cli: Cli) -> None:
        outcome = cli("explain", "HeartbeatInterval")
        assert (outcome.status, outcome.err) == (0, "")
        assert [line for line in outcome.out.splitlines() if line.startswith("OCPP ")] == [
            "OCPP 1.6",
            "OCPP 2.0.1",
            "OCPP 2.1",
        ]
        assert "integer, s" in outcome.out

    @pytest.mark.parametrize(
        ("wanted", "names"),
        [
            ("DeviceDataCtrlr.ItemsPerMessage[GetReport]", {"ItemsPerMessage[GetReport]"}),
            ("AuthCacheCtrlr.Policy", {"Policy"}),
            ("ReservationCtrlr", {"Available", "Enabled", "NonEvseSpecific"}),
        ],
    )
    def test_a_component_and_its_variables(self, cli: Cli, wanted: str, names: set[str]) -> None:
        rows = explained(cli, wanted, "--version", "2.0.1")
        assert {row["name"].partition(".")[2] for row in rows} == names

    def test_a_variable_of_any_component(self, cli: Cli) -> None:
        rows = explained(cli, "Angle", "--version", "2.0.1")
        assert rows[0]["python"] == "v201.variables.AnyComponent.ANGLE"

    def test_values(self, cli: Cli) -> None:
        (event,) = explained(cli, "FirmwareUpdated", "--version", "2.1")
        assert event["python"] == "v21.values.SecurityEvent.FIRMWARE_UPDATED"
        assert event["notes"] == ["must reach the CSMS"]
        assert len(explained(cli, "Unit", "--version", "2.1")) == 34

    def test_a_misspelt_name(self, cli: Cli) -> None:
        outcome = cli("explain", "HeartbetInterval")
        assert outcome.status == 2
        assert "did you mean 'HeartbeatInterval'" in outcome.err


class TestWords:
    def test_a_member_is_told_with_its_types_and_what_takes_its_place(self, cli: Cli) -> None:
        (tag,) = explained(cli, "idTag")
        assert (tag["version"], tag["kind"], tag["type"]) == (
            "1.6",
            "member",
            "string, at most 20 characters",
        )
        assert "AuthorizeRequest" in tag["owners"]
        assert tag["elsewhere"] == [
            "OCPP 2.0.1: IdTokenType.idToken",
            "OCPP 2.1: IdTokenType.idToken",
        ]
        assert explained(cli, "IDTAG") == [tag]

    def test_a_member_of_several_types_is_told_once_for_each(self, cli: Cli) -> None:
        rows = explained(cli, "timestamp", "--version", "1.6")
        assert [row["type"] for row in rows] == ["date-time"]
        rows = explained(cli, "status", "--version", "1.6")
        assert len({row["type"] for row in rows}) == len(rows) > 5

    def test_a_datatype_and_an_enum(self, cli: Cli) -> None:
        (profile,) = explained(cli, "ChargingProfileType", "--version", "2.0.1")
        assert "SetChargingProfileRequest" in profile["used_by"]
        assert members(profile["type"])["stackLevel"]["required"]
        found = explained(cli, "chargingrateunit")
        assert [(each["version"], each["type"]["name"]) for each in found[:3]] == [
            ("1.6", "ChargingRateUnitType"),
            ("2.0.1", "ChargingRateUnitEnumType"),
            ("2.1", "ChargingRateUnitEnumType"),
        ]
        text = cli("explain", "ChargingRateUnitType", "--version", "1.6").out
        assert "ChargingRateUnitType  one of these values, OCPP 1.6" in text
        assert "used in\tGetCompositeScheduleRequest" in text

    def test_a_value_of_an_enum(self, cli: Cli) -> None:
        (value,) = explained(cli, "Energy.Active.Import.Register", "--version", "2.1")
        assert (value["kind"], value["type"]) == ("value", "MeasurandEnumType")
        assert value["python"] == "MeasurandEnumType.ENERGY_ACTIVE_IMPORT_REGISTER"
        text = cli("explain", "Energy.Active.Import.Register", "--version", "2.1").out
        assert "value of MeasurandEnumType" in text
        assert "in\tMeterValuesRequest" in text

    @pytest.mark.parametrize(
        "name", ["OccurenceConstraintViolation", "OccurrenceConstraintViolation"]
    )
    def test_an_error_code_in_either_spelling(self, name: str, cli: Cli) -> None:
        found = {each["version"]: each for each in explained(cli, name)}
        code = found["1.6" if name.startswith("Occuren") else "2.1"]
        assert code["kind"] == "error code"
        assert code["python"] == "core.ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION"
        assert code["owners"] == ["required", "min items", "max items"]
        assert "answers\trequired, min items" in cli("explain", name).out

    def test_a_word_of_no_version_says_so(self, cli: Cli) -> None:
        problem = cli("explain", "CurrentMax").problem
        assert "'CurrentMax' is not in any version of OCPP" in problem
        assert "did you mean 'Current" in problem
        assert "'Current.Import'" in problem
        assert "kept by lenient mode" in problem

    def test_a_word_of_another_version_is_found_there(self, cli: Cli) -> None:
        problem = cli("explain", "idTag", "--version", "2.1").problem
        assert "OCPP 2.1 has nothing called 'idTag'" in problem
        assert "OCPP 1.6 has it" in problem


class TestExamples:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_every_frame_is_valid(self, version: str) -> None:
        from ocppkit.cli._explained_examples import compact, examples_of
        from ocppkit.tools import validate

        api = api_of(Job(version=version, package="x"))
        for action in api.actions:
            found = examples_of(action.name, [Job(version=version, package="x")])
            assert found[0].title == f"{action.name}Request" or action.response is None
            for each in found:
                frame = compact(each.content)
                verdict = validate(frame, versions=[version], action=action.name)
                assert verdict.is_valid, frame

    def test_as_text_and_as_json(self, cli: Cli) -> None:
        text = cli("explain", "Reset", "--version", "1.6", "--example").out
        assert text == (
            'ResetRequest (OCPP 1.6)\n[2,"7f3a9c40","Reset",{"type":"Soft"}]\n\n'
            'ResetResponse (OCPP 1.6)\n[3,"7f3a9c40",{"status":"Accepted"}]\n\n'
        )
        (request,) = explained(cli, "ResetRequest", "--version", "1.6", "--example")
        assert request["content"] == [2, "7f3a9c40", "Reset", {"type": "Soft"}]

    def test_a_send_and_a_datatype(self, cli: Cli) -> None:
        send = explained(cli, "NotifyPeriodicEventStream", "--example")
        assert {each["content"][0] for each in send} == {6}
        smallest, full = explained(cli, "IdTokenType", "--version", "2.0.1", "--example")
        assert set(smallest["content"]) == {"idToken", "type"}
        assert full["title"] == "IdTokenType with all members"

    def test_other_names_have_none(self, cli: Cli) -> None:
        assert "has no message or datatype 'idTag'" in cli("explain", "idTag", "--example").problem
