"""A schema refers to types of other messages: they become definitions of its own, errata applied."""

import json
from pathlib import Path
from typing import Any

import pytest

from ocppkit.codegen._pipeline import Job, generate, load_api
from ocppkit.codegen.schemas._json_text import Place
from ocppkit.codegen.schemas._references import external_reference, resolve_references
from ocppkit.codegen.schemas._schema_set import load_set
from support.schema_files import message, pair, refused, write
from support.schema_pairs import document

STATION = "BootNotificationRequest.json#/definitions/ChargingStationType"
FACTS = """
[protocol]
version = "{version}"
[actions.AcmeBlink]
purpose = "Asks the station to blink."
direction = "csms"
block = "{block}"
citation = "ACME manual"
"""


def ref(target: str) -> dict[str, str]:
    return {"$ref": target}


def job(tmp_path: Path, version: str, block: str, **members: Any) -> Job:
    """A job with a vendor's action whose request has these members."""
    write(tmp_path / "acme", pair("AcmeBlink", **members))
    facts = tmp_path / "acme.toml"
    facts.write_text(FACTS.format(version=version, block=block))
    return Job(version, "acme", schema_dirs=(tmp_path / "acme",), facts_files=(facts,))


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        (STATION, STATION),
        (f"../v201/{STATION}", STATION),
        ("https://acme.com/A.json#/$defs/B", "A.json#/definitions/B"),
        ("AuthorizeRequest_v1p0.json#/definitions/a%20b", "AuthorizeRequest.json#/definitions/a b"),
        ("#/definitions/B", None),
        ("A.json", None),
        (7, None),
    ],
)
def test_the_form_of_a_reference(target: Any, kept: str | None) -> None:
    assert external_reference(target) == kept


def test_what_a_type_refers_to_comes_along() -> None:
    tree = {"type": "object", "properties": {"next": ref("#/definitions/Tree")}}
    leaf = {"type": "object", "properties": {"tree": {"type": "array", "items": tree}}}
    away = document({"x": ref("#/definitions/Leaf")}, definitions={"Leaf": leaf, "Tree": tree})
    ours = document({"leaf": ref("AwayRequest.json#/definitions/Leaf")})
    named = {"AwayRequest": away, "OurRequest": ours}
    resolved = resolve_references(named, {name: Place(f"{name}.json") for name in named})
    assert resolved["AwayRequest"] is away
    assert resolved["OurRequest"]["properties"] == {"leaf": ref("#/definitions/Leaf")}
    assert resolved["OurRequest"]["definitions"] == {"Leaf": leaf, "Tree": tree}


def test_a_file_may_refer_to_itself_by_name() -> None:
    tree = document(
        {"a": ref("OurRequest.json#/definitions/A"), "b": ref("BRequest.json#/definitions/B")},
        definitions={"A": {"type": "string", "enum": ["x"]}},
    )
    other = document(definitions={"B": {"type": "string", "enum": ["y"]}})
    named = {"BRequest": other, "OurRequest": tree}
    resolved = resolve_references(named, dict.fromkeys(named, Place("file")))["OurRequest"]
    assert resolved["properties"]["a"] == ref("#/definitions/A")
    assert list(resolved["definitions"]) == ["A", "B"]


def test_the_class_is_ocpp_s_own_in_both_flavours(tmp_path: Path) -> None:
    files = generate(job(tmp_path, "2.0.1", "P", station=ref(STATION)))
    for path in ("acme/messages/acme_blink.py", "acme/pydantic/messages/acme_blink.py"):
        assert "datatypes import ChargingStationType\n" in files[path]
        assert "station: Opt[ChargingStationType] = None" in files[path]
    assert files["acme/datatypes.py"].count("class ChargingStationType(") == 1


def test_an_erratum_reaches_it(tmp_path: Path) -> None:
    errata = tmp_path / "limits.toml"
    errata.write_text(
        'version = "2.0.1"\n[[change]]\nold = 20\nnew = 30\nreason = "longer"\ncitation = "ACME"\n'
        f'path = "{STATION}/properties/model/maxLength"\n'
    )
    wanted = job(tmp_path, "2.0.1", "P", station=ref(STATION))
    api = load_api(Job(**{**vars(wanted), "errata_files": (errata,)}))
    (station,) = [each for each in api.datatypes if each.name == "ChargingStationType"]
    (model,) = [each for each in station.fields if each.wire == "model"]
    assert "max_length=30" in repr(model.type)


def test_an_inline_type_of_1_6_has_the_name_that_the_facts_give_it(tmp_path: Path) -> None:
    reference = ref("AuthorizeResponse.json#/properties/idTagInfo")
    api = load_api(job(tmp_path, "1.6", "Core", info=reference, again=reference))
    (action,) = [each for each in api.actions if each.name == "AcmeBlink"]
    assert {repr(each.type) for each in action.request.fields} == {"Ref(name='IdTagInfo')"}


@pytest.mark.parametrize(
    ("target", "problem", "cure"),
    [
        (
            "BootNotifcationRequest.json#/definitions/ModemType",
            "but there is no such schema",
            "did you mean 'BootNotificationRequest.json'?",
        ),
        ("Xyz.json#/definitions/ModemType", "but there is no such schema", "name a schema of the"),
        (
            "BootNotificationRequest.json#/definitions/ModemTyp",
            "refers to nothing",
            "write BootNotificationRequest.json#/definitions/ModemType",
        ),
        (
            "BootNotificationRequest.json#/definitions/MODEMTYPE",
            "refers to nothing",
            "write BootNotificationRequest.json#/definitions/ModemType",
        ),
        (
            "BootNotificationRequest.json#/properties/reason/maxLength",
            "refers to nothing",
            "write BootNotificationRequest.json#/definitions/",
        ),
        (
            "ClearCacheRequest.json#/properties/a",
            "refers to nothing",
            "ClearCacheRequest.json#/def",
        ),
    ],
)
def test_references_that_lead_nowhere(tmp_path: Path, target: str, problem: str, cure: str) -> None:
    wanted = job(tmp_path, "2.0.1", "P", a={"type": "array", "items": ref(target)})
    with refused(problem, cure=cure, pointer="/properties/a/items/$ref"):
        load_api(wanted)


def test_a_file_of_text_alone_has_nothing_to_refer_to(tmp_path: Path) -> None:
    files = pair("Ping", a=ref("PongRequest.json#/properties/a"))
    files |= {"PongRequest.json": json.dumps(message()).encode(), **pair("Pong", suffix="")}
    files.pop("Pong.json")
    with refused(
        "refers to nothing", cure="refer to an enum or an object", pointer="/properties/a/$ref"
    ):
        load_set("2.0.1", write(tmp_path, files))
