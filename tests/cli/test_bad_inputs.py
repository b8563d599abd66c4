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
OWN = '[protocol]\nversion = "2.2"\nsubprotocol = "ocpp2.2"\npackage = "v22"\n'
_SCREEN = 30
"""Lines that a terminal shows."""


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
        "in/AcmeBlinkRequest.json#/properties/x/oneOf: generated types do not support a choice of schemas",
        "write one schema, with its members optional",
    ),
    "a combination of schemas": Bad(
        SCHEMAS,
        blink(x={"allOf": []}),
        "/x/allOf: generated types do not support a combination of schemas",
        "write the combined schema",
    ),
    "a constant": Bad(
        SCHEMAS,
        blink(x={"const": "A"}),
        "/x/const: generated types do not support a constant",
        "write an enum with one value",
    ),
    "the values of this enum are numbers": Bad(
        SCHEMAS,
        blink(x={"type": "integer", "enum": [1, 2]}),
        "/x/enum: the enum has the type 'integer'",
        "remove the keyword, or change the type",
    ),
    "a default of another type": Bad(
        SCHEMAS,
        blink(x={"type": "boolean", "default": "false"}),
        "/x/default: the schema does not allow its own default 'false'",
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
        "in/AcmeBlinkRequest.json#/properties/x/$ref: $ref ",
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
        "in/all.json#/0/$id: this schema in an array of schemas",
        "add $id, such as urn:OCPP:ResetRequest",
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
        "then write its hash here",
    ),
    "a correction of all files": Bad(
        (*IMPORT, "--corrections", "c.toml"),
        {
            **blink(),
            "c.toml": b'[source]\nocpp = "2.0.1"\n[sha256]\n[[change]]\npath = "*.json#/x"\n'
            b'new = 1\nreason = "x"\ncitation = "x"\n',
        },
        "c.toml:4#/change/0/path: the path of a correction must name a file",
        "write ResetRequest.json#/...",
    ),
    "a suggestion over a file that is there": Bad(
        (*IMPORT, "--suggest", "c.toml"),
        {**blink(x={"type": "string", "pattern": "a"}), "c.toml": b""},
        "c.toml: the file exists already",
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
        "in/AcmeBlinkRequest.json#/properties/A: 'a' and 'A' would both be named 'a' in Python",
        '"AcmeBlinkRequest.A" = "a_2"',
    ),
    "a name that Python does not allow": Bad(
        (*SCHEMAS, "--facts", "f.toml"),
        {**clashing(), "f.toml": f'{BLINK}[members]\n"AcmeBlinkRequest.A" = "class"\n'.encode()},
        "f.toml#/members/AcmeBlinkRequest.A: 'class' cannot be its name in Python",
        "write 'class_'",
    ),
    "a name of a member that is not there": Bad(
        (*GENERATE, "--facts", "f.toml"),
        {"f.toml": f'{FACTS}[members]\n"ResetRequest.tpye" = "kind"\n'.encode()},
        "f.toml#/members/ResetRequest.tpye: no class has this member",
        "remove or correct the entry",
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
        "in/AcmeBlinkResponse.json: the schema of a message must be an object and must forbid unknown members",
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
        "e.toml:3#/change/0: the change makes the schema invalid at ",
        "move the keyword into the definition",
    ),
    "an erratum for a definition that is not there": Bad(
        (*GENERATE, "--errata", "e.toml"),
        erratum("#/definitions/RestEnumType/enum", new="Later"),
        "e.toml:3#/change/0/path: #/definitions/RestEnumType/enum refers to nothing",
        "correct the path",
    ),
    "a version that nobody describes": Bad(
        (*GENERATE[:2], "2.3", *GENERATE[3:]),
        {},
        "there are no facts of OCPP 2.3, only of 1.6, 2.0.1, 2.1",
        'extends = "2.1"',
    ),
    "a package of ours": Bad(
        (*GENERATE[:6], "ocppkit.v201"),
        {},
        "the package 'ocppkit.v201' would hide the installed ocppkit",
        "choose a name outside ocppkit",
    ),
    "a project with a misspelt key": Bad(
        ("generate",),
        {"pyproject.toml": b'[tool.ocppkit]\nouput = "src"\n'},
        "pyproject.toml#/tool/ocppkit/ouput: unknown key 'ouput'",
        "use one of output, flavours, templates, versions",
    ),
    "a project without a package": Bad(
        ("generate",),
        {"ocppkit.toml": b'output = "src"\n[versions."2.0.1"]\n'},
        "the package for OCPP 2.0.1 has no name",
        "`package` under [tool.ocppkit.versions.'2.0.1'] in ocppkit.toml",
    ),
    "a broken project file": Bad(
        ("explain", "Reset"),
        {"ocppkit.toml": b"[versions\n"},
        "ocppkit.toml:1: not valid TOML",
        "correct the file",
    ),
    "a facts file of the project that is not there": Bad(
        ("generate",),
        {"ocppkit.toml": b'output = "a"\n[versions."2.1"]\npackage = "b"\nfacts = ["no.toml"]\n'},
        "no.toml: the facts file cannot be read",
        "check the path",
    ),
    "an action of --only that is not there": Bad(
        (*GENERATE[:-1], "Rest"), {}, "OCPP 2.0.1 has no action 'Rest'", "did you mean 'Reset'?"
    ),
    "a shipped erratum misspelt": Bad(
        (*GENERATE, "--errata", "exi-response-7000"),
        {},
        "exi-response-7000: there is no such file or folder, and ocppkit ships no errata of this name",
        "or use one of exi-response-7500",
    ),
    "a base that holds a part of an edition": Bad(
        (*GENERATE, "--base", "in"),
        blink(),
        "the schemas of OCPP 2.0.1 lack 64 actions that the facts have: Authorize, ",
        "or name the folder with --schemas",
    ),
    "twenty actions without facts": Bad(
        SCHEMAS,
        {
            f"in/{name}": data
            for number in range(20)
            for name, data in pair(f"Blink{number}").items()
        },
        "actions Blink0, Blink1, Blink10 and 17 more, but no facts say who sends them",
        "    ... and 96 more lines",
    ),
    "a comparison with a version that is not there": Bad(
        ("diff", "2.0.1", "2.2"),
        {},
        "there is no OCPP version 2.2; ocppkit has 1.6, 2.0.1, 2.1",
        "(--facts)",
    ),
    "a version that extends nothing": Bad(
        (*GENERATE[:2], "2.2", *GENERATE[3:], "--facts", "f.toml"),
        {"f.toml": OWN.encode()},
        "f.toml#/protocol: the facts of this version do not name a version that it extends",
        'write extends = "2.1"',
    ),
    "a version that extends one that nobody knows": Bad(
        (*GENERATE[:2], "2.2", *GENERATE[3:], "--facts", "f.toml"),
        {"f.toml": f'{OWN}extends = "2.3"\n'.encode()},
        "f.toml#/protocol/extends: this version extends OCPP '2.3', of which there are no facts",
        'write extends = "2.1"',
    ),
    "a reference to a type that another message does not have": Bad(
        (*SCHEMAS, "--facts", "f.toml"),
        {**blink(x={"$ref": "ResetRequest.json#/definitions/Rest"}), "f.toml": BLINK.encode()},
        "in/AcmeBlinkRequest.json#/properties/x/$ref: $ref ",
        "write ResetRequest.json#/definitions/",
    ),
    "a reference to a file of another place": Bad(
        (*SCHEMAS, "--facts", "f.toml"),
        {**blink(x={"$ref": "https://a.org/types.json#/definitions/A"}), "f.toml": BLINK.encode()},
        "/properties/x/$ref: $ref 'types.json#/definitions/A' names types.json, but there is no such schema",
        "name a schema of the version, or a schema in the folder of this file",
    ),
    "a reference to a whole file": Bad(
        (*SCHEMAS, "--facts", "f.toml"),
        {**blink(x={"$ref": "ResetRequest.json"}), "f.toml": BLINK.encode()},
        "/properties/x/$ref: $ref 'ResetRequest.json' refers to nothing",
        "or of another message, MESSAGE.json#/definitions/NAME",
    ),
    "an output that is a file": Bad(
        GENERATE, {"src": b""}, "src/acme/v201: the output folder cannot be used", "choose another"
    ),
    "facts that are no UTF-8": Bad(
        (*GENERATE, "--facts", "f.toml"),
        {"f.toml": f"{FACTS}# \xff".encode("latin-1")},
        "f.toml: not valid TOML: 'utf-8' codec can't decode",
        "facts are TOML in UTF-8",
    ),
    "a sender that OCPP does not know": Bad(
        (*GENERATE, "--facts", "f.toml"),
        {"f.toml": BLINK.replace('"csms"', '"server"').encode()},
        "f.toml#/actions/AcmeBlink/direction: 'server' is not allowed here",
        "write one of 'station', 'csms', 'both'",
    ),
    "a template with a mistake": Bad(
        (*GENERATE, "--templates", "t"),
        {"t/msgspec/x.py.jinja": b"a = 1\n{% for x in %}"},
        "t/msgspec/x.py.jinja:2: TemplateSyntaxError",
        "correct the template",
    ),
    "a template with a name that is not there": Bad(
        (*GENERATE, "--templates", "t"),
        {"t/msgspec/x.py.jinja": b"{{ api.nothing }}"},
        "t/msgspec/x.py.jinja:1: UndefinedError",
        "templates/README.md lists the names",
    ),
    "a folder of templates for a flavour that is not there": Bad(
        (*GENERATE, "--templates", "t"),
        {"t/msgspc/x.py.jinja": b""},
        "t: the folder has no templates, because it has no folder msgspec or pydantic",
        "name the folder that contains a folder of templates per flavour",
    ),
    "a text for a class that is not there": Bad(
        (*GENERATE, "--prose", "p.toml"),
        {"p.toml": b'version = "2.0.1"\n[RestRequest]\nabout = "x"\nsource = "y"\n'},
        "p.toml#/RestRequest: OCPP 2.0.1 has no class 'RestRequest'",
        "did you mean 'ResetRequest'?",
    ),
    "a text for a key that is not there": Bad(
        (*GENERATE, "--prose", "p.toml"),
        {"p.toml": b'version = "2.0.1"\n[ResetEnumType.words]\nImmediate = "x"\n'},
        "p.toml#/ResetEnumType/words: unknown key 'words'",
        "use one of about, source, fields, values",
    ),
    "a page in place of an archive": Bad(
        (*IMPORT[:2], "in.zip", *IMPORT[3:]),
        {"in.zip": b"<html>Please log in</html>"},
        "in.zip: the file is not a ZIP, or is damaged",
        "download it again from its publisher",
    ),
    "a file in the way of an import": Bad(
        IMPORT,
        {**blink(), "out/v201/mine.json": b"{}"},
        "out/v201/mine.json: the import would delete this file, which no import wrote",
        "move the file away, or choose another folder with --output",
    ),
    "a change accepted of a kind that is not there": Bad(
        ("diff", "2.0.1", "2.1", "--accepted", "r.toml"),
        {"r.toml": b'[[accepted]]\nkind = "x"\n'},
        "r.toml:1#/accepted/0/kind: there is no kind of change 'x'",
        "write the kind that the report shows in brackets",
    ),
    "a list in a project that is a text": Bad(
        ("generate",),
        {"ocppkit.toml": b'output = "a"\n[versions."2.1"]\npackage = "b"\nonly = "Reset"\n'},
        "ocppkit.toml#/versions/2.1/only: 'only' must be a list of texts",
        'write only = ["...", "..."]',
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
    assert len(problem.splitlines()) <= _SCREEN
    assert {path.as_posix() for path in _files(tmp_path)} == set(bad.files)


def _files(folder: Path) -> list[Path]:
    return [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
