"""The same thing in other versions, and what differs there."""

from ocppkit.codegen.model._ir import Api, ApiAction, Array, Datatype, EnumType, Ref
from ocppkit.codegen.reference._version_changes import Versions
from support.tiny_ir import action, datatype, enum, field, scalar, version


def steps(old: Api, new: Api) -> list[tuple[str, str]]:
    """Returns what differs for the only action."""
    ((_, _, _, _, found),) = Versions([old, new]).action_steps(new, new.actions[0])
    return [(each.place, each.what) for each in found]


def asked(*fields: object, enums: object = (), datatypes: object = ()) -> Api:
    return version(actions=[action("Ask", fields)], enums=enums, datatypes=datatypes)  # type: ignore[arg-type]


class TestSiblings:
    def three(self) -> tuple[Api, Api, Api]:
        return (
            version("1.6", actions=[action("Old"), action("Same"), action("Half")]),
            version("2.0.1", actions=[action("New", v16_equivalent=("Old", "Half")), action("Same")]),
            version("2.1", actions=[action("New", v16_equivalent=("Old", "Half")), action("Fresh"), action("Same", v16_equivalent=("Same", "Half"))]),
        )  # fmt: skip

    def names(self, versions: Versions, api: Api, one: ApiAction) -> list[tuple[str, ...]]:
        return [each.names for each in versions.of_action(api, one)]

    def test_a_namesake_is_the_same(self) -> None:
        apis = self.three()
        assert self.names(Versions(apis), apis[0], apis[0].actions[1]) == [("Same",)] * 3

    def test_facts_lead_both_ways(self) -> None:
        apis = self.three()
        versions = Versions(apis)
        assert self.names(versions, apis[0], apis[0].actions[0]) == [("Old",), ("New",), ("New",)]
        assert self.names(versions, apis[2], apis[2].actions[0]) == [
            ("Old", "Half"),
            ("New",),
            ("New",),
        ]

    def test_nothing_alike(self) -> None:
        apis = self.three()
        assert self.names(Versions(apis), apis[2], apis[2].actions[1]) == [(), (), ("Fresh",)]

    def test_all_that_do_the_work(self) -> None:
        apis = self.three()
        versions = Versions(apis)
        assert versions.equivalents_of(apis[0].actions[2], apis[2]) == ("New", "Same")
        assert versions.equivalents_of(apis[0].actions[1], apis[2]) == ("Same",)

    def test_newcomers(self) -> None:
        apis = self.three()
        versions = Versions(apis)
        assert [each.name for each in versions.new_actions(apis[2])] == ["Fresh"]
        assert versions.new_actions(apis[1]) == ()

    def test_types_are_kin(self) -> None:
        old = version("1.6", enums=[enum("ResetType", "A")], datatypes=[datatype("Reset")])
        new = version("2.1", enums=[enum("ResetEnumType", "A")], datatypes=[datatype("ResetType")])
        versions = Versions([old, new])
        assert [each.names for each in versions.of_type(new, new.enums[0])] == [
            ("ResetType",),
            ("ResetEnumType",),
        ]
        assert [each.names for each in versions.of_type(old, old.datatypes[0])] == [
            ("Reset",),
            ("ResetType",),
        ]


class TestDifferences:
    def test_none(self) -> None:
        assert steps(asked(field("x")), asked(field("x"))) == []

    def test_members_come_and_go(self) -> None:
        old = asked(field("a"))
        new = asked(field("b", scalar("string", max_length=5), required=False))
        assert steps(old, new) == [
            ("request.b", "new: string, optional, at most 5 characters"),
            ("request.a", "gone"),
        ]

    def test_custom_data_is_no_news(self) -> None:
        assert steps(asked(), asked(field("customData", required=False))) == []

    def test_bounds_and_need(self) -> None:
        old = asked(
            field("a", scalar("string", max_length=36)), field("b", Array(scalar("integer"), 1))
        )
        new = asked(
            field("a", scalar("string", max_length=255), required=False),
            field("b", Array(scalar("integer", minimum=0))),
        )
        assert steps(old, new) == [
            ("request.a", "now optional"),
            ("request.a", "at most 255 characters, was at most 36 characters"),
            ("request.b", "without bounds, was at least 1 item"),
            ("request.b[]", "at least 0, was without bounds"),
        ]

    def test_a_type_of_another_kind(self) -> None:
        old, new = asked(field("a", "integer")), asked(field("a", "string"))
        assert steps(old, new) == [("request.a", "string, was integer")]
        old = asked(field("a", Ref("Word")), enums=[enum("Word", "A")])
        assert steps(old, new) == [("request.a", "string, was Word")]

    def test_words(self) -> None:
        old = asked(field("a", Ref("W")), enums=[enum("W", "A", "B")])
        new = asked(field("a", Ref("WEnumType")), enums=[enum("WEnumType", "B", "C", "D")])
        assert steps(old, new) == [
            ("request.a", "new values: C, D"),
            ("request.a", "values gone: A"),
        ]

    def test_inside_a_datatype_once(self) -> None:
        fields = (field("x", Ref("In")), field("y", Ref("In")))
        old = asked(*fields, datatypes=[datatype("In", field("a"))])
        new = asked(*fields, datatypes=[datatype("In", field("a"), field("b"))])
        assert steps(old, new) == [("request.x.b", "new: string, required")]

    def test_an_enum_that_became_a_datatype(self) -> None:
        old = asked(field("a", Ref("W")), enums=[enum("W", "A")])
        new = asked(field("a", Ref("W")), datatypes=[datatype("W")])
        assert steps(old, new) == [("request.a", "W, was W")]

    def test_name_direction_and_answer(self) -> None:
        old = version("1.6", actions=[action("Old", response=None)])
        new = version("2.1", actions=[action("New", direction="station", v16_equivalent=("Old",))])
        assert steps(old, new) == [
            ("New", "was Old"),
            ("New", "is sent by another side"),
            ("response", "new"),
        ]
        back = version("2.1", actions=[action("Old", response=None)])
        answered = version("1.6", actions=[action("Old")])
        assert steps(answered, back) == [("response", "gone")]

    def test_a_send_stays_one(self) -> None:
        apis = [
            version(number, actions=[action("Tell", response=None)]) for number in ("2.1", "2.2")
        ]
        assert steps(*apis) == []

    def test_both_neighbours(self) -> None:
        apis = [version(number, actions=[action("Ask")]) for number in ("1.6", "2.0.1", "2.1")]
        found = [
            (old.protocol.version, new.protocol.version)
            for old, _, new, _, _ in Versions(apis).action_steps(apis[1], apis[1].actions[0])
        ]
        assert found == [("1.6", "2.0.1"), ("2.0.1", "2.1")]

    def type_steps(
        self, old: Datatype | EnumType, new: Datatype | EnumType
    ) -> list[tuple[str, str]]:
        def holding(each: Datatype | EnumType) -> Api:
            enums, datatypes = ([each], []) if isinstance(each, EnumType) else ([], [each])
            return version(enums=enums, datatypes=datatypes)

        apis = [holding(old), holding(new)]
        ((_, before, _, after, found),) = Versions(apis).type_steps(apis[1], new)
        assert (before, after) == (old.name, new.name)
        return [(each.place, each.what) for each in found]

    def test_types(self) -> None:
        assert self.type_steps(enum("W", "A", "B"), enum("WEnumType", "B", "C")) == [
            ("C", "new"),
            ("A", "gone"),
        ]
        assert self.type_steps(datatype("D", field("a")), datatype("DType", field("b"))) == [
            ("b", "new: string, required"),
            ("a", "gone"),
        ]
