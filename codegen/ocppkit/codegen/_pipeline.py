"""Runs the steps that turn schemas into Python files: load, merge, parse, complete, render, format.

All of it happens in memory. `ocppkit generate` then writes the files; `ocppkit generate --check` compares them
with the files on disk.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from ._errors import CodegenError
from ._resources import schemas_dir
from .model._facts import VersionFacts
from .model._facts_files import base_version, known_versions, load_facts
from .model._ir import Api
from .model._merge import find_missing_facts, merge_schemas, split_message_name
from .model._missing_facts import check_schemas_exist, write_skeleton
from .model._parse import parse
from .model._passes import build_api, keep_actions
from .model._prose import add_prose
from .model._standard_names import add_standard_names
from .render._flavours import FLAVOURS, render_flavour
from .schemas._derive import draft_warning
from .schemas._errata import EditOutcome, EditReport, Errata, derive_with_errata, read_errata
from .schemas._schema_set import RawSchemaFile, SchemaSet, folder_of, read_raw_schemas

__all__ = [
    "VERSIONS",
    "Job",
    "LoadedJob",
    "generate",
    "load_api",
    "read_api",
]

VERSIONS = known_versions()
"""The OCPP versions that ocppkit ships, oldest first, each with the name of its folder and package."""

Progress = Callable[[str, int, int], None]
"""Called with the current task, the number of its steps that are done, and the number of all its steps."""


@dataclass(frozen=True)
class Job:
    """Says what to generate: one OCPP version into one package, from which files."""

    version: str
    package: str
    flavours: tuple[str, ...] = FLAVOURS
    only: tuple[str, ...] = ()
    """The actions to generate; all if empty."""

    base: Path | None = None
    """A folder of schemas to use instead of the shipped ones, such as an imported edition."""

    schema_dirs: tuple[Path, ...] = ()
    """Folders of schema files that are added to the base, or replace files of the same message."""

    facts_files: tuple[Path, ...] = ()
    errata_files: tuple[Path, ...] = ()
    prose_files: tuple[Path, ...] = ()
    template_dirs: tuple[Path, ...] = ()


def _no_progress(what: str, done: int, total: int) -> None:
    """Ignores progress: the default if nobody wants to see it."""


class LoadedJob:
    """A job together with the contents of its input files.

    Each file is read when a property first needs it, and only once. Every property raises `CodegenError` if an input
    of the job is wrong.
    """

    def __init__(self, job: Job) -> None:
        self.job = job

    @cached_property
    def facts(self) -> VersionFacts:
        """The facts of the job's version."""
        return load_facts(self.job.version, *self.job.facts_files)

    @property
    def removed_actions(self) -> tuple[str, ...]:
        """The actions that the facts remove from the version, sorted."""
        return tuple(self.facts.removed)

    @property
    def roles_left_out(self) -> tuple[str, ...]:
        """The role classes that are not generated because BootNotification is not among the selected actions."""
        has_boot = "BootNotification" in (self.job.only or self.facts.actions)
        roles = self.facts.protocol.roles
        return () if has_boot else (roles.station_class, roles.handle_class)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings about the user's schemas, such as a missing `$schema`."""
        if not (self.job.base or self.job.schema_dirs):
            return ()
        return tuple(
            draft_warning(file.path)
            for file in self._kept_raw_schemas.values()
            if "$schema" not in file.document
        )

    @property
    def errata_reports(self) -> tuple[EditReport, ...]:
        """The effect of each erratum; errata of other versions come last."""
        others = (
            EditReport(change, EditOutcome.OTHER_VERSION, (), one.version)
            for one in self._all_errata
            if one.version != self.job.version
            for change in one.changes
        )
        return (*self._schemas_and_reports[1], *others)

    @property
    def schemas(self) -> SchemaSet:
        """The schemas of the version, with all errata applied and without removed actions."""
        return self._schemas_and_reports[0]

    @property
    def facts_skeleton(self) -> str:
        """A facts file with placeholders for all missing facts; empty if none is missing."""
        actions, names = find_missing_facts(self.schemas, self.facts)
        return write_skeleton(self.facts, actions, names) if actions or names else ""

    @cached_property
    def api(self) -> Api:
        """The model of the version, from which templates are rendered."""
        api = add_prose(read_api(self.schemas, self.facts), *self.job.prose_files)
        named = add_standard_names(api)
        return keep_actions(named, self.job.only) if self.job.only else named

    def render(self, progress: Progress = _no_progress) -> dict[str, str]:
        """Returns the text of every file to write, by its path below the output folder."""
        job = self.job
        progress(f"OCPP {job.version}: schemas", 0, 1)
        files: dict[str, str] = {}
        for flavour in job.flavours:
            tell = partial(progress, f"OCPP {job.version}: {flavour}")
            files |= render_flavour(self.api, job.package, flavour, job.template_dirs, tell)
        return files

    @cached_property
    def _all_errata(self) -> tuple[Errata, ...]:
        return read_errata(*self.job.errata_files)

    @cached_property
    def _schemas_and_reports(self) -> tuple[SchemaSet, tuple[EditReport, ...]]:
        version = self.job.version
        own = [one for one in self._all_errata if one.version == version]
        return derive_with_errata(version, self._kept_raw_schemas, own)

    @cached_property
    def _kept_raw_schemas(self) -> dict[str, RawSchemaFile]:
        """The schema files of the version as read, without those of removed actions.

        Raises:
            CodegenError: a folder of the user has schemas of an action that the facts remove.
        """
        facts, job = self.facts, self.job
        base = job.base or schemas_dir() / folder_of(base_version(facts))
        sends = "send" in facts.protocol.message_types
        files = read_raw_schemas(job.version, base, *job.schema_dirs, sends=sends)
        for name, file in files.items():
            action = split_message_name(name)[0]
            if action in facts.removed and Path(file.path).parent != base:
                raise CodegenError(
                    f"the facts file removes the action {action}, but this schema file still defines it",
                    file=file.path,
                    cure=f"delete this schema, or the entry `removed` in {facts.removed[action]}",
                )
        return {
            name: file
            for name, file in files.items()
            if split_message_name(name)[0] not in facts.removed
        }


def generate(job: Job, progress: Progress = _no_progress) -> dict[str, str]:
    """Returns the text of every file to write, by its path below the output folder.

    Raises:
        CodegenError: an input of the job is wrong.
    """
    return LoadedJob(job).render(progress)


def load_api(job: Job) -> Api:
    """Returns the model of the version that the job describes."""
    return LoadedJob(job).api


def read_api(schemas: SchemaSet, facts: VersionFacts) -> Api:
    """Returns the model of a version, built from its schemas and facts; reads no files."""
    check_schemas_exist(facts, {split_message_name(name)[0] for name in schemas.files})
    return build_api(parse(merge_schemas(schemas, facts)), schemas, facts)
