"""Completes the parsed types to the model of a version: Python names, actions, order, and users of each type."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from .._errors import CodegenError, did_you_mean
from ..schemas._json_text import Place
from ..schemas._schema_set import SchemaSet
from ._facts import VersionFacts
from ._facts_rules import pointer_of
from ._ir import Api, ApiAction, ApiMessage, Datatype, EnumMember, EnumType, Field, refs
from ._merge import split_message_name
from ._naming import field_name, member_name, module_name, open_field_name
from ._parse import ParsedEnum, ParsedObject, ParsedTypes

__all__ = ["build_api", "keep_actions", "with_users"]

_CLOSE_ALL = """write "additionalProperties": false; an erratum (--errata) can add it to all messages:

    [[change]]
    path = "*.json#/additionalProperties"
    new = false
    reason = "The schemas allow unknown members; no peer sends any."
    citation = "The document that says so, or who decided it"
"""


def build_api(parsed: ParsedTypes, schemas: SchemaSet, facts: VersionFacts) -> Api:
    """Builds the model of a version from its parsed types and its facts.

    Raises:
        CodegenError: two members or actions would have the same Python name, an action has no facts, a request has
            no response, or datatypes contain each other in a circle.
    """
    namer = _PythonNamer(facts)
    messages = {name: _make_message(name, parsed[name], schemas, namer) for name in schemas.files}
    actions = tuple(_make_actions(messages, facts))
    requests = {action.name: parsed[action.request.name].place for action in actions}
    namer.modules(requests)
    objects = {
        name: each
        for name, each in parsed.items()
        if isinstance(each, ParsedObject) and name not in messages
    }
    enums = [
        _make_enum(name, each, namer)
        for name, each in parsed.items()
        if isinstance(each, ParsedEnum)
    ]
    api = Api(
        protocol=facts.protocol,
        enums=tuple(sorted(enums, key=lambda enum: enum.name)),
        datatypes=_sort_by_dependency(objects, namer),
        actions=actions,
    )
    namer.refuse_unused()
    return with_users(api)


def keep_actions(api: Api, only: Iterable[str]) -> Api:
    """Returns a version reduced to some of its actions and the types that these use.

    Raises:
        CodegenError: the version has no action of a given name.
    """
    wanted = set(only)
    known = {action.name for action in api.actions}
    for name in sorted(wanted - known):
        raise CodegenError(
            f"OCPP {api.protocol.version} has no action {name!r}",
            cure=did_you_mean(
                name, known, "write the action as in OCPP messages, such as BootNotification"
            ),
        )
    kept = with_users(
        replace(api, actions=tuple(action for action in api.actions if action.name in wanted))
    )
    return replace(
        kept,
        enums=tuple(enum for enum in kept.enums if enum.used_by),
        datatypes=tuple(datatype for datatype in kept.datatypes if datatype.used_by),
    )


def _make_message(
    name: str, parsed: ParsedObject | ParsedEnum, schemas: SchemaSet, namer: "_PythonNamer"
) -> ApiMessage:
    file = schemas.files[name]
    if isinstance(parsed, ParsedEnum) or not parsed.closed:
        raise parsed.place.error(
            "the schema of a message must be an object and must forbid unknown members",
            _CLOSE_ALL,
        )
    return ApiMessage(name, _make_fields(name, parsed, namer), file.draft, f"{name}.json")


def _make_actions(messages: Mapping[str, ApiMessage], facts: VersionFacts) -> Iterable[ApiAction]:
    for name, message in messages.items():
        action, part = split_message_name(name)
        response = messages.get(f"{action}Response")
        if part == "response":
            continue
        action_facts = facts.actions[action]
        if (response is None) != (action_facts.kind == "send"):
            raise CodegenError(
                f"the facts say that {action} is a {action_facts.kind}, but "
                + ("it has no response" if response is None else f"{action}Response exists"),
                file=action_facts.file,
                pointer=pointer_of("actions", action, "kind"),
                cure="correct `kind` in the facts, or add or remove the schema of the response",
            )
        yield ApiAction(action, module_name(action), action_facts, message, response)


def _make_enum(name: str, parsed: ParsedEnum, namer: "_PythonNamer") -> EnumType:
    values = dict.fromkeys(parsed.values, parsed.place.at("enum"))
    members = zip(namer.names(name, values, member_name), parsed.values, strict=True)
    return EnumType(name, tuple(EnumMember(*each) for each in members), default=parsed.default)


def _make_fields(owner: str, parsed: ParsedObject, namer: "_PythonNamer") -> tuple[Field, ...]:
    # customData is of little interest to readers, so it comes last.
    ordered = sorted(parsed.fields, key=lambda field: field.wire == "customData")
    names = namer.names(
        owner,
        {field.wire: parsed.place.at("properties", field.wire) for field in ordered},
        field_name if parsed.closed else open_field_name,
    )
    return tuple(
        Field(each.wire, name, each.type, each.required, each.default)
        for each, name in zip(ordered, names, strict=True)
    )


class _PythonNamer:
    """Chooses Python names: those in the facts, or else names that follow the rules of `_naming`."""

    def __init__(self, facts: VersionFacts) -> None:
        self._facts = facts
        self._used: set[str] = set()

    def names(
        self, owner: str, wire_names: Mapping[str, Place], rule: Callable[[str], str]
    ) -> list[str]:
        """Returns the Python names of the members of a class.

        Args:
            owner: the class.
            wire_names: the JSON names of the members, each with its place for an error.
            rule: makes a Python name of a JSON name, for members that the facts do not name.
        """
        own = {
            wire_name: name
            for wire_name in wire_names
            if (name := self._name_in_facts(owner, wire_name, rule)) is not None
        }
        return self._distinct_names(
            wire_names, lambda wire_name: own.get(wire_name) or rule(wire_name), owner
        )

    def modules(self, actions: Mapping[str, Place]) -> None:
        """Raises an error if two actions would have the same module name."""
        self._distinct_names(actions, module_name, None)

    def refuse_unused(self) -> None:
        """Raises an error if the facts name a member that does not exist."""
        for path in sorted(self._facts.members.keys() - self._used):
            raise self._member_error(
                path, "no class has this member", "remove or correct the entry"
            )

    def _name_in_facts(self, owner: str, wire_name: str, rule: Callable[[str], str]) -> str | None:
        path = f"{owner}.{wire_name}"
        name = self._facts.members.get(path)
        if name is not None:
            self._used.add(path)
            if name != rule(name):
                raise self._member_error(
                    path, f"{name!r} cannot be its name in Python", f"write {rule(name)!r}"
                )
        return name

    def _distinct_names(
        self, wire_names: Mapping[str, Place], rule: Callable[[str], str], owner: str | None
    ) -> list[str]:
        taken: dict[str, str] = {}
        for wire_name, place in wire_names.items():
            name = rule(wire_name)
            if name in taken:
                raise place.error(
                    f"{taken[name]!r} and {wire_name!r} would both be named {name!r} in Python",
                    _clash_cure(owner, wire_name, name),
                )
            taken[name] = wire_name
        return list(taken)

    def _member_error(self, path: str, problem: str, cure: str) -> CodegenError:
        return CodegenError(
            problem,
            file=self._facts.member_files[path],
            pointer=pointer_of("members", path),
            cure=cure,
        )


def _clash_cure(owner: str | None, wire_name: str, name: str) -> str:
    if owner is None:
        return "rename one of the actions in the schemas"
    other = f"{name}_2" if name.islower() else f"{name}_2".upper()
    entry = f'"{owner}.{wire_name}" = "{other}"'
    return f"name one of them in a facts file (--facts):\n\n    [members]\n    {entry}"


def _sort_by_dependency(
    objects: Mapping[str, ParsedObject], namer: _PythonNamer
) -> tuple[Datatype, ...]:
    """Returns the datatypes sorted by name, but each after the datatypes that it contains."""
    ordered: dict[str, Datatype] = {}

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            raise objects[name].place.error(
                f"datatypes contain each other in a circle: {' -> '.join((*trail[trail.index(name):], name))}",
                "remove one of these members; generated classes cannot contain themselves",
            )
        if name in objects and name not in ordered:
            for field in objects[name].fields:
                for target in refs(field.type):
                    visit(target, (*trail, name))
            each = objects[name]
            ordered[name] = Datatype(name, _make_fields(name, each, namer), each.closed)

    for name in sorted(objects):
        visit(name, ())
    return tuple(ordered.values())


def with_users(api: Api) -> Api:
    """Returns the version with `used_by` filled in for each datatype and enum."""
    fields = api.fields_of()
    users: dict[str, set[str]] = {}

    def visit(name: str, message: str) -> None:
        for field in fields.get(name, ()):
            for target in refs(field.type):
                if message not in users.setdefault(target, set()):
                    users[target].add(message)
                    visit(target, message)

    for action in api.actions:
        for message in action.messages:
            visit(message.name, message.name)
    return replace(
        api,
        enums=tuple(replace(e, used_by=tuple(sorted(users.get(e.name, ())))) for e in api.enums),
        datatypes=tuple(
            replace(d, used_by=tuple(sorted(users.get(d.name, ())))) for d in api.datatypes
        ),
    )
