"""How a station introduces itself: read from the schema, as the facts say."""

from pathlib import Path
from typing import Any

import pytest

from golden import VERSION, tiny_facts
from ocppkit.codegen import VERSIONS, Job, load_api
from ocppkit.codegen._pipeline import read_api
from ocppkit.codegen.model._facts import VersionFacts
from ocppkit.codegen.model._ir import Api
from ocppkit.codegen.model._role_facts import Boot, boot_of
from support.schema_files import refused
from support.schema_pairs import document, schema_set, text

Schema = dict[str, Any]

BOOT = """
[protocol]
version = "9.9"

[actions.BootNotification]
purpose = "Registers the station."
direction = "station"
block = "T"
citation = "A trial"
"""
NESTED = (
    BOOT + '[protocol.roles]\ndescription = "station"\nboot_defaults = { reason = "PowerUp" }\n'
)

STATION: Schema = {
    "type": "object",
    "properties": {"model": text(maxLength=20), "serialNumber": text()},
    "required": ["model"],
    "additionalProperties": False,
}
REASON = text(enum=["Unknown", "PowerUp"])


def ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


@pytest.fixture
def facts_file(tmp_path: Path) -> Path:
    return tmp_path / "facts.toml"


def write(file: Path, content: str) -> VersionFacts:
    file.write_text(content)
    return tiny_facts(file)


def api_of(facts: VersionFacts, request: Schema) -> Api:
    schemas = schema_set(
        VERSION, BootNotificationRequest=request, BootNotificationResponse=document()
    )
    return read_api(schemas, facts)


def nested(**properties: Schema) -> Schema:
    members = {"station": ref("StationType"), "reason": ref("ReasonEnumType"), **properties}
    definitions = {"StationType": STATION, "ReasonEnumType": REASON}
    return document(members, required=("station", "reason"), definitions=definitions)


def names(boot: Boot) -> list[str]:
    return [field.name for field in boot.fields]


def test_the_request_may_describe_the_station_itself(facts_file: Path) -> None:
    request = document({"model": text(), "vendor": text()}, required=("model",))
    boot = boot_of(api_of(write(facts_file, BOOT), request))
    assert boot is not None
    assert names(boot) == ["model", "vendor"]
    assert boot.described == boot.request.fields
    assert (boot.member, boot.others) == (None, ())


def test_a_member_may_describe_it(facts_file: Path) -> None:
    boot = boot_of(api_of(write(facts_file, NESTED), nested(customData=text())))
    assert boot is not None
    assert boot.member is not None
    assert boot.member.name == "station"
    assert [field.name for field in boot.described] == ["model", "serial_number"]
    # Optional members of the request are left to whoever sends a boot notification of his own.
    assert [(field.name, default) for field, default in boot.others] == [
        ("reason", "ReasonEnumType.POWER_UP")
    ]
    assert names(boot) == ["model", "serial_number", "reason"]


@pytest.mark.parametrize(
    ("facts", "request_schema", "expected"),
    [
        (BOOT, document({"serialNumber": text()}), None),
        (
            BOOT + '[protocol.roles]\nserial_number = "serialNumber"\n',
            document({"serialNumber": text()}),
            "serial_number",
        ),
        (
            NESTED + 'serial_number = "serialNumber"\n',
            nested(),
            "station.serial_number",
        ),
    ],
)
def test_where_the_serial_number_is(
    facts: str, request_schema: Schema, expected: str | None, facts_file: Path
) -> None:
    boot = boot_of(api_of(write(facts_file, facts), request_schema))
    assert boot is not None
    assert boot.serial_number == expected


def test_without_boot_notification_there_is_none(facts_file: Path) -> None:
    schemas = schema_set(VERSION, PingRequest=document(), PingResponse=document())
    assert boot_of(read_api(schemas, tiny_facts())) is None


class TestFactsThatDoNotFit:
    @pytest.mark.parametrize("wire", ["nothing", "reason", "customData"])
    def test_a_description_that_is_no_datatype(self, wire: str, facts_file: Path) -> None:
        facts = write(facts_file, NESTED.replace('"station"\nboot', f'"{wire}"\nboot'))
        with refused(
            f"BootNotificationRequest has no member '{wire}' of an object type",
            file="BootNotificationRequest.json",
        ):
            boot_of(api_of(facts, nested(customData=text())))

    @pytest.mark.parametrize("defaults", ['reason = "Nowhere"', 'mood = "PowerUp"', ""])
    def test_a_required_member_without_a_good_default(
        self, defaults: str, facts_file: Path
    ) -> None:
        facts = write(facts_file, NESTED.replace('reason = "PowerUp"', defaults))
        with refused("is not a value of the member 'reason' of BootNotification"):
            boot_of(api_of(facts, nested()))

    @pytest.mark.parametrize("wire", ["reason", "chassis"])
    def test_a_serial_number_that_describes_nothing(self, wire: str, facts_file: Path) -> None:
        facts = write(facts_file, NESTED + f'serial_number = "{wire}"\n')
        with refused(f"the description of a station in BootNotification has no member '{wire}'"):
            boot_of(api_of(facts, nested()))

    def test_a_required_member_that_is_no_enum(self, facts_file: Path) -> None:
        request = nested(number={"type": "integer"})
        request["required"].append("number")
        with refused("None is not a value of the member 'number' of BootNotification"):
            boot_of(api_of(write(facts_file, NESTED), request))


@pytest.mark.parametrize(
    ("version", "members", "others", "serial_number"),
    [
        (
            "1.6",
            [
                "charge_point_vendor",
                "charge_point_model",
                "charge_point_serial_number",
                "charge_box_serial_number",
                "firmware_version",
                "iccid",
                "imsi",
                "meter_type",
                "meter_serial_number",
            ],
            {},
            "charge_point_serial_number",
        ),
        (
            "2.0.1",
            ["serial_number", "model", "modem", "vendor_name", "firmware_version", "custom_data"],
            {"reason": "BootReasonEnumType.POWER_UP"},
            "charging_station.serial_number",
        ),
        (
            "2.1",
            ["serial_number", "model", "modem", "vendor_name", "firmware_version", "custom_data"],
            {"reason": "BootReasonEnumType.POWER_UP"},
            "charging_station.serial_number",
        ),
    ],
)
def test_shipped_versions(
    version: str, members: list[str], others: dict[str, str], serial_number: str
) -> None:
    job = Job(version, f"ocppkit.{VERSIONS[version]}", only=("BootNotification",))
    boot = boot_of(load_api(job))
    assert boot is not None
    assert [field.name for field in boot.described] == members
    assert {field.name: default for field, default in boot.others} == others
    assert boot.serial_number == serial_number
