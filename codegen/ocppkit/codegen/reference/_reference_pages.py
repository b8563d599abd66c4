"""Renders the reference in Markdown: a page for each action, datatype and enum of all versions.

The folder of templates has the same structure as the output. A template with `[version]` in its path yields one page per
version; with `[action]`, `[datatype]` or `[enum]` as well, one page per action, datatype or enum of each version.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._errors import CodegenError
from .._resources import templates_dir
from ..model._ir import Api, ApiAction, ApiMessage, Datatype, EnumType, Ref, Type
from ..model._role_facts import boot_of
from ..render._templating import jinja_environment, render
from ..render._variable_keys import by_component, key_notes
from ._examples import Examples
from ._faulty_examples import Fault, faults_of, unknown_value_fault
from ._python_api import Expressions
from ._reply_table import Answer, Engine
from ._type_texts import Links, bounds_of, markdown, prose
from ._version_changes import Versions

__all__ = ["REFERENCE", "render_reference"]

REFERENCE = "docs"
"""The folder with the templates of the reference."""

MESSAGE_ID = "7f3a9c40"
"""The message id of all example frames."""

_VERSION = "[version]"


@dataclass(frozen=True)
class _Page:
    """A page to render: its template, its path, and its subject."""

    template: str
    path: str
    api: Api | None = None
    name: str = ""
    """The name of the subject in the template: `action`, `datatype` or `enum`; empty if the page has none."""

    subject: ApiAction | Datatype | EnumType | None = None


def render_reference(
    apis: Sequence[Api], engine: Engine, template_dirs: Sequence[Path] = ()
) -> dict[str, str]:
    """Renders all pages of the reference.

    Args:
        apis: the versions, oldest first.
        engine: tells how invalid payloads are answered.
        template_dirs: folders of the user, each with a folder `docs` of templates.

    Returns:
        The text of each page, by path.

    Raises:
        CodegenError: a folder has no templates of the reference, or a template has an error.
    """
    for folder in template_dirs:
        if not (folder / REFERENCE).is_dir():
            raise CodegenError(
                f"the folder has no templates of the reference, because it has no folder {REFERENCE}",
                file=str(folder),
                cure=f"name the folder that contains the folder {REFERENCE}",
            )
    folders = [folder / REFERENCE for folder in (*template_dirs, templates_dir())]
    environment = jinja_environment(folders)
    filters: dict[str, Callable[..., Any]] = {
        "bounds": _bounds_list,
        "by_component": by_component,
        "frame": _frame_text,
        "key_notes": key_notes,
        "md": markdown,
        "prose": prose,
    }
    environment.filters.update(filters)
    links = {api.protocol.version: Links(api, f"{api.protocol.package}/") for api in apis}
    shared: dict[str, Any] = {"apis": tuple(apis), "pages": links, "versions": Versions(apis)}
    environment.globals.update(shared)
    tools = {api.protocol.version: _PageHelpers(api, engine) for api in apis}
    pages: dict[str, str] = {}
    for page in _all_pages(folders, apis):
        variables: dict[str, Any] = {"reactions": engine.reactions}
        if page.api is not None:
            variables |= tools[page.api.protocol.version].names(page)
        text = render(environment, page.template, variables)
        if text.strip():
            pages[page.path] = text
    return pages


def _all_pages(folders: Sequence[Path], apis: Sequence[Api]) -> Iterator[_Page]:
    names = {
        path.relative_to(folder).as_posix()
        for folder in folders
        for path in folder.rglob("*.md.jinja")
    }
    for template in sorted(names):
        target = template.removesuffix(".jinja")
        if _VERSION not in target:
            yield _Page(template, target)
            continue
        for api in apis:
            yield from _pages_of(template, target.replace(_VERSION, api.protocol.package), api)


def _pages_of(template: str, target: str, api: Api) -> Iterator[_Page]:
    subjects: Mapping[str, Sequence[ApiAction | Datatype | EnumType]] = {
        "action": api.actions,
        "datatype": api.datatypes,
        "enum": api.enums,
    }
    for name, items in subjects.items():
        if f"[{name}]" in target:
            for item in items:
                yield _Page(template, target.replace(f"[{name}]", item.name), api, name, item)
            return
    yield _Page(template, target, api)


class _PageHelpers:
    """The variables and functions for templates of one version."""

    def __init__(self, api: Api, engine: Engine) -> None:
        self._api = api
        self._engine = engine
        self._examples = Examples(api)
        self._requests = {action.request.name: action for action in api.actions}
        self._messages = {message.name: message for a in api.actions for message in a.messages}

    def names(self, page: _Page) -> dict[str, Any]:
        """Returns the variables for the template of a page."""
        names: dict[str, Any] = {
            "answers": self.answers,
            "api": self._api,
            "boot": boot_of(self._api),
            "examples": self._examples,
            "expressions": Expressions(self._api),
            "holders": self.holders,
            "links": Links(self._api, "../" * (page.path.count("/") - 1)),
            "protocol": self._api.protocol,
            "reached": self._api.types_inside,
            "root": "../" * (page.path.count("/") - 1),
            "unknown": self.unknown,
        }
        return names | ({page.name: page.subject} if page.name else {})

    def answers(self, action: ApiAction) -> list[tuple[Fault, Answer | None]]:
        """Returns invalid payloads of a request, each with the answer of the engine."""
        return [
            (fault, self._answer_of_engine(action, fault))
            for fault in faults_of(self._api, action.request, self._examples)
        ]

    def _answer_of_engine(self, action: ApiAction, fault: Fault) -> Answer | None:
        payload = json.dumps(fault.payload)
        return self._engine.answer(self._api.protocol.version, action.name, payload)

    def unknown(
        self, enum: EnumType
    ) -> tuple[ApiMessage, Fault, Answer | None, Sequence[str] | None]:
        """Returns a message with an unknown value of an enum, with the answer and repairs of the engine.

        The message is a request, if any request has the enum.
        """
        users = sorted(enum.used_by, key=lambda name: name not in self._requests)
        message = self._messages[users[0]]
        fault = unknown_value_fault(self._api, enum, message, self._examples)
        action = self._requests.get(message.name)
        answer = self._answer_of_engine(action, fault) if action else None
        version, payload = self._api.protocol.version, json.dumps(fault.payload)
        return message, fault, answer, self._engine.repairs(version, message.name, payload)

    def holders(self, name: str) -> list[tuple[str, str]]:
        """Returns the members of a type: the owner and the JSON name of each."""
        return [
            (owner, field.wire)
            for owner, fields in sorted(self._api.fields_of().items())
            for field in fields
            if Ref(name) == _item_type(field.type)
        ]


def _item_type(type_: Any) -> Any:
    while hasattr(type_, "item"):
        type_ = type_.item
    return type_


def _bounds_list(type_: Type) -> list[str]:
    return list(bounds_of(type_))


def _frame_text(payload: Any, kind: int, action: str = "") -> str:
    """Returns an OCPP frame as text, with its payload indented."""
    head = [kind, MESSAGE_ID, action] if action else [kind, MESSAGE_ID]
    body = json.dumps(payload, indent=2, ensure_ascii=False)
    return f"{json.dumps(head)[:-1]}, {body}]"
