"""The passes that complete the IR: Python names, actions, order, and who uses what."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches

from .._errors import CodegenError
from ..schemas._json_text import Place
from ..schemas._schema_set import SchemaSet
from ._facts import VersionFacts
from ._facts_rules import pointer_of
from ._ir import Api, ApiAction, ApiMessage, Datatype, EnumMember, EnumType, Field, refs
from ._merge import action_of
from ._naming import field_name, member_name, module_name, open_field_name
from ._parse import ParsedEnum, ParsedObject, ParsedTypes

__all__ = ["build_api", "keep_actions"]

_CLOSE_ALL = """write "additionalProperties": false; an erratum (--errata) can say it of all messages:

    [[change]]
    path = "*.json#/additionalProperties"
    new = false
    reason = "The schemas leave unknown members open; no peer sends any."
    citation = "The document that says so, or whoever decided it"
"""


def build_api(parsed: ParsedTypes, schemas: SchemaSet, facts: VersionFacts) -> Api:
    """Builds the complete model of a version: Python names, order, and the facts of each action.

    Raises:
        CodegenError: two wire names share one Python name, an action has no facts, a request has
            no response, or datatypes refer to each other in a circle.
    """
    namer = _Namer(facts)
    messages = {name: _message(name, parsed[name], schemas, namer) for name in schemas.files}
    actions = tuple(_actions(messages, facts))
    requests = {action.name: parsed[action.request.name].place for action in actions}
    namer.modules(requests)
    objects = {
        name: each
        for name, each in parsed.items()
        if isinstance(each, ParsedObject) and name not in messages
    }
    enums = [
        _enum(name, each, namer) for name, each in parsed.items() if isinstance(each, ParsedEnum)
    ]
    api = Api(
        protocol=facts.protocol,
        enums=tuple(sorted(enums, key=lambda enum: enum.name)),
        datatypes=_in_order(objects, namer),
        actions=actions,
    )
    namer.refuse_unused()
    return _note_users(api)


def keep_actions(api: Api, only: Iterable[str]) -> Api:
    """Returns the version with these actions alone, and the types that they use.

    Raises:
        CodegenError: an action is not one of this version's.
    """
    wanted = set(only)
    known = {action.name for action in api.actions}
    for name in sorted(wanted - known):
        close = get_close_matches(name, known, n=1)
        raise CodegenError(
            f"OCPP {api.protocol.version} has no action {name!r}",
            cure=(
                f"did you mean {close[0]!r}?"
                if close
                else "name actions as they stand on the wire, such as BootNotification"
            ),
        )
    kept = _note_users(
        replace(api, actions=tuple(action for action in api.actions if action.name in wanted))
    )
    return replace(
        kept,
        enums=tuple(enum for enum in kept.enums if enum.used_by),
        datatypes=tuple(datatype for datatype in kept.datatypes if datatype.used_by),
    )


def _message(
    name: str, parsed: ParsedObject | ParsedEnum, schemas: SchemaSet, namer: "_Namer"
) -> ApiMessage:
    file = schemas.files[name]
    if isinstance(parsed, ParsedEnum) or not parsed.closed:
        raise parsed.place.error(
            "a message must be an object without unknown members",
            _CLOSE_ALL,
        )
    return ApiMessage(name, _fields(name, parsed, namer), file.draft, f"{name}.json")


def _actions(messages: Mapping[str, ApiMessage], facts: VersionFacts) -> Iterable[ApiAction]:
    for name, message in messages.items():
        action, part = action_of(name)
        response = messages.get(f"{action}Response")
        if part == "response":
            continue
        action_facts = facts.actions[action]
        if (response is None) != (action_facts.kind == "send"):
            raise CodegenError(
                f"{action} is a {action_facts.kind} in the facts, but "
                + ("has no response" if response is None else f"{action}Response exists"),
                file=action_facts.file,
                pointer=pointer_of("actions", action, "kind"),
                cure="mend `kind` there, or the set of schemas",
            )
        yield ApiAction(action, module_name(action), action_facts, message, response)


def _enum(name: str, parsed: ParsedEnum, namer: "_Namer") -> EnumType:
    values = dict.fromkeys(parsed.values, parsed.place.at("enum"))
    members = zip(namer.names(name, values, member_name), parsed.values, strict=True)
    return EnumType(name, tuple(EnumMember(*each) for each in members), default=parsed.default)


def _fields(owner: str, parsed: ParsedObject, namer: "_Namer") -> tuple[Field, ...]:
    # customData says nothing of the message itself; readers want it last.
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


class _Namer:
    """Names what a class or package holds in Python: by rule, or as the facts say."""

    def __init__(self, facts: VersionFacts) -> None:
        self._facts = facts
        self._used: set[str] = set()

    def names(
        self, owner: str, wire_names: Mapping[str, Place], rule: Callable[[str], str]
    ) -> list[str]:
        """Returns the Python names of the members of a class.

        Args:
            owner: the class.
            wire_names: the members by their names on the wire, each with the place to blame for a clash.
            rule: what they are called where the facts do not say.
        """
        own = {
            wire_name: name
            for wire_name in wire_names
            if (name := self._fact(owner, wire_name, rule)) is not None
        }
        return self._distinct(
            wire_names, lambda wire_name: own.get(wire_name) or rule(wire_name), owner
        )

    def modules(self, actions: Mapping[str, Place]) -> None:
        """Refuses actions that would share a module."""
        self._distinct(actions, module_name, None)

    def refuse_unused(self) -> None:
        """Refuses names of the facts that fit no member."""
        for path in sorted(self._facts.members.keys() - self._used):
            raise self._error(path, "no class has this member", "remove the entry, or mend it")

    def _fact(self, owner: str, wire_name: str, rule: Callable[[str], str]) -> str | None:
        path = f"{owner}.{wire_name}"
        name = self._facts.members.get(path)
        if name is not None:
            self._used.add(path)
            if name != rule(name):
                raise self._error(
                    path, f"{name!r} is no name for it in Python", f"write {rule(name)!r}"
                )
        return name

    def _distinct(
        self, wire_names: Mapping[str, Place], rule: Callable[[str], str], owner: str | None
    ) -> list[str]:
        taken: dict[str, str] = {}
        for wire_name, place in wire_names.items():
            name = rule(wire_name)
            if name in taken:
                raise place.error(
                    f"{taken[name]!r} and {wire_name!r} are both {name!r} in Python",
                    _cure_of_clash(owner, wire_name, name),
                )
            taken[name] = wire_name
        return list(taken)

    def _error(self, path: str, problem: str, cure: str) -> CodegenError:
        return CodegenError(
            problem,
            file=self._facts.member_files[path],
            pointer=pointer_of("members", path),
            cure=cure,
        )


def _cure_of_clash(owner: str | None, wire_name: str, name: str) -> str:
    if owner is None:
        return "rename one of the actions in the schemas"
    other = f"{name}_2" if name.islower() else f"{name}_2".upper()
    entry = f'"{owner}.{wire_name}" = "{other}"'
    return f"name one of them in a facts file (--facts):\n\n    [members]\n    {entry}"


def _in_order(objects: Mapping[str, ParsedObject], namer: _Namer) -> tuple[Datatype, ...]:
    """Each datatype after those it refers to; otherwise by name."""
    ordered: dict[str, Datatype] = {}

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            raise objects[name].place.error(
                f"{' -> '.join((*trail[trail.index(name):], name))} is a circle of datatypes",
                "break the circle; generated classes cannot refer to themselves",
            )
        if name in objects and name not in ordered:
            for field in objects[name].fields:
                for target in refs(field.type):
                    visit(target, (*trail, name))
            each = objects[name]
            ordered[name] = Datatype(name, _fields(name, each, namer), each.closed)

    for name in sorted(objects):
        visit(name, ())
    return tuple(ordered.values())


def _note_users(api: Api) -> Api:
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
