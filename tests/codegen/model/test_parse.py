"""The adapter hands on what the schema says, whatever the parser makes of it, and notices a parser that does not."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from golden import VERSION, tiny_facts
from ocppkit.codegen.model import _parse
from ocppkit.codegen.model._ir import Array, Kind, Ref, Scalar, Type
from ocppkit.codegen.model._merge import MergedSchemas, merge_schemas
from ocppkit.codegen.model._parse import ParsedEnum, ParsedField, ParsedObject, ParsedTypes, parse
from ocppkit.codegen.schemas._json_text import Place
from support.schema_files import refused
from support.schema_pairs import document, schema_set, text

Schema = dict[str, Any]

INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}


def ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def array(items: Schema, **bounds: int) -> Schema:
    return {"type": "array", "items": items, **bounds}


def whole(properties: Schema, definitions: Schema | None = None, **shape: Any) -> MergedSchemas:
    request = document(properties, definitions=definitions, **shape)
    schemas = schema_set(VERSION, PingRequest=request, PingResponse=document())
    return merge_schemas(schemas, tiny_facts())


def read(properties: Schema, definitions: Schema | None = None, **shape: Any) -> ParsedTypes:
    return parse(whole(properties, definitions, **shape))


def request_of(parsed: ParsedTypes) -> ParsedObject:
    request = parsed["PingRequest"]
    assert isinstance(request, ParsedObject)
    return request


def type_of(schema: Schema, definitions: Schema | None = None) -> Type:
    (field,) = request_of(read({"a": schema}, definitions)).fields
    assert not field.required
    assert field.default is None
    return field.type


@pytest.mark.parametrize(
    ("schema", "scalar"),
    [
        (text(), Scalar(Kind.STRING)),
        (text(maxLength=20), Scalar(Kind.STRING, max_length=20)),
        (text(minLength=0, maxLength=0), Scalar(Kind.STRING, min_length=0, max_length=0)),
        (text(minLength=2, maxLength=5), Scalar(Kind.STRING, min_length=2, max_length=5)),
        (text(format="date-time"), Scalar(Kind.DATE_TIME)),
        (text(format="uri"), Scalar(Kind.URI)),
        (INTEGER, Scalar(Kind.INTEGER)),
        ({**INTEGER, "minimum": -5, "maximum": 0}, Scalar(Kind.INTEGER, minimum=-5, maximum=0)),
        ({**INTEGER, "maximum": 2**63 - 1}, Scalar(Kind.INTEGER, maximum=2**63 - 1)),
        ({**INTEGER, "multipleOf": 5}, Scalar(Kind.INTEGER, multiple_of=5)),
        (NUMBER, Scalar(Kind.NUMBER)),
        ({**NUMBER, "minimum": 0, "maximum": 100}, Scalar(Kind.NUMBER, minimum=0, maximum=100)),
        ({**NUMBER, "minimum": -0.5}, Scalar(Kind.NUMBER, minimum=-0.5)),
        ({**NUMBER, "multipleOf": 0.1}, Scalar(Kind.NUMBER, multiple_of=0.1)),
        ({"type": "boolean"}, Scalar(Kind.BOOLEAN)),
        ({}, Scalar(Kind.ANY)),
    ],
)
def test_scalars(schema: Schema, scalar: Scalar) -> None:
    assert type_of(schema) == scalar
    if schema:
        assert type_of(array(schema)) == Array(scalar)
        assert type_of(array(schema, minItems=1, maxItems=9)) == Array(scalar, 1, 9)


def test_whole_bounds_are_integers_whatever_the_parser_makes_of_them() -> None:
    bounded = type_of({**NUMBER, "minimum": 0.0, "maximum": 100.0, "multipleOf": 1.0})
    assert isinstance(bounded, Scalar)
    for bound in (bounded.minimum, bounded.maximum, bounded.multiple_of):
        assert type(bound) is int


@pytest.mark.parametrize(
    ("schema", "type_"),
    [
        (ref("Word"), Ref("Word")),
        (array(ref("Word"), minItems=1), Array(Ref("Word"), min_items=1)),
        (array(ref("Info"), maxItems=0), Array(Ref("Info"), max_items=0)),
        (
            array(array(text(maxLength=4), maxItems=3), minItems=1),
            Array(Array(Scalar(Kind.STRING, max_length=4), max_items=3), min_items=1),
        ),
        (array(array(ref("Word"))), Array(Array(Ref("Word")))),
    ],
)
def test_references_and_lists(schema: Schema, type_: Type) -> None:
    info = {"type": "object", "properties": {"a": text()}}
    assert type_of(schema, {"Word": text(enum=["A"]), "Info": info}) == type_


def test_items_of_one_name_keep_their_own_bounds() -> None:
    def holder(limit: int) -> Schema:
        return {"type": "object", "properties": {"words": array(text(maxLength=limit))}}

    parsed = read(
        {"words": array(text(maxLength=1)), "b": ref("B"), "c": ref("C")},
        {"B": holder(2), "C": holder(3)},
    )
    limits: dict[str, int | None] = {}
    for name in ("PingRequest", "B", "C"):
        each = parsed[name]
        assert isinstance(each, ParsedObject)
        words = each.fields[0].type
        assert isinstance(words, Array)
        assert isinstance(words.item, Scalar)
        limits[name] = words.item.max_length
    assert limits == {"PingRequest": 1, "B": 2, "C": 3}


def test_objects_are_open_or_closed_and_know_their_place() -> None:
    parsed = read(
        {"a": ref("Open"), "b": ref("Closed"), "c": ref("Free")},
        {
            "Open": {"type": "object", "properties": {"a": text()}},
            "Closed": {"type": "object", "additionalProperties": False},
            "Free": {"type": "object"},
        },
    )
    a = ParsedField("a", Scalar(Kind.STRING), required=False, default=None)
    assert parsed["Open"] == ParsedObject(
        (a,), closed=False, place=Place("PingRequest.json", "/definitions/Open")
    )
    assert parsed["Closed"] == ParsedObject(
        (), closed=True, place=Place("PingRequest.json", "/definitions/Closed")
    )
    assert parsed["Free"] == ParsedObject(
        (), closed=False, place=Place("PingRequest.json", "/definitions/Free")
    )
    assert parsed["PingResponse"] == ParsedObject((), closed=True, place=Place("PingResponse.json"))


def test_members_keep_order_need_and_default() -> None:
    request = request_of(
        read(
            {
                "z": text(default=""),
                "a": {"type": "boolean", "default": False},
                "m": {"type": "integer", "default": 0},
                "b": {"type": "number", "default": 0.5},
                "y": text(),
            },
            required=("a", "y"),
        )
    )
    assert [(each.wire, each.required, each.default) for each in request.fields] == [
        ("z", False, ""),
        ("a", True, False),
        ("m", False, 0),
        ("b", False, 0.5),
        ("y", True, None),
    ]


ODD_NAMES = (
    "a-b",
    "$x",
    "a b",
    "é",
    "model_config",
    "schema",
    "class",
    "_x",
    "1a",
    "a/b",
    "a~b",
    "a#b",
    "",
)


def test_wire_names_come_through_untouched() -> None:
    request = request_of(read({name: text() for name in ODD_NAMES}))
    assert tuple(field.wire for field in request.fields) == ODD_NAMES


ODD_WORDS = (
    "Energy.Active",
    "L1-N",
    "None",
    "true",
    "1",
    "",
    "It's",
    '"',
    "a\\b",
    "é",
    "new\nline",
    "A",
    "a",
)


@pytest.mark.parametrize("words", [ODD_WORDS, ("Only",)])
def test_words_come_through_untouched(words: tuple[str, ...]) -> None:
    parsed = read({"a": ref("Word")}, {"Word": text(enum=list(words))})
    place = Place("PingRequest.json", "/definitions/Word")
    assert parsed["Word"] == ParsedEnum(words, None, place)


def test_the_default_of_an_enum_is_no_member_s_default() -> None:
    parsed = read({"a": ref("Word")}, {"Word": text(enum=["A", "B"], default="B")})
    word = parsed["Word"]
    assert isinstance(word, ParsedEnum)
    assert word.default == "B"
    assert request_of(parsed).fields[0].default is None


@pytest.mark.parametrize("name", ["list", "Any", "Enum", "BaseModel", "Model", "Field", "string"])
def test_names_that_a_parser_may_want_for_itself_come_through(name: str) -> None:
    for definition in (text(enum=["A"]), {"type": "object", "properties": {"a": text()}}):
        parsed = read({"a": ref(name)}, {name: definition})
        assert request_of(parsed).fields[0].type == Ref(name)
        assert name in parsed


Bend = Callable[[dict[str, Any]], None]
"""Spoils what the parser returned, by the name of the definition."""


def lose_a_member(models: dict[str, Any]) -> None:
    models["PingRequest"].fields = models["PingRequest"].fields[:-1]


def turn_members_round(models: dict[str, Any]) -> None:
    models["PingRequest"].fields = models["PingRequest"].fields[::-1]


def require_a_member(models: dict[str, Any]) -> None:
    models["PingRequest"].fields[0].required = True


def rename_a_member(models: dict[str, Any]) -> None:
    models["PingRequest"].fields[0].original_name = "renamed"


def assume_a_default(models: dict[str, Any]) -> None:
    models["PingRequest"].fields[0].default = "A"


def raise_a_limit(models: dict[str, Any]) -> None:
    models["PingRequest"].fields[1].data_type.kwargs["max_length"] = 21


def mistake_a_type(models: dict[str, Any]) -> None:
    models["PingRequest"].fields[1].data_type.type = "float"


def invent_a_type(models: dict[str, Any]) -> None:
    models["PingRequest"].fields[1].data_type.type = "SecretStr"


def open_an_object(models: dict[str, Any]) -> None:
    models["PingRequest"].extra_template_data.pop("additionalProperties")


def drop_a_type(models: dict[str, Any]) -> None:
    del models["Word"]


def lose_a_word(models: dict[str, Any]) -> None:
    models["Word"].fields.pop()


def turn_words_round(models: dict[str, Any]) -> None:
    models["Word"].fields.reverse()


@pytest.mark.parametrize(
    ("bend", "name", "how"),
    [
        (lose_a_member, "PingRequest", '/properties/text: nothing here, {"maxLength": 20, "type"'),
        (turn_members_round, "PingRequest", "in another order"),
        (require_a_member, "PingRequest", '/required: ["word"] here, nothing there'),
        (rename_a_member, "PingRequest", "/properties/renamed"),
        (assume_a_default, "PingRequest", '/properties/word/default: "A" here, nothing there'),
        (raise_a_limit, "PingRequest", "/properties/text/maxLength: 21 here, 20 there"),
        (mistake_a_type, "PingRequest", '/properties/text/type: "number" here, "string" there'),
        (invent_a_type, "PingRequest", "KeyError: 'SecretStr'"),
        (open_an_object, "PingRequest", "/additionalProperties: nothing here, false there"),
        (drop_a_type, "Word", "KeyError: '#/definitions/Word'"),
        (lose_a_word, "Word", '/enum: nothing here, "B" there'),
        (turn_words_round, "Word", "in another order"),
    ],
)
def test_a_parser_that_bends_something_is_noticed(
    bend: Bend, name: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt = whole(
        {"word": ref("Word"), "text": text(maxLength=20)}, {"Word": text(enum=["A", "B"])}
    )
    genuine = _parse._parser_models

    def bent(document: MergedSchemas) -> list[Any]:
        models = {model.reference.path.rpartition("/")[2]: model for model in genuine(document)}
        bend(models)
        return list(models.values())

    monkeypatch.setattr(_parse, "_parser_models", bent)
    pointer = spoilt.places[name].pointer
    with refused(how, file="PingRequest.json", pointer=pointer):
        parse(spoilt)


def test_what_the_ir_cannot_say_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_parse, "_unparse_type", lambda type_: {"type": "string"})
    with refused(
        "/properties/a/maxLength: nothing here, 20 there", file="PingRequest.json", pointer=""
    ):
        read({"a": text(maxLength=20)})


def old_field(wire: str, data_type: Any, constraints: Mapping[str, Any] | None = None) -> Any:
    dump = SimpleNamespace(model_dump=lambda exclude_none: constraints)
    return SimpleNamespace(
        original_name=wire,
        data_type=data_type,
        required=False,
        default=None,
        constraints=dump if constraints else None,
    )


def old_type(name: str | None = None, **members: Any) -> Any:
    plain: dict[str, Any] = {
        "is_list": False,
        "reference": None,
        "type": name,
        "kwargs": None,
        "data_types": [],
    }
    return SimpleNamespace(**(plain | members))


def test_other_releases_wrap_bounds_and_quote_words(monkeypatch: pytest.MonkeyPatch) -> None:
    class Enum:
        reference = SimpleNamespace(path="#/definitions/Word")
        fields = (
            SimpleNamespace(default=SimpleNamespace(value="'A'")),
            SimpleNamespace(default="'B'"),
        )

    def model(name: str, *fields: Any) -> Any:
        return SimpleNamespace(
            reference=SimpleNamespace(path=f"#/definitions/{name}"),
            fields=fields,
            extra_template_data={"additionalProperties": False},
        )

    limited = old_type("constr", kwargs={"max_length": SimpleNamespace(value=20)})
    words = old_type(is_list=True, data_types=[old_type(None, data_types=[limited])])
    models = [
        Enum(),
        model(
            "PingRequest",
            old_field("words", words, {"min_items": SimpleNamespace(value=1), "max_items": 9}),
        ),
        model("PingResponse"),
    ]
    monkeypatch.setattr(_parse, "_parser_models", lambda document: models)
    base = whole({"words": array(text(maxLength=20), minItems=1, maxItems=9)})
    parsed = parse(
        MergedSchemas(
            types={"Word": text(enum=["A", "B"])},
            messages=base.messages,
            places={**base.places, "Word": Place("PingRequest.json", "/definitions/Word")},
        )
    )
    assert request_of(parsed).fields[0].type == Array(Scalar(Kind.STRING, max_length=20), 1, 9)
    assert isinstance(parsed["Word"], ParsedEnum)
    assert parsed["Word"].values == ("A", "B")
