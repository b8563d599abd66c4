"""The passes name, order and bind what was parsed; a selection keeps what it needs and no more."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from golden import VERSION, tiny_facts
from ocppkit.codegen._errors import CodegenError
from ocppkit.codegen.model._facts import ActionFacts, VersionFacts
from ocppkit.codegen.model._ir import Api, Datatype, EnumMember, EnumType, Field, Kind, Scalar
from ocppkit.codegen.model._merge import merge_schemas
from ocppkit.codegen.model._parse import ParsedEnum, parse
from ocppkit.codegen.model._passes import build_api, keep_actions
from ocppkit.codegen.schemas._json_text import Place
from ocppkit.codegen.schemas._schema_set import SchemaSet
from support.schema_files import refused
from support.schema_pairs import document, schema_set, text

Schema = dict[str, Any]
Messages = dict[str, Schema]


def ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def plain(properties: Schema, **shape: Any) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False, **shape}


def facts_of(*actions: str, **kinds: str) -> VersionFacts:
    def action(name: str) -> ActionFacts:
        return ActionFacts(
            name, "station", "T", "Tries.", "A trial", "facts.toml", kind=kinds.get(name, "call")
        )

    return replace(tiny_facts(), actions={name: action(name) for name in (*actions, *kinds)})


def build(schemas: SchemaSet, facts: VersionFacts) -> Api:
    return build_api(parse(merge_schemas(schemas, facts)), schemas, facts)


def api_of(facts: VersionFacts | None = None, **messages: Schema) -> Api:
    """Builds a version of these messages; Ping is there as well, as far as it is not named."""
    pair = {"PingRequest": document(), "PingResponse": document()}
    return build(schema_set(VERSION, **{**pair, **messages}), facts or facts_of("Ping"))


def shared(definitions: Schema, *, request: Schema | None = None) -> Api:
    members = request or {name.lower(): ref(name) for name in definitions}
    return api_of(PingRequest=document(members, definitions=definitions))


def datatype(api: Api, name: str) -> Datatype:
    (found,) = [each for each in api.datatypes if each.name == name]
    return found


def users_of(api: Api) -> dict[str, tuple[str, ...]]:
    types: list[EnumType | Datatype] = [*api.enums, *api.datatypes]
    return {each.name: each.used_by for each in types}


class TestFields:
    def test_they_have_python_names_and_keep_all_else(self) -> None:
        api = api_of(
            PingRequest=document(
                {"maxSoC": text(maxLength=5, default="x"), "from": {"type": "integer"}},
                required=("from",),
            )
        )
        assert api.actions[0].request.fields == (
            Field("maxSoC", "max_soc", Scalar(Kind.STRING, max_length=5), False, "x"),
            Field("from", "from_", Scalar(Kind.INTEGER), True),
        )

    def test_custom_data_comes_last_and_others_keep_their_order(self) -> None:
        api = api_of(PingRequest=document({"b": text(), "customData": text(), "a": text()}))
        assert [field.wire for field in api.actions[0].request.fields] == ["b", "a", "customData"]

    def test_open_objects_avoid_the_names_of_a_dictionary(self) -> None:
        members = {"items": text(), "word": text()}
        api = shared({"Open": {"type": "object", "properties": members}, "Shut": plain(members)})
        assert [field.name for field in datatype(api, "Open").fields] == ["items_", "word"]
        assert [field.name for field in datatype(api, "Shut").fields] == ["items", "word"]
        assert not datatype(api, "Open").closed
        assert datatype(api, "Shut").closed

    @pytest.mark.parametrize(
        ("members", "problem", "pointer"),
        [
            (
                ("evseId", "evseID"),
                "'evseId' and 'evseID' would both be named 'evse_id' in Python",
                "evseID",
            ),
            (("a-b", "x", "a.b"), "'a-b' and 'a.b' would both be named 'a_b' in Python", "a.b"),
            (
                ("from", "from_"),
                "'from' and 'from_' would both be named 'from_' in Python",
                "from_",
            ),
        ],
    )
    def test_two_wire_names_with_one_python_name_are_refused(
        self, members: tuple[str, ...], problem: str, pointer: str
    ) -> None:
        properties = {wire: text() for wire in members}
        with refused(problem, file="PingRequest.json", pointer=f"/properties/{pointer}"):
            api_of(PingRequest=document(properties))
        with refused(
            problem, file="PingRequest.json", pointer=f"/definitions/Info/properties/{pointer}"
        ):
            shared({"Info": plain(properties)})

    def test_facts_name_one_of_two_members_apart(self) -> None:
        facts = replace(
            facts_of("Ping"), members={"Info.A": "big_a", "Word.kwh": "SMALL_KWH"}, member_files={}
        )
        definitions = {
            "Info": plain({"a": text(), "A": text(), "w": ref("Word")}),
            "Word": text(enum=["kWh", "kwh"]),
        }
        request = document({"info": ref("Info")}, definitions=definitions)
        api = api_of(facts, PingRequest=request)
        fields = [(field.wire, field.name) for field in datatype(api, "Info").fields]
        assert fields == [("a", "a"), ("A", "big_a"), ("w", "w")]
        assert api.enums[0].members == (EnumMember("KWH", "kWh"), EnumMember("SMALL_KWH", "kwh"))

    @pytest.mark.parametrize(
        ("path", "name", "problem", "cure"),
        [
            ("PingRequest.b", "b", "no class has this member", "remove or correct the entry"),
            ("PingRequest.a", "from", "'from' cannot be its name in Python", "write 'from_'"),
            ("PingRequest.a", "BigA", "'BigA' cannot be its name in Python", "write 'big_a'"),
        ],
    )
    def test_a_name_of_the_facts_that_does_not_fit(
        self, path: str, name: str, problem: str, cure: str
    ) -> None:
        facts = replace(facts_of("Ping"), members={path: name}, member_files={path: "facts.toml"})
        with pytest.raises(CodegenError) as caught:
            api_of(facts, PingRequest=document({"a": text()}))
        error = caught.value
        assert (error.problem, error.cure) == (problem, cure)
        assert (error.file, error.pointer) == ("facts.toml", f"/members/{path}")

    def test_the_cure_of_a_clash_is_an_entry_of_the_facts(self) -> None:
        with pytest.raises(CodegenError) as caught:
            api_of(PingRequest=document({"a": text(), "A": text()}))
        entry = str(caught.value.cure).partition("(--facts):")[2]
        members = tomllib.loads(entry)["members"]
        assert members == {"PingRequest.A": "a_2"}
        facts = replace(facts_of("Ping"), members=members, member_files={})
        api = api_of(facts, PingRequest=document({"a": text(), "A": text()}))
        assert [field.name for field in api.actions[0].request.fields] == ["a", "a_2"]


class TestEnums:
    def test_members_keep_their_order_and_the_default_its_word(self) -> None:
        api = shared({"Zed": text(enum=["L1-N", "A"], default="A"), "Art": text(enum=["B"])})
        assert [enum.name for enum in api.enums] == ["Art", "Zed"]
        assert api.enums[1].members == (EnumMember("L1_N", "L1-N"), EnumMember("A", "A"))
        assert api.enums[1].default == "A"
        assert api.enums[0].default is None

    def test_two_words_with_one_python_name_are_refused(self) -> None:
        with refused(
            "'L1-N' and 'L1.N' would both be named 'L1_N' in Python",
            file="PingRequest.json",
            pointer="/definitions/Word/enum",
        ):
            shared({"Word": text(enum=["L1-N", "A", "L1.N"])})


class TestMessages:
    def test_draft_and_path_come_from_the_file(self) -> None:
        api = api_of(PingRequest=document(draft="http://json-schema.org/draft-04/schema#"))
        (action,) = api.actions
        assert (action.request.draft, action.request.path) == (4, "PingRequest.json")
        assert action.response is not None
        assert (action.response.draft, action.response.path) == (6, "PingResponse.json")
        assert action.messages == (action.response, action.request)

    def test_an_open_message_is_refused(self) -> None:
        with refused(
            "the schema of a message must be an object and must forbid unknown members",
            file="PingResponse.json",
            pointer="",
        ):
            api_of(PingResponse=document(closed=False))

    def test_a_message_that_is_an_enum_is_refused(self) -> None:
        facts = facts_of("Ping")
        schemas = schema_set(VERSION, PingRequest=document(), PingResponse=document())
        parsed = dict(parse(merge_schemas(schemas, facts)))
        parsed["PingRequest"] = ParsedEnum(("A",), None, Place("PingRequest.json"))
        with refused(
            "the schema of a message must be an object", file="PingRequest.json", pointer=""
        ):
            build_api(parsed, schemas, facts)


class TestActions:
    def test_they_are_sorted_and_bound_to_their_facts(self) -> None:
        api = api_of(
            facts_of("Ping", "AFRRSignal", Stream="send"),
            AFRRSignalRequest=document(),
            AFRRSignalResponse=document(),
            Stream=document(),
        )
        assert [action.name for action in api.actions] == ["AFRRSignal", "Ping", "Stream"]
        assert [action.module for action in api.actions] == ["afrr_signal", "ping", "stream"]
        stream = api.actions[2]
        assert stream.response is None
        assert stream.messages == (stream.request,)
        assert all(action.facts.name == action.name for action in api.actions)

    def test_without_facts_one_is_refused_and_the_cure_shows_the_entry(self) -> None:
        with pytest.raises(CodegenError) as caught:
            api_of(facts_of(), PingRequest=document())
        error = caught.value
        assert (
            error.problem
            == "the schemas of OCPP 9.9 have an action Ping, but no facts say who sends it"
        )
        assert Path(str(error.file)).name == "PingRequest.json"
        assert "[actions.Ping]" in str(error.cure)
        assert 'direction = "station"  # who sends it' in str(error.cure)

    def test_a_send_with_a_response_is_refused(self) -> None:
        with refused(
            "the facts say that Ping is a send, but PingResponse exists",
            file="facts.toml",
            pointer="/actions/Ping/kind",
        ):
            api_of(facts_of(Ping="send"))

    def test_a_call_without_a_response_is_refused(self) -> None:
        with refused(
            "the facts say that Stream is a call, but it has no response",
            file="facts.toml",
            pointer="/actions/Stream/kind",
        ):
            api_of(facts_of("Ping", "Stream"), Stream=document())

    def test_two_actions_with_one_module_are_refused(self) -> None:
        with refused(
            "'GetURL' and 'GetUrl' would both be named 'get_url' in Python",
            file="GetUrlRequest.json",
            pointer="",
        ):
            api_of(
                facts_of("Ping", "GetUrl", "GetURL"),
                GetUrlRequest=document(),
                GetUrlResponse=document(),
                GetURLRequest=document(),
                GetURLResponse=document(),
            )


class TestOrder:
    def test_each_datatype_stands_after_those_it_refers_to_else_by_name(self) -> None:
        api = shared(
            {
                "A": plain({"z": {"type": "array", "items": {"type": "array", "items": ref("Z")}}}),
                "B": plain({}),
                "M": plain({}),
                "Z": plain({"m": ref("M"), "b": ref("B")}),
            }
        )
        assert [each.name for each in api.datatypes] == ["M", "B", "Z", "A"]

    def test_a_circle_is_refused(self) -> None:
        with refused(
            "datatypes contain each other in a circle: B -> D -> C -> B",
            file="PingRequest.json",
            pointer="/definitions/B",
        ):
            shared(
                {
                    "A": plain({"b": ref("B")}),
                    "B": plain({"d": {"type": "array", "items": ref("D")}}),
                    "C": plain({"b": ref("B")}),
                    "D": plain({"c": ref("C")}),
                }
            )

    def test_a_datatype_that_refers_to_itself_is_refused(self) -> None:
        with refused(
            "datatypes contain each other in a circle: A -> A",
            file="PingRequest.json",
            pointer="/definitions/A",
        ):
            shared({"A": plain({"a": ref("A")})})


NESTED: Schema = {
    "Outer": plain({"inner": ref("Inner"), "word": ref("Word")}),
    "Inner": plain({"word": ref("Word")}),
    "Word": text(enum=["A"]),
    "Mine": plain({}),
}


class TestUse:
    def build(self) -> Api:
        return api_of(
            facts_of("Ping", "Pong"),
            PingRequest=document({"a": ref("Outer")}, definitions=NESTED),
            PingResponse=document({"a": ref("Word")}, definitions=NESTED),
            PongRequest=document({"a": ref("Mine"), "b": ref("Inner")}, definitions=NESTED),
            PongResponse=document(),
        )

    def test_each_type_knows_the_messages_that_reach_it(self) -> None:
        api = self.build()
        assert users_of(api) == {
            "Word": ("PingRequest", "PingResponse", "PongRequest"),
            "Inner": ("PingRequest", "PongRequest"),
            "Outer": ("PingRequest",),
            "Mine": ("PongRequest",),
        }

    def test_a_selection_keeps_its_types_and_forgets_other_users(self) -> None:
        kept = keep_actions(self.build(), ["Pong"])
        assert [action.name for action in kept.actions] == ["Pong"]
        assert users_of(kept) == {
            "Word": ("PongRequest",),
            "Inner": ("PongRequest",),
            "Mine": ("PongRequest",),
        }

    def test_a_selection_of_all_changes_nothing(self) -> None:
        api = self.build()
        assert keep_actions(api, ["Pong", "Ping", "Ping"]) == api

    @pytest.mark.parametrize("name", ["ping", "Reset", "", "PingRequest"])
    def test_an_unknown_action_is_refused(self, name: str) -> None:
        with refused(f"OCPP 9.9 has no action {name!r}"):
            keep_actions(self.build(), ["Ping", name])
