"""Users' own output: `pip install 'ocppkit[codegen]'` in an empty environment, without a checkout."""

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from support.distributions import Environment
from support.schema_files import DRAFT_6, encode, message, pair, write, zipped

LIMIT = """
version = "2.0.1"

[[change]]
path = "BootNotificationRequest.json#/definitions/ChargingStationType/properties/model/maxLength"
old = 20
new = 40
reason = "Our stations have long names."
citation = "ACME note 7"
"""

FACTS = """
[protocol]
version = "2.0.1"
blocks = { ACME = "ACME's own" }

[actions.AcmeBlink]
purpose = "Asks the Charging Station to blink."
direction = "csms"
block = "ACME"
citation = "ACME manual, edition 7, page 3"
"""

BLINK = message(
    title="AcmeBlink",
    description="Prose that stays behind.",
    properties={"times": {"type": "integer", "minimum": 1, "maximum": 9}},
    required=["times"],
)

GENERATE = (
    *("generate", "--version", "2.0.1", "--package", "acme.ocpp201", "--output", "src"),
    *("--errata", "limit.toml", "--schemas", "vendor/v201", "--facts", "vendor.toml"),
)

BOTH = """
import json, sys
sys.path.insert(0, "src")
from acme import ocpp201
from ocppkit import v201
from ocppkit.core import InvalidMessage, decode_message, encode_message

def boot(model):
    return json.dumps([2, "1", "BootNotification", {
        "reason": "PowerUp", "chargingStation": {"model": model, "vendorName": "ACME"}}])

def accepts(version, text):
    try:
        return type(decode_message(version.PROTOCOL, text).payload) is version.BootNotificationRequest
    except InvalidMessage as refusal:
        return [issue.path for issue in refusal.issues]

print(json.dumps([accepts(v, boot("x" * n)) for n in (20, 21, 40, 41) for v in (v201, ocpp201)]))
assert not issubclass(ocpp201.BootNotificationRequest, v201.BootNotificationRequest)
"""

VENDOR = """
import asyncio, sys
sys.path.insert(0, "src")
from acme import ocpp201
from acme.ocpp201.roles import ChargingStation, ConnectedStation
from ocppkit import v201
from ocppkit.core import decode_message, encode_message

station = ChargingStation("CP001", model="Wall-11 with a name of its own", vendor_name="ACME")

@station.on(ocpp201.AcmeBlinkRequest)
def blink(request: ocpp201.AcmeBlinkRequest) -> ocpp201.AcmeBlinkResponse:
    return ocpp201.AcmeBlinkResponse()

text = encode_message("1", ocpp201.AcmeBlinkRequest(times=3))
assert decode_message(ocpp201.PROTOCOL, text).payload == ocpp201.AcmeBlinkRequest(times=3)
assert ocpp201.PROTOCOL.blocks["ACME"] == "ACME's own"
assert "AcmeBlink" not in v201.PROTOCOL.actions
assert callable(ConnectedStation.acme_blink)
print(text.decode())
"""


@pytest.fixture(scope="module")
def imported(workshop: Environment) -> CompletedProcess[str]:
    """A vendor's ZIP, laid out as the Alliance does, is imported."""
    name = "ACME_part3_JSON_schemas"
    blink = {"AcmeBlinkRequest.json": encode(BLINK, bom=True)}
    schemas = {f"{name}/{file}": data for file, data in {**pair("AcmeBlink"), **blink}.items()}
    source = {"ACME_all_files/manual.pdf": b"%PDF", f"ACME_all_files/{name}.zip": zipped(schemas)}
    write(
        workshop.folder,
        {
            "ACME.zip": zipped(source),
            "limit.toml": LIMIT.encode(),
            "vendor.toml": FACTS.encode(),
        },
    )
    return workshop(
        "ocppkit", "schemas", "import", "ACME.zip", "--version=2.0.1", "--output=vendor"
    )


@pytest.fixture(scope="module")
def generated(workshop: Environment, imported: CompletedProcess[str]) -> CompletedProcess[str]:
    """A package of the vendor's own, with a raised limit and an action more."""
    assert imported.returncode == 0, imported.stderr
    return workshop("ocppkit", *GENERATE)


def test_a_zip_is_imported(workshop: Environment, imported: CompletedProcess[str]) -> None:
    assert (imported.returncode, imported.stderr) == (0, "")
    assert "OCPP 2.0.1: 2 schemas in vendor/v201" in imported.stdout
    schema = json.loads((workshop.folder / "vendor/v201/AcmeBlinkRequest.json").read_text("utf-8"))
    assert schema["$schema"] == DRAFT_6
    assert "description" not in schema
    for command in (("verify", "ACME.zip", "--version=2.0.1"), ("check",)):
        done = workshop("ocppkit", "schemas", *command, "--schemas=vendor")
        assert (done.returncode, done.stderr) == (0, "")


def test_a_package_is_generated(workshop: Environment, generated: CompletedProcess[str]) -> None:
    assert (generated.returncode, generated.stderr) == (0, "")
    package = workshop.folder / "src" / "acme" / "ocpp201"
    assert (package / "messages" / "acme_blink.py").is_file()
    assert (package / "py.typed").is_file()
    assert (package / "pydantic" / "datatypes.py").is_file()
    assert not (workshop.folder / "src" / "ocppkit").exists()
    assert str(workshop.folder) not in (package / "registry.py").read_text("utf-8")


def test_both_packages_decode_and_one_limit_is_raised(
    workshop: Environment, generated: CompletedProcess[str]
) -> None:
    assert generated.returncode == 0
    too_long = ["$.chargingStation.model"]
    results = json.loads(workshop.python(BOTH))
    assert [results[each : each + 2] for each in range(0, 8, 2)] == [
        [True, True],
        [too_long, True],
        [too_long, True],
        [too_long, too_long],
    ]


def test_the_vendors_action_works(workshop: Environment, generated: CompletedProcess[str]) -> None:
    assert generated.returncode == 0
    assert workshop.python(VENDOR) == '[2,"1","AcmeBlink",{"times":3}]\n'


def test_check_is_clean_and_sees_an_edit(
    workshop: Environment, generated: CompletedProcess[str]
) -> None:
    assert generated.returncode == 0
    done = workshop("ocppkit", *GENERATE, "--check")
    assert (done.returncode, done.stderr) == (0, "")
    path = workshop.folder / "src/acme/ocpp201/messages/acme_blink.py"
    text = path.read_text("utf-8")
    path.write_text(text.replace("blink", "wink"), "utf-8")
    done = workshop("ocppkit", *GENERATE, "--check")
    path.write_text(text, "utf-8")
    assert done.returncode == 1
    assert "changed   src/acme/ocpp201/messages/acme_blink.py" in done.stdout


def test_the_shipped_schemas_are_as_locked(workshop: Environment) -> None:
    done = workshop("ocppkit", "schemas", "check")
    assert (done.returncode, done.stderr) == (0, "")


def test_versions_are_compared(workshop: Environment) -> None:
    done = workshop("ocppkit", "diff", "2.0.1", "2.1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "AFRRSignal (CSMS -> station): new action" in done.stdout


def test_an_action_is_explained(workshop: Environment) -> None:
    done = workshop("ocppkit", "explain", "BootNotification")
    assert (done.returncode, done.stderr) == (0, "")
    assert "chargingStation" in done.stdout


def test_generating_over_ocppkit_itself_is_refused(workshop: Environment) -> None:
    before = sorted(Path(workshop.folder).rglob("*"))
    done = workshop("ocppkit", "generate", "--version", "2.0.1")
    assert done.returncode == 2
    assert "--package acme.ocpp201" in done.stderr
    assert sorted(Path(workshop.folder).rglob("*")) == before
