"""Reads the project file: which packages a project generates, and from which inputs.

The project file is the table `[tool.ocppkit]` of a `pyproject.toml`, or a whole file `ocppkit.toml`:

    [tool.ocppkit]
    output = "src"

    [tool.ocppkit.versions."2.0.1"]
    package = "acme.ocpp201"
    errata = ["limits.toml"]

Paths are relative to the folder of the file.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ._errors import CodegenError
from ._files import read_file
from .schemas._errata import OPTIONAL_ERRATA
from .schemas._schema_set import is_version
from .schemas._toml import Table, read_toml

__all__ = [
    "NO_PROJECT",
    "PROJECT_FILES",
    "Project",
    "ProjectVersion",
    "find_project",
    "read_project",
]

PROJECT_FILES = ("ocppkit.toml", "pyproject.toml")
"""The file names under which a project file is looked for."""

_KEYS = ("output", "flavours", "templates", "versions")
_VERSION_KEYS = ("package", "base", "schemas", "errata", "facts", "prose", "only")


@dataclass(frozen=True)
class ProjectVersion:
    """The settings of one OCPP version in a project file."""

    version: str
    package: str | None = None
    """The dotted name of the package to generate."""

    base: Path | None = None
    """A folder of schemas to use instead of the shipped ones, such as an imported edition."""

    schemas: tuple[Path, ...] = ()
    errata: tuple[Path, ...] = ()
    facts: tuple[Path, ...] = ()
    prose: tuple[Path, ...] = ()
    only: tuple[str, ...] = ()
    """The actions to generate; all if empty."""


@dataclass(frozen=True)
class Project:
    """The contents of a project file."""

    file: str = ""
    """The path of the file; empty if there is no project file."""

    output: Path | None = None
    """The folder to write packages to."""

    flavours: tuple[str, ...] = ()
    templates: tuple[Path, ...] = ()
    versions: Mapping[str, ProjectVersion] = field(default_factory=dict[str, ProjectVersion])

    def version(self, version: str) -> ProjectVersion:
        """Returns the settings of an OCPP version; empty ones if the project does not name the version."""
        return self.versions.get(version) or ProjectVersion(version)

    @property
    def facts(self) -> tuple[Path, ...]:
        """The facts files of all versions, each once."""
        return tuple(dict.fromkeys(path for each in self.versions.values() for path in each.facts))


NO_PROJECT = Project()


def find_project(folder: Path) -> Project:
    """Reads the project file of a folder, or else of its nearest parent folder that has one.

    Args:
        folder: the folder to start from. Paths of the project become relative to it where possible.

    Returns:
        The project; `NO_PROJECT` if there is no project file.

    Raises:
        CodegenError: a project file is not valid TOML, has an unknown key or a value of a wrong type, or a folder
            has two project files.
    """
    for each in (folder.resolve(), *folder.resolve().parents):
        found = [table for name in PROJECT_FILES for table in _project_tables(each / name, folder)]
        if len(found) > 1:
            raise CodegenError(
                f"both this file and {PROJECT_FILES[1]} beside it describe the project",
                file=found[0].place.file,
                cure="delete one of the two descriptions",
            )
        if found:
            return _read_project_table(found[0])
    return NO_PROJECT


def read_project(data: bytes, file: str) -> Project:
    """Parses a project file.

    Args:
        data: the bytes of the file, which need not exist on the disk yet.
        file: the path of the file; the paths of the project are relative to its folder.

    Returns:
        The project; `NO_PROJECT` for a `pyproject.toml` without the table `[tool.ocppkit]`.

    Raises:
        CodegenError: the file is not valid TOML, has an unknown key or a value of a wrong type.
    """
    found = next(_project_tables_in(data, file), None)
    return NO_PROJECT if found is None else _read_project_table(found)


def _project_tables(path: Path, start: Path) -> Iterator[Table]:
    """Yields the table of the project, if the file exists and has one."""
    if path.is_file():
        yield from _project_tables_in(read_file(path), _relative_path(path, start))


def _project_tables_in(data: bytes, file: str) -> Iterator[Table]:
    """Yields the table of the project, if these contents of a file have one."""
    if Path(file).name == PROJECT_FILES[0]:
        yield read_toml(data, file)
    elif b"ocppkit" in data:
        table = read_toml(data, file, "tool", "ocppkit")
        if any(table):
            yield table


def _relative_path(path: Path, start: Path) -> str:
    """Returns a path relative to a folder; the unchanged path on another drive of Windows."""
    try:
        return os.path.relpath(path, start.resolve())
    except ValueError:
        return str(path)


def _read_project_table(table: Table) -> Project:
    table.only(*_KEYS)
    folder = Path(table.place.file).parent
    versions = table.table("versions") if "versions" in table else Table({}, table.place)
    return Project(
        file=table.place.file,
        output=folder / table.text("output") if "output" in table else None,
        flavours=table.texts("flavours"),
        templates=tuple(folder / text for text in table.texts("templates")),
        versions={
            each: _read_version_table(versions.table(each), each, folder) for each in versions
        },
    )


def _read_version_table(table: Table, version: str, folder: Path) -> ProjectVersion:
    if not is_version(version):
        raise table.place.error(
            f"{version!r} is not an OCPP version", "write a version such as 2.0.1"
        )
    table.only(*_VERSION_KEYS)
    paths = {
        key: tuple(folder / text for text in table.texts(key))
        for key in ("schemas", "facts", "prose")
    }
    return ProjectVersion(
        version=version,
        package=table.text("package") if "package" in table else None,
        base=folder / table.text("base") if "base" in table else None,
        errata=tuple(_errata_path(folder, text) for text in table.texts("errata")),
        only=table.texts("only"),
        **paths,
    )


def _errata_path(folder: Path, text: str) -> Path:
    """Returns the path of a file of errata, or the name of optional errata that ocppkit ships."""
    path = folder / text
    return Path(text) if text in OPTIONAL_ERRATA and not path.exists() else path
