"""*Errata day* from a wheel: the guide's own words, then the files of the world, up to a live session."""

import json
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from ocppkit.codegen import schemas_dir
from support.distributions import Environment, run
from support.schema_files import DRAFT_6
from support.terminal_sessions import Console, PageBlock, blocks, do

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/guides/errata-day.md"

# The fixtures build a wheel and run all commands of the page.
pytestmark = pytest.mark.timeout(1500)

LIVE = """
import asyncio, sys
from importlib import import_module
from ocppkit.core import utcnow
from ocppkit.csms import Csms
from ocppkit.testing import connected

package = import_module(sys.argv[1])
roles = import_module(f"{sys.argv[1]}.roles")
station = roles.ChargingStation("CP001", model="Wall-11", vendor_name="ACME", insecure=True)
csms = Csms(package.PROTOCOL, insecure=True)

@csms.on(package.BootNotificationRequest)
def boot(station, request):
    status = package.BootNotificationResponse.__annotations__["status"]("Accepted")
    return package.BootNotificationResponse(current_time=utcnow(), interval=300, status=status)

@station.on(package.ResetRequest)
def reset(request):
    statuses = package.ResetResponse.__annotations__["status"]
    return package.ResetResponse(status=statuses("Accepted"))

async def main():
    async with connected(station, csms):
        handle = await csms.stations.wait_connected("CP001", roles.ConnectedStation)
        kinds = package.ResetRequest.__annotations__["type"]
        print((await handle.reset(type=kinds("Immediate"))).status)

asyncio.run(main())
"""

ALL_MODULES = """
import sys
from importlib import import_module
from pkgutil import walk_packages

package = import_module(sys.argv[1])
names = [each.name for each in walk_packages(package.__path__, f"{package.__name__}.")]
print(len([import_module(name) for name in names]))
"""

FLAVOURS = """
from typing import assert_type

from acme import log
from acme.log import pydantic as models

message = log.AcmeLogRequest(evse=log.EVSEType(id=1), trigger=log.EventTriggerEnumType.ALERTING)
model = models.AcmeLogRequest(evse=models.EVSEType(id=1), trigger=log.EventTriggerEnumType.ALERTING)
assert_type(message.evse, log.EVSEType)
assert_type(model.evse, models.EVSEType)
assert model.to_msgspec() == message
"""


@pytest.fixture(scope="module")
def console(workshop: Environment, tmp_path_factory: pytest.TempPathFactory) -> Console:
    """A folder in which everything on the page was done with the wheel."""
    console = Console(tmp_path_factory.mktemp("errata"), workshop.bin)
    (console.folder / "live.py").write_text(LIVE)
    (console.folder / "all_modules.py").write_text(ALL_MODULES)
    for block in blocks(PAGE):
        do(console, block)
    # The tests say all they mean by options.
    (console.folder / "ocppkit.toml").unlink()
    return console


def good(console: Console, line: str) -> str:
    """Runs a command that must succeed, and returns what it prints."""
    told = console.run(f"{line} && echo good")
    assert told.endswith("good\n"), told
    return told.removesuffix("good\n")


def zip_of(console: Console, name: str, documents: Mapping[str, object]) -> None:
    with zipfile.ZipFile(console.folder / name, "w") as archive:
        for message, document in documents.items():
            archive.writestr(f"json/{message}.json", json.dumps(document))


def shipped(version: str) -> dict[str, dict[str, object]]:
    return {
        path.stem: json.loads(path.read_text("utf-8"))
        for path in sorted((schemas_dir() / version).glob("*.json"))
    }


def test_the_errata_and_the_vendor_s_message_are_in_the_package(console: Console) -> None:
    package = console.folder / "src/acme/ocpp201"
    assert "Str50" in (package / "datatypes.py").read_text("utf-8")
    assert (package / "messages/acme_blink.py").is_file()
    assert (console.folder / "src/acme/slim/topics.py").is_file()


def test_the_code_with_the_package_is_typed(console: Console) -> None:
    code = [block.text for block in blocks(PAGE) if block.language == "py"]
    names = [f"use{number}.py" for number in range(len(code))]
    for name, text in zip(names, code, strict=True):
        console.put(PageBlock("py", name, text))
    mypy = f"{sys.executable} -m mypy --python-executable {console.bin / 'python'}"
    options = f"--strict --config-file={ROOT / 'pyproject.toml'} --cache-dir=cache"
    told = console.run(f"{mypy} {options} {' '.join(names)}")
    assert told == f"Success: no issues found in {len(names)} source files\n"


def test_the_packages_of_the_page_hold_a_session(console: Console) -> None:
    assert good(console, "python live.py acme.ocpp201") == "Accepted\n"
    few = "--only AcmeBlink,BootNotification,Heartbeat,Reset --flavour msgspec"
    own = "--version 2.2 --package acme.next --output src --facts v22.toml --schemas acme"
    good(console, f"ocppkit generate {own} {few}")
    good(console, f"ocppkit generate {own} {few} --check")
    assert good(console, "python live.py acme.next") == "Accepted\n"


def test_the_page_s_code_is_typed_where_the_wheel_is_installed(console: Console) -> None:
    """Vendors' messages, those in DataTransfer and customData, and OCPP's own types in them, in both flavours."""
    code = [block.text for block in blocks(PAGE) if block.language == "py"]
    code += [FLAVOURS]
    names = [f"use{number}.py" for number in range(len(code))]
    for name, text in zip(names, code, strict=True):
        (console.folder / name).write_text(text)
    good(console, f"python {names[-1]}")
    checker = f"{sys.executable} -m mypy --strict --python-executable {console.bin}/python"
    told = good(console, f"MYPYPATH=src {checker} --explicit-package-bases {' '.join(names)}")
    assert told == f"Success: no issues found in {len(names)} source files\n"


def test_an_edition_that_removes_an_action(console: Console) -> None:
    left = {name: each for name, each in shipped("v201").items() if "PublishFirmwareRe" not in name}
    zip_of(console, "edition-6.zip", left)
    good(console, "ocppkit schemas import edition-6.zip --version 2.0.1 --output fewer")
    assert "PublishFirmware (CSMS -> station): action removed" in good(
        console, "ocppkit diff 2.0.1 fewer/v201 --version 2.0.1"
    )
    own = "--version 2.0.1 --package acme.fewer --output src --base fewer/v201 --flavour msgspec"
    asked = console.run(f"ocppkit generate {own}")
    entry = asked.partition("(--facts):")[2]
    assert tomllib.loads(entry)["actions"] == {"PublishFirmware": {"removed": True}}
    good(console, f"ocppkit generate {own} --facts removed.toml")
    good(console, f"ocppkit generate {own} --facts removed.toml --check")
    assert not (console.folder / "src/acme/fewer/messages/publish_firmware.py").exists()
    assert good(console, "python live.py acme.fewer") == "Accepted\n"


def test_a_bundle_of_draft_07_with_three_corrections(console: Console) -> None:
    documents = shipped("v201")
    request = json.loads((console.folder / "odd/ResetRequest.json").read_text("utf-8"))
    request["properties"]["note"] = {"type": "string", "pattern": "^[a-z]+$"}
    documents["ResetRequest"] = request
    bundle = [
        {**each, "$id": f"urn:OCPP:{name}", "$schema": each["$schema"].replace("06", "07")}  # type: ignore[attr-defined]
        for name, each in documents.items()
    ]
    (console.folder / "bundle.json").write_text(json.dumps(bundle))
    taken = "ocppkit schemas import bundle.json --version 2.0.1"
    told = good(console, f"{taken} --suggest three.toml")
    assert told.startswith("three.toml has 3 corrections")
    told = good(console, f"{taken} --output bundled --corrections three.toml")
    assert told.count("applied   correction") == 3
    document = json.loads((console.folder / "bundled/v201/ResetRequest.json").read_text("utf-8"))
    assert document["$schema"] == DRAFT_6
    assert "Reset" in good(console, "ocppkit diff 2.0.1 bundled/v201 --version 2.0.1")
    own = (
        "--version 2.0.1 --package acme.bundled --output src --base bundled/v201 --flavour msgspec"
    )
    good(console, f"ocppkit generate {own}")
    good(console, f"ocppkit generate {own} --check")
    assert good(console, "python live.py acme.bundled") == "Accepted\n"


@pytest.fixture(scope="module")
def official(console: Console) -> Path:
    """The schemas of OCPP 2.0, which the PyPI package `ocpp` 0.6.0 holds; nothing of it is kept."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    run(*pip, "install", "-q", "--no-deps", "--target", console.folder / "ocpp060", "ocpp==0.6.0")
    return console.folder / "ocpp060/ocpp/v20/schemas"


def test_the_official_ocpp_2_0(console: Console, official: Path) -> None:
    assert len(list(official.glob("*.json"))) == 134
    taken = f"ocppkit schemas import {official} --version 2.0"
    told = good(console, f"{taken} --suggest c20.toml")
    assert told.startswith("c20.toml has 6 corrections")
    told = good(console, f"{taken} --output ocpp20 --corrections c20.toml")
    assert "OCPP 2.0: 134 schemas in ocpp20/v20" in told
    told = good(console, "ocppkit diff ocpp20/v20 2.0.1 --version 2.0 --facts v20.toml")
    assert "was called CertificateStatusEnumType" in told
    own = "--version 2.0 --base ocpp20/v20 --errata open.toml --facts v20.toml"
    place = "--package acme.ocpp20 --output src"
    asked = console.run(f"ocppkit generate {own} {place}")
    assert "actions NotifyCentralChargingNeeds, Renegotiate15118Schedule, Update15118EVC" in asked
    assert "(--skeleton FILE writes them to a new file)" in asked
    good(console, f"ocppkit generate {own} {place} --skeleton facts20.toml")
    own += " --facts facts20.toml"
    good(console, f"ocppkit generate {own} {place}")
    good(console, f"ocppkit generate {own} {place} --check")
    assert "Update15118EVCertificateRequest" in good(
        console, f"ocppkit explain Update15118EVCertificate {own}"
    )
    assert good(console, "python live.py acme.ocpp20") == "Accepted\n"
    # Blocks are left out where the templates use what 2.0 lacks; the rest can be imported.
    assert int(good(console, "python all_modules.py acme.ocpp20")) > 140


@pytest.mark.parametrize(
    "setting",
    ["PYTHONHASHSEED=0", "PYTHONHASHSEED=7", "LC_ALL=C", "LC_ALL=tr_TR.UTF-8", "umask 077;"],
)
def test_check_is_clean_in_any_surroundings(console: Console, setting: str) -> None:
    own = "--version 1.6 --package acme.v16 --output src --only Reset,BootNotification"
    line = f"ocppkit generate {own} --check"
    if not (console.folder / "src/acme/v16").exists():
        good(console, f"ocppkit generate {own}")
    export = setting if setting.endswith(";") else f"export {setting};"
    assert "are up to date" in good(console, f"{export} {line}")


def test_check_is_clean_with_the_line_ends_of_windows(console: Console) -> None:
    own = "--version 1.6 --package acme.crlf --output src --only Reset --flavour msgspec"
    good(console, f"ocppkit generate {own}")
    for path in (console.folder / "src/acme/crlf").rglob("*.py"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    told = good(console, f"ocppkit generate {own} --check")
    assert "add to .gitattributes: src/acme/crlf/** text eol=lf" in told
