"""The shipped texts: every one there, each of them ours, and none that only repeats a name."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

import pytest

from ocppkit.codegen import VERSIONS, Api, Array, Doc, Job, Kind, Ref, Scalar, Type, load_api
from ocppkit.codegen.schemas._json_text import Json, read_json
from support.prose import RUN, Entry, copied, entries, findings, repeated, runs, undescribed
from support.schema_files import package_schemas

EACH = pytest.mark.parametrize("version", VERSIONS)


@cache
def api_of(version: str) -> Api:
    return load_api(Job(version, "acme"))


@cache
def descriptions() -> Mapping[tuple[str, ...], str]:
    """The runs of words in the descriptions of the official schemas, each with a place of it."""
    found: dict[tuple[str, ...], str] = {}
    for version in VERSIONS:
        for path in sorted(package_schemas(version).glob("*.json")):
            document = read_json(path.read_bytes(), str(path))
            for text in _descriptions(document):
                found |= dict.fromkeys(runs(text), f"{path.name} of OCPP {version}")
    return found


def _descriptions(value: Json) -> Iterator[str]:
    match value:
        case list():
            for item in value:
                yield from _descriptions(item)
        case dict():
            for key, item in value.items():
                if key == "description" and isinstance(item, str):
                    yield item
                yield from _descriptions(item)
        case _:
            pass


class TestShippedTexts:
    @EACH
    def test_everything_has_one(self, version: str) -> None:
        assert list(undescribed(api_of(version))) == []

    @pytest.mark.parametrize("version", ["2.0.1", "2.1"])
    def test_what_custom_data_is_for_stands_once_at_its_type(self, version: str) -> None:
        api = api_of(version)
        (type_,) = (each for each in api.datatypes if each.name == "CustomDataType")
        assert type_.doc is not None
        members = [
            f for fields in api.fields_of().values() for f in fields if f.wire == "customData"
        ]
        assert len(members) > 150
        assert [each.doc for each in members if each.doc is not None] == []

    @EACH
    def test_each_says_more_than_its_name(self, version: str) -> None:
        wrong = [
            f"{entry.place}: {finding}"
            for entry in entries(api_of(version))
            for finding in findings(entry)
        ]
        assert wrong == []

    @EACH
    def test_none_is_a_phrase_for_many(self, version: str) -> None:
        assert list(repeated(entries(api_of(version)))) == []

    @EACH
    def test_none_is_copied_from_the_official_schemas(self, version: str) -> None:
        assert len(descriptions()) > 9_000
        wrong = [
            f"{entry.place}: {finding}"
            for entry in entries(api_of(version))
            for finding in copied(entry, descriptions())
        ]
        assert wrong == []

    @pytest.mark.parametrize("version", ["2.0.1", "2.1"])
    def test_the_use_cases_are_of_blocks_that_exist(self, version: str) -> None:
        cited = {
            source
            for entry in entries(api_of(version))
            for source in entry.doc.source.split(", ")
            if source[1:3].isdigit()
        }
        assert {source[0] for source in cited} <= api_of(version).protocol.blocks.keys()


def entry(text: str, name: str = "maxSoC", type_: Type | None = None, source: str = "K15") -> Entry:
    return Entry(f"Class.{name}", name, type_, Doc(text, source))


class TestPlantedFaults:
    """Each rule finds what it is for."""

    @pytest.mark.parametrize(
        ("planted", "finding"),
        [
            (entry("The battery's charge to stop at"), "ends without a full stop"),
            (entry("Charge to stop."), "has fewer than 4 words"),
            (entry("The max of the so c that it is."), "says nothing that the name does not"),
            (
                entry("The status of the enum type.", "status", Ref("StatusEnumType")),
                "says nothing that the name does not",
            ),
            (entry("The battery's charge to stop at.", source="the book"), "has no source"),
            (
                entry("The battery's charge to stop at.", type_=Scalar(Kind.INTEGER)),
                "a number states",
            ),
            (entry("The car may leave by now.", type_=Scalar(Kind.BOOLEAN)), "a boolean states"),
            (entry("The car left the garage.", type_=Scalar(Kind.DATE_TIME)), "a date-time states"),
        ],
    )
    def test_a_fault_is_found(self, planted: Entry, finding: str) -> None:
        (found,) = findings(planted)
        assert finding in found

    @pytest.mark.parametrize(
        "good",
        [
            entry("Charge in percent at which to stop.", type_=Scalar(Kind.INTEGER)),
            entry("Charge to stop at.", source="K15.FR.03, 1.6 §4.2"),
            entry("Names of the roots, newest first.", "roots", Array(Scalar(Kind.STRING))),
        ],
    )
    def test_a_good_text_passes(self, good: Entry) -> None:
        assert list(findings(good)) == []

    def test_a_phrase_for_many_is_found(self) -> None:
        many = [entry("Something that may be left out.", name) for name in "abcd"]
        assert list(repeated(many[:3])) == []
        (found,) = repeated(many)
        assert found.endswith("stands beside a, b, c, d")

    def test_a_copy_is_found_whatever_its_punctuation(self) -> None:
        words = "one two three four five six seven eight"
        elsewhere = dict.fromkeys(runs(f"Zero. {words}"), "a schema")
        (found,) = copied(entry("One, two, three, four: five six seven; EIGHT nine."), elsewhere)
        assert "stands in a schema" in found
        assert list(copied(entry("Two three four five six seven eight nine."), elsewhere)) == []
        assert len(words.split()) == RUN

    def test_a_missing_text_is_found(self) -> None:
        api = load_api(Job("2.1", "acme", only=("Heartbeat",)))
        (beat,) = api.actions
        assert beat.response is not None
        first, *others = beat.response.fields
        bare = replace(beat.response, doc=None, fields=(replace(first, doc=None), *others))
        planted = replace(api, actions=(replace(beat, response=bare),))
        assert set(undescribed(planted)) == {
            "HeartbeatResponse",
            "HeartbeatResponse.currentTime",
            *undescribed(api),
        }
