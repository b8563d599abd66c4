"""Renders a flavour's templates: the tree of templates is the shape of the output tree.

`enums.py.jinja` becomes `enums.py`; `messages/[action].py.jinja` becomes one file per action. A file
without `.jinja` is copied. A file such as `macros.jinja`, without a second suffix, has macros for other templates. A
template with an empty result writes no file. A file in a folder of the user replaces the shipped template of the same path,
or adds one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from jinja2 import Environment, UndefinedError

from .._errors import CodegenError
from .._resources import generator_version, templates_dir
from ..model._ir import Api, ApiAction
from ..model._naming import member_name
from ..model._prose import docs_by_name
from ..model._role_facts import boot_of
from . import _annotations, _pydantic_annotations, _variable_keys
from ._block_fit import missing_in_version
from ._format import format_python
from ._layout import attribute_doc, bracket, docstring, exports, fit, import_block, literal, spread
from ._templating import jinja_environment, render

__all__ = ["FLAVOURS", "render_flavour"]

FLAVOURS = ("msgspec", "pydantic")

FORMAT = 1
"""The format of generated packages. It is raised when they need a newer ocppkit to run."""

Progress = Callable[[int, int], None]


def render_flavour(
    api: Api, package: str, flavour: str, template_dirs: Sequence[Path], progress: Progress
) -> dict[str, str]:
    """Renders all files of one flavour of a package.

    Args:
        api: the version.
        package: the dotted name of the package, such as `ocppkit.v201`.
        flavour: one of `FLAVOURS`.
        template_dirs: folders of the user, each with a folder of templates per flavour.
        progress: called with the number of files rendered so far, and the number of all files.

    Returns:
        The text of each file, by path below the output folder.

    Raises:
        CodegenError: a template has an error or uses an undefined name.
    """
    if flavour not in FLAVOURS:
        raise CodegenError(
            f"there is no flavour {flavour!r}", cure=f"choose {' or '.join(FLAVOURS)}"
        )
    for folder in template_dirs:
        if not any((folder / each).is_dir() for each in FLAVOURS):
            raise CodegenError(
                f"the folder has no templates, because it has no folder {' or '.join(FLAVOURS)}",
                file=str(folder),
                cure="name the folder that contains a folder of templates per flavour",
            )
    folders = [folder / flavour for folder in (*template_dirs, templates_dir())]
    environment = _flavour_environment(folders, api, package, flavour)
    jobs = list(_outputs(folders, api))
    _check_unique_targets(jobs)
    blocks, left_out = _render_blocks(environment, [template for template, _, _ in jobs], api)
    files: dict[str, str] = {}
    for done, (template, target, action) in enumerate(jobs, start=1):
        path = f"{package.replace('.', '/')}/{target}"
        text = blocks.get(template)
        if text is None:
            variables = {
                "sources": _schema_path_pattern(api, action),
                "action": action,
                "blocks_left_out": left_out,
            }
            text = render(environment, template, variables)
        if template.endswith(".py.jinja"):
            text = format_python(path, text, users=bool(template_dirs))
        if text.strip() or not template.endswith(".jinja"):
            files[path] = text
        progress(done, len(jobs))
    return files


def _outputs(folders: Sequence[Path], api: Api) -> Iterator[tuple[str, str, ApiAction | None]]:
    """Yields the files to write: template, path in the package, and the action if there is a file per action."""
    names = {
        path.relative_to(folder).as_posix()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }
    for name in sorted(names):
        target = name.removesuffix(".jinja")
        if not PurePosixPath(target).suffix:
            continue
        if "[action]" not in target:
            yield name, target, None
            continue
        for action in api.actions:
            yield name, target.replace("[action]", action.module), action


def _render_blocks(
    environment: Environment, templates: Iterable[str], api: Api
) -> tuple[dict[str, str], dict[str, str]]:
    """Renders the functional blocks.

    Returns:
        The text of each template, empty if the block does not fit the version; and, by name, what the version lacks for
        each block that is left out.
    """
    texts: dict[str, str] = {}
    left_out: dict[str, str] = {}
    named = {
        each: PurePosixPath(each).name.removesuffix(".py.jinja")
        for each in templates
        if each.startswith("blocks/") and not each.startswith("blocks/__init__")
    }
    for template, name in named.items():
        try:
            texts[template] = render(
                environment, template, {"sources": _schema_path_pattern(api, None), "action": None}
            )
        except CodegenError as error:
            # A template looks up members by name. A member that the version lacks is undefined there.
            if not isinstance(error.__cause__, UndefinedError):
                raise
            texts[template], left_out[name] = "", str(error.__cause__)
    while lacking := {
        name: why
        for template, name in named.items()
        if name not in left_out and (why := missing_in_version(api, texts[template], left_out))
    }:
        left_out |= lacking
        texts |= {template: "" for template, name in named.items() if name in left_out}
    return texts, left_out


def _check_unique_targets(jobs: Iterable[tuple[str, str, ApiAction | None]]) -> None:
    taken: dict[str, str] = {}
    for template, target, _ in jobs:
        other = taken.setdefault(target, template)
        if other != template:
            raise CodegenError(
                f"the templates {other} and {template} both write this file",
                file=target,
                cure="remove one of them; to replace a shipped template, give yours the same name",
            )


def _schema_path_pattern(api: Api, action: ApiAction | None) -> str:
    """Returns the schema files from which a module is generated, for its header."""
    folder = f"schemas/{api.protocol.package}"
    if action is None:
        return f"{folder}/*.json"
    parts = [
        message.name.removeprefix(action.name)
        for message in (action.request, action.response)
        if message
    ]
    return (
        f"{folder}/{action.name}{parts[0] if len(parts) == 1 else '{' + ','.join(parts) + '}'}.json"
    )


def _flavour_environment(
    folders: Sequence[Path], api: Api, package: str, flavour: str
) -> Environment:
    environment = jinja_environment(folders)
    helpers = _msgspec_helpers(api) if flavour == "msgspec" else _pydantic_helpers(api)
    filters: dict[str, Callable[..., Any]] = {
        "docs_by_name": docs_by_name,
        "exports": exports,
        "literal": literal,
        "member": member_name,
    }
    environment.filters.update(filters | dict(helpers.filters))
    names: dict[str, Any] = {
        "api": api,
        "attribute_doc": attribute_doc,
        "bracket": bracket,
        "docstring": docstring,
        "fit": fit,
        "format": FORMAT,
        "generator": generator_version(),
        "import_block": import_block,
        "package": package,
        "protocol": api.protocol,
        "spread": spread,
    }
    environment.globals.update(names | helpers.names)
    return environment


@dataclass(frozen=True)
class _FlavourHelpers:
    """The filters and variables that only the templates of one flavour have."""

    filters: Mapping[str, Callable[..., Any]]
    names: dict[str, Any]


def _msgspec_helpers(api: Api) -> _FlavourHelpers:
    filters: dict[str, Callable[..., str]] = {
        "absent": _annotations.absent,
        "annotation": _annotations.annotation,
        "optional": _annotations.optional,
    }
    keys: dict[str, Callable[..., Any]] = {
        "by_component": _variable_keys.by_component,
        "key_arguments": _variable_keys.key_arguments,
        "key_class": _variable_keys.key_class,
        "key_text": _variable_keys.key_text,
    }
    names = {
        "boot": boot_of(api),
        "class_imports": partial(_annotations.class_imports, api),
        "constraints": _annotations.constraints_of(api),
        "type_imports": partial(_annotations.type_imports, api),
    }
    return _FlavourHelpers(filters | keys, names)


def _pydantic_helpers(api: Api) -> _FlavourHelpers:
    filters: dict[str, Callable[..., str]] = {
        "definition": _pydantic_annotations.member,
        "optional": _pydantic_annotations.optional,
    }
    names = {
        "class_imports": partial(_pydantic_annotations.class_imports, api),
        "constraint_imports": _pydantic_annotations.constraint_imports,
        "constraints": _pydantic_annotations.constraints_of(api),
        "drafts": _pydantic_annotations.drafts_of(api),
    }
    return _FlavourHelpers(filters, names)
