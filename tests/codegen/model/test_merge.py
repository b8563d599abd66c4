"""A set of files becomes one document: named, merged, and refused where files disagree."""

import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import defstruct, field

from golden import VERSION, tiny_facts
from ocppkit.codegen._errors import CodegenError
from ocppkit.codegen._resources import schemas_dir
from ocppkit.codegen.model._facts import ActionFacts, VersionFacts
from ocppkit.codegen.model._facts_files import load_facts
from ocppkit.codegen.model._merge import (
    MergedSchemas,
    find_missing_facts,
    merge_schemas,
    split_message_name,
)
from ocppkit.codegen.schemas._errata import apply_errata, load_errata
from ocppkit.codegen.schemas._json_text import Place
from ocppkit.codegen.schemas._schema_set import SchemaSet, folder_of, load_set
from support.schema_files import refused
from support.schema_pairs import document, schema_set, text

Schema = dict[str, Any]

INFO: Schema = {"type": "object", "properties": {"text": text(maxLength=20)}}
WORD = text(enum=["A", "B"])


def ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def naming(names: Mapping[str, str]) -> VersionFacts:
    facts = tiny_facts()
    ping = ActionFacts("Ping", "station", "T", "Tries.", "A trial", "facts.toml")
    return replace(
        facts,
        actions={"Ping": ping, "Pong": replace(ping, name="Pong")},
        names=names,
        name_files=dict.fromkeys(names, "facts.toml"),
    )


def one(
    properties: Schema, definitions: Schema | None = None, names: Mapping[str, str] | None = None
) -> MergedSchemas:
    """Normalises a set of one request and its empty response."""
    schemas = schema_set(
        VERSION, PingRequest=document(properties, definitions=definitions), PingResponse=document()
    )
    return merge_schemas(schemas, naming(names or {}))


@pytest.mark.parametrize(
    ("name", "action", "part"),
    [
        ("ResetRequest", "Reset", "request"),
        ("ResetResponse", "Reset", "response"),
        ("NotifyPeriodicEventStream", "NotifyPeriodicEventStream", "request"),
        ("Request", "Request", "request"),
        ("RequestStartTransactionRequest", "RequestStartTransaction", "request"),
        ("ResponseRequest", "Response", "request"),
    ],
)
def test_a_message_name_is_an_action_and_a_part(name: str, action: str, part: str) -> None:
    assert split_message_name(name) == (action, part)


class TestWhole:
    def test_messages_and_types_are_sorted_and_know_their_places(self) -> None:
        schemas = schema_set(
            VERSION,
            PongRequest=document(
                {"z": ref("Zed"), "a": ref("Art")}, definitions={"Zed": INFO, "Art": WORD}
            ),
            PongResponse=document(),
            PingRequest=document(),
            PingResponse=document({"a": ref("Art")}, definitions={"Art": WORD}),
        )
        whole = merge_schemas(schemas, naming({}))
        assert list(whole.messages) == [
            "PingRequest",
            "PingResponse",
            "PongRequest",
            "PongResponse",
        ]
        assert list(whole.types) == ["Art", "Zed"]
        assert whole.places["PongRequest"] == Place("PongRequest.json")
        # The first file that has it, in the order of names.
        assert whole.places["Art"] == Place("PingResponse.json", "/definitions/Art")

    def test_members_keep_their_order_and_required_follows_it(self) -> None:
        schemas = schema_set(
            VERSION,
            PingRequest=document({"b": text(), "a": text(), "c": text()}, required=("c", "b")),
            PingResponse=document(),
        )
        body = merge_schemas(schemas, naming({})).messages["PingRequest"]
        assert list(body["properties"]) == ["b", "a", "c"]
        assert body["required"] == ["b", "c"]

    def test_every_reference_leads_into_the_document(self) -> None:
        whole = one(
            {"list": {"type": "array", "items": ref("Info"), "maxItems": 2}},
            {"Info": {"type": "object", "properties": {"word": ref("Word")}}, "Word": WORD},
        )
        assert whole.messages["PingRequest"]["properties"] == {
            "list": {"type": "array", "items": ref("Info"), "maxItems": 2}
        }
        assert whole.types["Info"]["properties"] == {"word": ref("Word")}
        assert whole.types["Word"] == WORD

    def test_a_definition_that_nothing_refers_to_is_left_out(self) -> None:
        assert list(one({"a": ref("Word")}, {"Word": WORD, "Lost": INFO}).types) == ["Word"]

    def test_the_default_of_an_enum_stays_out_of_the_parser_s_sight(self) -> None:
        whole = one({"a": ref("Word"), "b": text(default="x")}, {"Word": {**WORD, "default": "B"}})
        assert whole.types["Word"]["default"] == "B"
        definitions = json.loads(whole.as_json_schema())["definitions"]
        assert definitions["Word"] == WORD
        assert definitions["PingRequest"]["properties"]["b"] == text(default="x")

    def test_definitions_in_a_circle_end(self) -> None:
        circle = {"type": "object", "properties": {"next": ref("Info"), "word": text()}}
        assert list(one({"a": ref("Info")}, {"Info": circle}).types) == ["Info"]
        named = one({"a": ref("Info")}, {"Info": circle}, {"Ping.request.a.next": "Info"})
        assert list(named.types) == ["Info"]


class TestMerging:
    def both(self, ours: Schema, theirs: Schema, name: str = "Info") -> SchemaSet:
        return schema_set(
            VERSION,
            PingRequest=document({"a": ref(name)}, definitions={name: ours}),
            PingResponse=document({"b": ref(name)}, definitions={name: theirs}),
        )

    def test_equal_definitions_are_one_type(self) -> None:
        whole = merge_schemas(
            self.both(INFO, {"properties": {"text": text(maxLength=20.0)}, "type": "object"}),
            naming({}),
        )
        assert list(whole.types) == ["Info"]

    def test_the_first_file_decides_the_order_of_words(self) -> None:
        schemas = self.both(text(enum=["A", "B"]), text(enum=["B", "A"]), "Word")
        assert merge_schemas(schemas, naming({})).types["Word"]["enum"] == ["A", "B"]

    @pytest.mark.parametrize(
        ("theirs", "difference"),
        [
            (
                {"type": "object", "properties": {"text": text(maxLength=21)}},
                "/properties/text/maxLength: 21 here, 20 there",
            ),
            (
                {**INFO, "required": ["text"]},
                '/required: ["text"] here, nothing there',
            ),
            (
                {**INFO, "additionalProperties": False},
                "/additionalProperties: false here, nothing there",
            ),
            (WORD, '/enum: ["A", "B"] here, nothing there'),
        ],
    )
    def test_unequal_definitions_are_refused(self, theirs: Schema, difference: str) -> None:
        with refused(
            f"Info differs from Info at PingRequest.json#/definitions/Info: {difference}",
            file="PingResponse.json",
            pointer="/definitions/Info",
        ):
            merge_schemas(self.both(INFO, theirs), naming({}))

    def test_unequal_definitions_further_down_are_refused(self) -> None:
        def nested(word: Schema) -> Schema:
            return document(
                {"a": ref("Info")},
                definitions={
                    "Info": {"type": "object", "properties": {"w": ref("Word")}},
                    "Word": word,
                },
            )

        schemas = schema_set(
            VERSION, PingRequest=nested(WORD), PingResponse=nested(text(enum=["A", "C"]))
        )
        with refused(
            'Word differs from Word at PingRequest.json#/definitions/Word: /enum: "C" here, nothing there',
            file="PingResponse.json",
            pointer="/definitions/Word",
        ):
            merge_schemas(schemas, naming({}))

    def test_an_erratum_decides(self, tmp_path: Path) -> None:
        file = tmp_path / "mine.toml"
        file.write_text("""
            version = "2.1"
            [[change]]
            path = "PingResponse.json#/definitions/Info/properties/text/maxLength"
            old = 21
            new = 20
            reason = "The request says so."
            citation = "A trial"
            """)
        errata = [each for each in load_errata("2.1", file) if each.file == str(file)]
        theirs: Schema = {"type": "object", "properties": {"text": text(maxLength=21)}}
        schemas, _ = apply_errata(self.both(INFO, theirs), errata)
        assert merge_schemas(schemas, naming({})).types["Info"] == INFO

    def test_names_apart_decide_as_well(self) -> None:
        theirs: Schema = {"type": "object", "properties": {"text": text(maxLength=21)}}
        whole = merge_schemas(self.both(INFO, theirs), naming({"Ping.response.b": "OtherInfo"}))
        assert list(whole.types) == ["Info", "OtherInfo"]


class TestInlineTypes:
    def test_facts_name_them_and_those_inside_them(self) -> None:
        whole = one(
            {"parts": {"type": "array", "items": {"type": "object", "properties": {"kind": WORD}}}},
            names={"Ping.request.parts[]": "Part", "Ping.request.parts[].kind": "PartKind"},
        )
        assert whole.messages["PingRequest"]["properties"]["parts"]["items"] == ref("Part")
        assert whole.types["Part"]["properties"] == {"kind": ref("PartKind")}
        assert whole.places["PartKind"] == Place(
            "PingRequest.json", "/properties/parts/items/properties/kind"
        )

    def test_a_name_inside_a_shared_definition_counts_at_its_place_alone(self) -> None:
        outer = {"type": "object", "properties": {"word": ref("Word")}}
        schemas = schema_set(
            VERSION,
            PingRequest=document(
                {"a": ref("Outer"), "b": ref("Word")}, definitions={"Outer": outer, "Word": WORD}
            ),
            PingResponse=document(),
        )
        whole = merge_schemas(schemas, naming({"Ping.request.a.word": "Inner"}))
        assert whole.types["Outer"]["properties"] == {"word": ref("Inner")}
        assert whole.types["Inner"] == whole.types["Word"]

    @pytest.mark.parametrize(
        ("properties", "path", "pointer"),
        [
            ({"a": WORD}, "Ping.request.a", "/properties/a"),
            ({"a": {"type": "array", "items": WORD}}, "Ping.request.a[]", "/properties/a/items"),
            ({"a/b": INFO}, "Ping.request.a/b", "/properties/a~1b"),
        ],
    )
    def test_without_a_name_they_are_refused(
        self, properties: Schema, path: str, pointer: str
    ) -> None:
        problem = f"inline types have no name: {path}"
        with refused(problem, file="PingRequest.json", pointer=pointer):
            one(properties)

    def test_the_cure_shows_the_facts_to_write(self, tmp_path: Path) -> None:
        with pytest.raises(CodegenError) as caught:
            one({"a": WORD, "b": {"type": "array", "items": INFO}})
        entry = str(caught.value.cure).partition("to a new file):")[2]
        names = tomllib.loads(entry)["names"]
        assert names == {"Ping.request.a": "PingAEnumType", "Ping.request.b[]": "PingBType"}

    def test_a_name_of_its_own_makes_what_refers_to_it_differ(self) -> None:
        def outer(word: Schema) -> Schema:
            definitions = {
                "Outer": {"type": "object", "properties": {"word": ref("Word")}},
                "Word": word,
            }
            return document({"a": ref("Outer")}, definitions=definitions)

        schemas = schema_set(
            VERSION, PingRequest=outer(WORD), PingResponse=outer(text(enum=["A", "C"]))
        )
        actions, names = find_missing_facts(schemas, naming({}))
        assert actions == []
        assert names == {
            "Ping.response.a.word": "PingResponseWord",
            "Ping.response.a": "PingResponseOuter",
        }
        whole = merge_schemas(schemas, naming(names))
        assert list(whole.types) == ["Outer", "PingResponseOuter", "PingResponseWord", "Word"]

    def test_a_definition_without_a_python_name_gets_one(self) -> None:
        definitions = {"15Word-a/b": WORD}
        whole = one({"a": {"$ref": "#/definitions/15Word-a~1b"}}, definitions)
        assert list(whole.types) == ["Type15WordAB"]
        named = one(
            {"a": {"$ref": "#/definitions/15Word-a~1b"}}, definitions, {"15Word-a/b": "Word"}
        )
        assert list(named.types) == ["Word"]

    @pytest.mark.parametrize("path", ["Ping.request.b", "Ping.request.a[]", "Pong.request.a"])
    def test_a_name_that_fits_no_place_is_refused(self, path: str) -> None:
        with refused(
            f"name the type at {path}, but there is no enum or object",
            file="facts.toml",
            pointer=f"/names/{path}",
        ):
            one({"a": WORD, "b": text()}, names={"Ping.request.a": "Word", path: "Other"})

    def test_one_name_for_unequal_types_is_refused(self) -> None:
        names = {"Ping.request.a": "Word", "Ping.request.b": "Word"}
        with refused(
            'Word differs from Word at PingRequest.json#/properties/a: /enum: "C" here, nothing there',
            file="PingRequest.json",
            pointer="/properties/b",
        ):
            one({"a": text(enum=["A"]), "b": text(enum=["A", "C"])}, names=names)


class TestRefusals:
    def test_a_type_of_a_message_s_name(self) -> None:
        with refused(
            "PingResponse is both a message and a type",
            file="PingRequest.json",
            pointer="/definitions/PingResponse",
        ):
            one({"a": ref("PingResponse")}, {"PingResponse": INFO})

    @pytest.mark.parametrize("definition", [text(), {"type": "array", "items": text()}])
    def test_a_definition_that_can_be_no_type(self, definition: Schema) -> None:
        with refused(
            "Info is neither an enum nor an object",
            file="PingRequest.json",
            pointer="/definitions/Info",
        ):
            one({"a": ref("Info")}, {"Info": definition})

    @pytest.mark.parametrize(
        ("schema", "pointer", "problem"),
        [
            (text(format="uri", maxLength=9), "/maxLength", "both 'maxLength' and 'format'"),
            (text(format="date-time", minLength=29), "/minLength", "both 'minLength' and 'format'"),
            (text(format="date-time", maxLength=20), "/maxLength", "both 'maxLength' and 'format'"),
            ({"type": "integer", "maximum": 2**63}, "/maximum", "does not fit into 64 bits"),
            ({"type": "integer", "minimum": -(2**70)}, "/minimum", "does not fit into 64 bits"),
        ],
    )
    def test_what_no_generated_type_could_hold(
        self, schema: Schema, pointer: str, problem: str
    ) -> None:
        with refused(problem, file="PingRequest.json", pointer=f"/properties/a{pointer}"):
            one({"a": schema})
        with refused(problem, file="PingRequest.json", pointer=f"/properties/a/items{pointer}"):
            one({"a": {"type": "array", "items": schema}})

    @pytest.mark.parametrize("wire", ['a"b', "a\\b", "a\nb", "\0"])
    def test_a_name_that_msgspec_cannot_hold(self, wire: str) -> None:
        with refused(
            "msgspec supports no member names",
            file="PingRequest.json",
            pointer=f"/properties/{wire}",
        ):
            one({wire: text()})
        with pytest.raises(ValueError, match="Renamed field names must not contain"):
            defstruct("Holder", [("a", str, field(name=wire))])

    @pytest.mark.parametrize("keyword", ["format", "maxLength", "minLength"])
    def test_an_enum_that_is_more_than_its_values(self, keyword: str) -> None:
        word = {**WORD, keyword: "uri" if keyword == "format" else 1}
        with refused(
            f"both {keyword!r} and 'enum'",
            file="PingRequest.json",
            pointer=f"/definitions/Word/{keyword}",
        ):
            one({"a": ref("Word")}, {"Word": word})

    @pytest.mark.parametrize(
        "schema",
        [
            {"type": "integer", "maximum": 2**63 - 1, "minimum": -(2**63) + 1},
            {"type": "number", "maximum": 2.0**70},
            text(minLength=1, maxLength=2),
        ],
    )
    def test_bounds_that_fit_pass(self, schema: Schema) -> None:
        assert one({"a": schema}).messages["PingRequest"]["properties"]["a"] == {
            **schema,
            **({"maximum": 2**70} if schema["type"] == "number" else {}),
        }


def shipped(version: str) -> SchemaSet:
    return load_set(version, schemas_dir() / folder_of(version))


def hoistable(schema: Schema) -> Iterator[str]:
    """Yields the kind of each enum and object that stands inline below a schema."""
    for member in [
        *schema.get("properties", {}).values(),
        *([schema["items"]] if "items" in schema else []),
    ]:
        if "enum" in member:
            yield "enum"
        elif member.get("type") == "object":
            yield "object"
        yield from hoistable(member)


class TestShippedSets:
    @pytest.mark.parametrize(
        ("version", "written", "repeated", "merged"),
        [("1.6", 20, 3, 60), ("2.0.1", 470, 48, 143), ("2.1", 761, 97, 232)],
    )
    def test_definitions_that_files_repeat_never_disagree(
        self, version: str, written: int, repeated: int, merged: int
    ) -> None:
        schemas = shipped(version)
        names = Counter(
            name for file in schemas.files.values() for name in file.document.get("definitions", {})
        )
        assert names.total() == written
        assert sum(count > 1 for count in names.values()) == repeated
        assert len(merge_schemas(schemas, load_facts(version)).types) == merged
        assert version == "1.6" or len(names) == merged

    def test_the_facts_name_90_places_of_1_6(self) -> None:
        schemas = shipped("1.6")
        inline = Counter(
            kind for file in schemas.files.values() for kind in hoistable(dict(file.document))
        )
        defined = Counter(
            "enum" if "enum" in definition else "object"
            for file in schemas.files.values()
            for definition in file.document.get("definitions", {}).values()
        )
        assert inline == {"enum": 52, "object": 18}
        assert inline + defined == {"enum": 68, "object": 22}
        names = load_facts("1.6").names
        assert len(names) == 90
        assert len(set(names.values())) == 60

    def test_2_x_has_nothing_inline(self) -> None:
        for version in ("2.0.1", "2.1"):
            assert load_facts(version).names == {}
            for file in shipped(version).files.values():
                definitions = file.document.get("definitions", {}).values()
                assert not [
                    *hoistable(dict(file.document)),
                    *(kind for each in definitions for kind in hoistable(each)),
                ]


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("/properties/a", "Pong.request.a"),
        ("/properties/a/items", "Pong.request.a[]"),
        ("/properties/a/properties/b", "Pong.request.a.b"),
    ],
)
def test_an_inline_type_of_another_message_has_the_name_of_its_place_there(
    pointer: str, place: str
) -> None:
    local = f"PongRequest.json#{pointer}"
    escaped = local.replace("/", "~1")
    whole = one({"info": {"$ref": f"#/definitions/{escaped}"}}, {local: INFO}, {place: "PongInfo"})
    assert whole.messages["PingRequest"]["properties"] == {"info": ref("PongInfo")}
    assert whole.types == {"PongInfo": INFO}
