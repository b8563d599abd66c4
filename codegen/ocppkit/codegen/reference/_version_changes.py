"""Compares the versions of OCPP for the reference: equivalents of a message or type, and their differences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..model._ir import Api, ApiAction, Array, Datatype, EnumType, Field, Ref, Scalar, Type
from ._examples import without_family_ending
from ._type_texts import bounds_of, type_in_words

__all__ = ["VersionDifference", "VersionEquivalent", "Versions"]


@dataclass(frozen=True)
class VersionDifference:
    """One difference between an older and a newer version."""

    place: str
    """The path of the member, the value of the enum, or the message that differs."""

    what: str
    """The difference in words."""


@dataclass(frozen=True)
class VersionEquivalent:
    """The equivalents of an action or type in another version."""

    version: str
    package: str
    names: tuple[str, ...]
    """The names of the equivalents; empty if there are none."""


class Versions:
    """Compares actions and types between all versions, which are sorted from oldest to newest."""

    def __init__(self, apis: Sequence[Api]) -> None:
        self._apis = tuple(apis)

    def of_action(self, api: Api, action: ApiAction) -> tuple[VersionEquivalent, ...]:
        """Returns the equivalents of an action in each version, including its own."""
        return tuple(
            _version_equivalent(each, _equivalent_names(api, action, each)) for each in self._apis
        )

    def of_type(self, api: Api, type_: Datatype | EnumType) -> tuple[VersionEquivalent, ...]:
        """Returns the equivalents of a datatype or enum in each version, including its own."""
        return tuple(
            _version_equivalent(
                each,
                (type_.name,) if each is api else tuple(t.name for t in _types_alike(type_, each)),
            )
            for each in self._apis
        )

    def earlier(self, api: Api) -> tuple[Api, ...]:
        """Returns the versions before the given one, nearest first."""
        return self._apis[: self._apis.index(api)][::-1]

    def later(self, api: Api) -> tuple[Api, ...]:
        """Returns the versions after the given one, nearest first."""
        return self._apis[self._apis.index(api) + 1 :]

    def equivalents_of(self, action: ApiAction, other: Api) -> tuple[str, ...]:
        """Returns all actions of another version with the same purpose, including one with the same name."""
        same = tuple(each.name for each in other.actions if each.name == action.name)
        return tuple(dict.fromkeys((*same, *_equivalents_by_facts(action, other))))

    def new_actions(self, api: Api) -> tuple[ApiAction, ...]:
        """Returns the actions without an equivalent in earlier versions."""
        return tuple(
            action
            for action in api.actions
            if not any(_equivalent_names(api, action, each) for each in self.earlier(api))
        )

    def action_steps(
        self, api: Api, action: ApiAction
    ) -> Iterator[tuple[Api, ApiAction, Api, ApiAction, tuple[VersionDifference, ...]]]:
        """Yields the comparisons of an action with the nearest earlier and the nearest later version.

        Each has the older version and its action, the newer version and its action, and the differences.
        """
        for others, older in ((self.earlier(api), True), (self.later(api), False)):
            for other in others:
                names = _equivalent_names(api, action, other)
                found = [each for each in other.actions if each.name in names]
                if len(found) == 1:
                    old, new = ((other, found[0]), (api, action))[:: 1 if older else -1]
                    yield *old, *new, tuple(_action_differences(*old, *new))
                if found:
                    break

    def type_steps(
        self, api: Api, type_: Datatype | EnumType
    ) -> Iterator[tuple[Api, str, Api, str, tuple[VersionDifference, ...]]]:
        """Yields the comparisons of a datatype or enum with the nearest earlier and later version; see `action_steps`."""
        for others, older in ((self.earlier(api), True), (self.later(api), False)):
            for other in others:
                found = _types_alike(type_, other)
                if found:
                    old, new = ((other, found[0]), (api, type_))[:: 1 if older else -1]
                    differences = _type_differences(old[0], old[1], new[0], new[1])
                    yield old[0], old[1].name, new[0], new[1].name, tuple(differences)
                    break


def _version_equivalent(api: Api, names: tuple[str, ...]) -> VersionEquivalent:
    return VersionEquivalent(api.protocol.version, api.protocol.package, names)


def _equivalent_names(api: Api, action: ApiAction, other: Api) -> tuple[str, ...]:
    """Returns the action of the same name in another version, or else those with the same purpose."""
    known = {each.name: each for each in other.actions}
    if other is api or action.name in known:
        return (action.name,)
    return _equivalents_by_facts(action, other)


def _equivalents_by_facts(action: ApiAction, other: Api) -> tuple[str, ...]:
    """Returns the equivalents according to the facts, which name the actions of OCPP 1.6 that an action replaces."""
    names = action.facts.v16_equivalent
    ours = tuple(each.name for each in other.actions if each.name in names)
    theirs = tuple(each.name for each in other.actions if action.name in each.facts.v16_equivalent)
    return ours or theirs


def _types_alike(type_: Datatype | EnumType, other: Api) -> tuple[Datatype | EnumType, ...]:
    pool: Sequence[Datatype | EnumType] = (
        other.enums if isinstance(type_, EnumType) else other.datatypes
    )
    exact = tuple(each for each in pool if each.name == type_.name)
    stem = without_family_ending(type_.name)
    return exact or tuple(each for each in pool if without_family_ending(each.name) == stem)


def _action_differences(
    old_api: Api, old: ApiAction, new_api: Api, new: ApiAction
) -> Iterator[VersionDifference]:
    walk = _ObjectWalk(old_api, new_api)
    if old.name != new.name:
        yield VersionDifference(new.name, f"was {old.name}")
    if old.facts.direction != new.facts.direction:
        yield VersionDifference(new.name, "is sent by another side")
    yield from walk.fields("request", old.request.fields, new.request.fields)
    match old.response, new.response:
        case None, None:
            return
        case (None, _) | (_, None):
            yield VersionDifference("response", "new" if new.response else "gone")
        case before, after:
            yield from walk.fields("response", before.fields, after.fields)


def _type_differences(
    old_api: Api, old: Datatype | EnumType, new_api: Api, new: Datatype | EnumType
) -> Iterator[VersionDifference]:
    if isinstance(old, EnumType) and isinstance(new, EnumType):
        yield from (VersionDifference(word, "new") for word in _values_only_in(new, old))
        yield from (VersionDifference(word, "gone") for word in _values_only_in(old, new))
    elif isinstance(old, Datatype) and isinstance(new, Datatype):
        walk = _ObjectWalk(old_api, new_api, deep=False)
        yield from walk.fields("", old.fields, new.fields)


def _values_only_in(one: EnumType, other: EnumType) -> list[str]:
    values = {member.value for member in other.members}
    return [member.value for member in one.members if member.value not in values]


class _ObjectWalk:
    """Compares two versions of an object and of all types inside it."""

    def __init__(self, old: Api, new: Api, *, deep: bool = True) -> None:
        self._old = old.types()
        self._new = new.types()
        self._seen: set[tuple[str, str]] = set()
        self._deep = deep

    def fields(
        self, path: str, old: Sequence[Field], new: Sequence[Field]
    ) -> Iterator[VersionDifference]:
        # customData is new everywhere in 2.0.1. Listing it at each place would hide the other differences.
        before = {field.wire: field for field in old if field.wire != "customData"}
        after = {field.wire: field for field in new if field.wire != "customData"}
        for wire, field in after.items():
            place = f"{path}.{wire}" if path else wire
            if wire not in before:
                needed = "required" if field.required else "optional"
                bounds = "".join(f", {each}" for each in bounds_of(field.type))
                yield VersionDifference(
                    place, f"new: {type_in_words(field.type)}, {needed}{bounds}"
                )
            else:
                yield from self._field_differences(place, before[wire], field)
        for wire in before:
            if wire in after:
                continue
            yield VersionDifference(f"{path}.{wire}" if path else wire, "gone")

    def _field_differences(self, place: str, old: Field, new: Field) -> Iterator[VersionDifference]:
        if old.required != new.required:
            yield VersionDifference(place, "now required" if new.required else "now optional")
        yield from self._type_changes(place, old.type, new.type)

    def _type_changes(self, place: str, old: Type, new: Type) -> Iterator[VersionDifference]:
        match old, new:
            case Array(), Array():
                yield from _bound_differences(place, old, new)
                yield from self._type_changes(f"{place}[]", old.item, new.item)
            case Ref(before), Ref(after) if without_family_ending(before) == without_family_ending(
                after
            ):
                yield from self._named_type_differences(place, before, after)
            case Scalar(), Scalar() if old.kind == new.kind:
                yield from _bound_differences(place, old, new)
            case _:
                yield VersionDifference(place, f"{type_in_words(new)}, was {type_in_words(old)}")

    def _named_type_differences(
        self, place: str, before: str, after: str
    ) -> Iterator[VersionDifference]:
        if (before, after) in self._seen:
            return
        self._seen.add((before, after))
        match self._old[before], self._new[after]:
            case EnumType() as old, EnumType() as new:
                gained, lost = _values_only_in(new, old), _values_only_in(old, new)
                if gained:
                    yield VersionDifference(place, f"new values: {', '.join(gained)}")
                if lost:
                    yield VersionDifference(place, f"values gone: {', '.join(lost)}")
            case Datatype() as old, Datatype() as new:
                if self._deep:
                    yield from self.fields(place, old.fields, new.fields)
            case _:
                yield VersionDifference(place, f"{after}, was {before}")


def _bound_differences(
    place: str, old: Array | Scalar, new: Array | Scalar
) -> Iterator[VersionDifference]:
    def own(type_: Array | Scalar) -> str:
        only = (
            Array(Ref(""), type_.min_items, type_.max_items) if isinstance(type_, Array) else type_
        )
        return " and ".join(bounds_of(only)) or "without bounds"

    if own(old) != own(new):
        yield VersionDifference(place, f"{own(new)}, was {own(old)}")
