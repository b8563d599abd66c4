"""Bad inputs of every kind end in one screen that names the place and the cure, and leave nothing behind."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.cli_outcomes import Cli
from support.schema_files import encode, message, pair, write, zipped

GENERATE = (
    *("generate", "--version", "2.0.1", "--output", "src", "--package", "acme.v201"),
    *("--flavour", "msgspec", "--only", "Reset"),
)
SCHEMAS = (*GENERATE, "--schemas", "in")
IMPORT = ("schemas", "import", "in", "--version", "2.0.1", "--output", "out")
FACTS = '[protocol]\nversion = "2.0.1"\n'
BLINK = (
    f'{FACTS}[actions.AcmeBlink]\npurpose = "Blinks."\ncitation = "ACME"\nblock = "A"\n'
    'direction = "csms"\n'
)


@dataclass(frozen=True)
class Bad:
    """A bad input."""

    command: tuple[str, ...]
    files: dict[str, bytes]
    place: str
    """What the error says of the place."""

    cure: str
    """What the error says of the cure."""


def blink(**properties: Any) -> dict[str, bytes]:
    return {f"in/{name}": data for name, data in pair("AcmeBlink", **properties).items()}


def erratum(path: str, *, version: str = "2.0.1", **values: object) -> dict[str, bytes]:
    lines = [f"{key} = {json.dumps(value)}" for key, value in {"path": path, **values}.items()]
    text = f'version = "{version}"\n\n[[change]]\n' + "\n".join(lines)
    return {"e.toml": f'{text}\nreason = "Because."\ncitation = "ACME"\n'.encode()}


def clashing() -> dict[str, bytes]:
    return {**blink(a={"type": "string"}, A={"type": "string"}), "f.toml": BLINK.encode()}


BAD = {
    "a choice of schemas": Bad(
        SCHEMAS,
        blink(x={"oneOf": [{"type": "string"}]}),
        "in/AcmeBlinkRequest.json#/properties/x/oneOf: a choice of schemas",
        "write one schema, with its members optional",
    ),
    "a combination of schemas": Bad(
        SCHEMAS,
        blink(x={"allOf": []}),
        "/x/allOf: schemas that hold together",
        "write the one schema",
    ),
    "a constant": Bad(
        SCHEMAS, blink(x={"const": "A"}), "/x/const: a constant", "write an enum with one value"
    ),
    "an enum of numbers": Bad(
        SCHEMAS,
        blink(x={"type": "integer", "enum": [1, 2]}),
        "/x/enum: an enum of type 'integer'",
        "remove it or mend the type",
    ),
    "a default of another type": Bad(
        SCHEMAS,
        blink(x={"type": "boolean", "default": "false"}),
        "/x/default: the default 'false' is no value",
        'path = "AcmeBlinkRequest.json#/properties/x/default"',
    ),
    "a reference without a slash": Bad(
        IMPORT,
        {
            **blink(),
            "in/AcmeBlinkRequest.json": encode(
                message(
                    properties={"x": {"$ref": "#definitions/XType"}},
                    definitions={"XType": {"type": "string", "enum": ["A"]}},
                )
            ),
        },
        "in/AcmeBlinkRequest.json#/properties/x/$ref: $ref leads nowhere",
        'new = "#/definitions/XType"',
    ),
    "a draft that nobody knows": Bad(
        IMPORT,
        {**blink(), "in/AcmeBlinkResponse.json": encode(message(**{"$schema": "urn:mine"}))},
        "in/AcmeBlinkResponse.json#/$schema: unknown JSON Schema draft",
        "https://json-schema.org/draft/2020-12/schema",
    ),
    "a bundle without names": Bad(
        IMPORT,
        {"in/all.json": encode([message()])},
        "in/all.json#/0/$id: a schema in an array of schemas",
        "write $id, such as urn:OCPP:ResetRequest",
    ),
    "a bundle in a ZIP with one schema twice": Bad(
        (*IMPORT[:2], "in.zip", *IMPORT[3:]),
        {"in.zip": zipped({"a.json": encode([message(**{"$id": "urn:AReq"})] * 2)})},
        "in.zip",
        "cure:",
    ),
    "corrections for other bytes": Bad(
        (*IMPORT, "--corrections", "c.toml"),
        {**blink(), "c.toml": b'[source]\nocpp = "2.0.1"\n[sha256]\nAcmeBlinkRequest = "0"\n'},
        "c.toml#/sha256/AcmeBlinkRequest: these corrections are for another",
        "then write its hash there",
    ),
    "a correction of all files": Bad(
        (*IMPORT, "--corrections", "c.toml"),
        {
            **blink(),
            "c.toml": b'[source]\nocpp = "2.0.1"\n[sha256]\n[[change]]\npath = "*.json#/x"\n'
            b'new = 1\nreason = "x"\ncitation = "x"\n',
        },
        "c.toml:4#/change/0/path: a correction names its file",
        "write ResetRequest.json#/...",
    ),
    "a suggestion over a file that is there": Bad(
        (*IMPORT, "--suggest", "c.toml"),
        {**blink(x={"type": "string", "pattern": "a"}), "c.toml": b""},
        "c.toml: the file is there already",
        "name a new file with --suggest",
    ),
    "an action without facts": Bad(
        SCHEMAS,
        blink(),
        "in/AcmeBlinkRequest.json: the schemas of OCPP 2.0.1 have an action AcmeBlink",
        "[actions.AcmeBlink]",
    ),
    "an inline type without a name": Bad(
        (*SCHEMAS, "--facts", "f.toml"),
        {**blink(x={"type": "string", "enum": ["A"]}), "f.toml": BLINK.encode()},
        "in/AcmeBlinkRequest.json#/properties/x: inline types have no name",
        '"AcmeBlink.request.x" = "AcmeBlinkXEnumType"',
    ),
    "two members of one name": Bad(
        (*SCHEMAS, "--facts", "f.toml"),
        clashing(),
        "in/AcmeBlinkRequest.json#/properties/A: 'a' and 'A' are both 'a' in Python",
        '"AcmeBlinkRequest.A" = "a_2"',
    ),
    "a name that Python does not allow": Bad(
        (*SCHEMAS, "--facts", "f.toml"),
        {**clashing(), "f.toml": f'{BLINK}[members]\n"AcmeBlinkRequest.A" = "class"\n'.encode()},
        "f.toml#/members/AcmeBlinkRequest.A: 'class' is no name for it in Python",
        "write 'class_'",
    ),
    "a name of a member that is not there": Bad(
        (*GENERATE, "--facts", "f.toml"),
        {"f.toml": f'{FACTS}[members]\n"ResetRequest.tpye" = "kind"\n'.encode()},
        "f.toml#/members/ResetRequest.tpye: no class has this member",
        "remove the entry, or mend it",
    ),
    "an open message": Bad(
        (*SCHEMAS, "--facts", "f.toml"),
        {
            **blink(),
            "in/AcmeBlinkResponse.json": encode(
                {key: value for key, value in message().items() if key != "additionalProperties"}
            ),
            "f.toml": BLINK.encode(),
        },
        "in/AcmeBlinkResponse.json: a message must be an object without unknown members",
        'path = "*.json#/additionalProperties"',
    ),
    "a misspelt value of an enum": Bad(
        (*GENERATE, "--errata", "e.toml"),
        erratum("#/definitions/ResetEnumType/enum", old="Immediat"),
        "e.toml:3#/change/0/old: #/definitions/ResetEnumType/enum has no value",
        "did you mean 'Immediate'?",
    ),
    "an erratum that breaks a schema": Bad(
        (*GENERATE, "--errata", "e.toml"),
        erratum("ResetRequest.json#/properties/type/oneOf", new="x"),
        "e.toml:3#/change/0: the changes leave a schema that is refused, at ",
        "move it into the definition",
    ),
    "an erratum for a definition that is not there": Bad(
        (*GENERATE, "--errata", "e.toml"),
        erratum("#/definitions/RestEnumType/enum", new="Later"),
        "e.toml:3#/change/0/path: #/definitions/RestEnumType/enum leads nowhere",
        "correct the path",
    ),
    "a version that nobody describes": Bad(
        (*GENERATE[:2], "2.3", *GENERATE[3:]),
        {},
        "OCPP 2.3 is not one of 1.6, 2.0.1, 2.1",
        'extends = "2.1"',
    ),
    "a package of ours": Bad(
        (*GENERATE[:6], "ocppkit.v201"),
        {},
        "the package 'ocppkit.v201' would hide ocppkit's own",
        "give it a name of your own",
    ),
    "a project with a misspelt key": Bad(
        ("generate",),
        {"pyproject.toml": b'[tool.ocppkit]\nouput = "src"\n'},
        "pyproject.toml#/tool/ocppkit/ouput: unknown key 'ouput'",
        "use output, flavours, templates, versions",
    ),
    "a project without a package": Bad(
        ("generate",),
        {"ocppkit.toml": b'output = "src"\n[versions."2.0.1"]\n'},
        "the package needs a name of its own",
        "`package` under [tool.ocppkit.versions.'2.0.1'] in ocppkit.toml",
    ),
    "a broken project file": Bad(
        ("explain", "Reset"), {"ocppkit.toml": b"[versions\n"}, "ocppkit.toml:1: not TOML", "mend"
    ),
    "a facts file of the project that is not there": Bad(
        ("generate",),
        {"ocppkit.toml": b'output = "a"\n[versions."2.1"]\npackage = "b"\nfacts = ["no.toml"]\n'},
        "no.toml: cannot be read",
        "check the path of the facts file",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_it_is_refused_on_one_screen(
    name: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = BAD[name]
    monkeypatch.chdir(write(tmp_path, bad.files))
    problem = cli(*bad.command).problem
    assert bad.place in problem.partition("\n  cure: ")[0]
    assert bad.cure in problem
    assert {path.as_posix() for path in _files(tmp_path)} == set(bad.files)


def _files(folder: Path) -> list[Path]:
    return [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
