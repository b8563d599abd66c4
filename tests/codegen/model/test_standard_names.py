"""Standard variables, configuration keys and values are facts: read from TOML, checked, and inherited."""

from dataclasses import replace
from pathlib import Path

import pytest

from ocppkit.codegen import VERSIONS, Api, Job, StandardNames, Variable, key_notes, load_api
from ocppkit.codegen.model import _standard_names as standard
from ocppkit.codegen.model._facts_files import load_facts
from ocppkit.codegen.model._naming import member_name
from ocppkit.codegen.render._variable_keys import by_component, key_class, key_text
from support.schema_files import refused


def names_of(version: str) -> StandardNames:
    return load_api(Job(version, "acme", only=("Heartbeat",))).names


def variable(version: str, name: str) -> Variable:
    (found,) = [each for each in names_of(version).variables if str(each) == name]
    return found


def read(folder: Path, text: str) -> StandardNames:
    path = folder / "v99.toml"
    path.write_text(f'version = "9.9"\nsource = "Part 9"\n{text}', "utf-8")
    return standard.read_standard_names(path)


@pytest.mark.parametrize(
    ("version", "variables", "required", "unsaid"),
    [("1.6", 52, 27, 0), ("2.0.1", 254, 69, 99), ("2.1", 437, 122, 285)],
)
def test_all_are_there(version: str, variables: int, required: int, unsaid: int) -> None:
    found = names_of(version).variables
    assert len(found) == variables
    assert sum(each.required for each in found) == required
    assert sum(each.mutability is None for each in found) == unsaid


def test_what_is_known_of_a_configuration_key() -> None:
    key = variable("1.6", "HeartbeatInterval")
    assert (key.type, key.units, key.mutability) == ("integer", ("s",), ("ReadWrite",))
    assert (key.component, key.group) == (None, "Core")
    assert key_notes(key) == ["in OCPP 2.0.1 OCPPCommCtrlr.HeartbeatInterval"]
    assert key_text(key) == (
        "Integer, in s, ReadWrite, required, in OCPP 2.0.1 OCPPCommCtrlr.HeartbeatInterval. [Chapter 9]"
    )


def test_what_is_known_of_a_variable_with_instances() -> None:
    one = variable("2.0.1", "DeviceDataCtrlr.ItemsPerMessage[GetReport]")
    assert (one.member, one.instance) == ("ITEMS_PER_MESSAGE_GET_REPORT", "GetReport")
    many = variable("2.1", "TariffCostCtrlr.TariffFallbackMessage")
    assert (many.instance, many.instances) == (None, "language")


def test_successors_of_configuration_keys_exist() -> None:
    later = {str(each) for each in names_of("2.0.1").variables}
    wanted = {each.successor for each in names_of("1.6").variables if each.successor}
    assert len(wanted) >= 38
    assert wanted <= later


def test_mutability_of_2_1_names_the_version_that_says_it() -> None:
    known = [each for each in names_of("2.1").variables if each.mutability]
    assert [each for each in known if not each.source.startswith("OCPP 2.0.1 ")] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_names_in_python_are_made_by_the_rule_and_distinct(version: str) -> None:
    for component in by_component(names_of(version).variables):
        members = [each.member for each in component.variables]
        assert len(set(members)) == len(members)
        for each in component.variables:
            assert each.member == member_name(f"{each.name} {each.instance or ''}")


@pytest.mark.parametrize("version", VERSIONS)
def test_security_events_are_those_of_the_facts(version: str) -> None:
    (events,) = [each for each in names_of(version).lists if each.name == "SecurityEvent"]
    facts = load_facts(version).protocol
    uncritical = {value.value for value in events.values if not value.critical}
    assert uncritical == set(facts.uncritical_events)
    assert len(uncritical) == 5
    assert {value.value for value in events.values} == set(facts.security_events.values())


def test_a_version_without_names_takes_those_of_the_version_it_extends() -> None:
    api = load_api(Job("2.1", "acme", only=("Heartbeat",)))
    later = replace(
        api,
        protocol=replace(api.protocol, version="2.2", ancestors=("2.0.1", "2.1")),
        names=StandardNames(),
    )
    assert standard.add_standard_names(later).names == api.names
    alone = replace(later, protocol=replace(later.protocol, ancestors=()))
    assert standard.add_standard_names(alone).names == StandardNames()


def test_a_variable_without_a_type_is_a_text(tmp_path: Path) -> None:
    (one,) = read(tmp_path, "[variables.A.B]\n").variables
    assert key_class(one) == "TextKey"
    assert key_text(one) == "No source defines the type. [Part 9]"


@pytest.mark.parametrize(
    ("text", "pointer", "problem"),
    [
        ("[key.A]", "/key", "unknown key 'key'"),
        ("[keys.A]\nkind = 'integer'", "/keys/A/kind", "unknown key 'kind'"),
        ("[keys.A]\ntype = 'int'", "/keys/A/type", "there is no type 'int'"),
        ("[keys.A]\ntype = ['integer']", "/keys/A/type", "'type' is not \"a text\""),
        ("[keys.A]\nunits = 's'", "/keys/A/units", "'units' is not "),
        ("[keys.A]\nmutability = ['RW']", "/keys/A/mutability", "there is no mutability 'RW'"),
        ("[variables.A.a]\n[variables.A.'A[]']", "", "A.a and A.A would both be named A in Python"),
        (
            "[values.A]\nabout = 'a'\nsource = 'b'\nvalues = ['c']\ncritical = ['d']",
            "/values/A/critical",
            "there is no critical 'd'",
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_named(
    tmp_path: Path, text: str, pointer: str, problem: str
) -> None:
    with refused(problem, file=str(tmp_path / "v99.toml"), pointer=pointer):
        read(tmp_path, text)


def test_api_has_none_unless_they_are_added() -> None:
    api = load_api(Job("2.1", "acme", only=("Heartbeat",)))
    assert Api(api.protocol, (), (), ()).names == StandardNames()


def test_what_a_configuration_key_is_in_later_versions() -> None:
    unit = variable("1.6", "ChargingScheduleAllowedChargingRateUnit")
    assert unit.successor_place == ("SmartChargingCtrlr", "RateUnit", None)
    assert (unit.values, unit.successor_values) == (("Current", "Power"), ("A", "W"))
    limits = [str(each) for each in names_of("1.6").variables if each.successor_limit]
    assert limits == [
        "LocalAuthListMaxLength",
        "MaxChargingProfilesInstalled",
        "CertificateStoreMaxLength",
    ]
    profiles = variable("1.6", "MaxChargingProfilesInstalled")
    assert profiles.successor_place == ("SmartChargingCtrlr", "Entries", "ChargingProfiles")
    assert key_notes(profiles) == [
        "in OCPP 2.0.1 the greatest value of SmartChargingCtrlr.Entries[ChargingProfiles]"
    ]
    alone = variable("1.6", "BlinkRepeat")
    assert alone.successor_place == (None, "BlinkRepeat", None)
    for each in names_of("1.6").variables:
        assert len(each.successor_values) in (0, len(each.values))
