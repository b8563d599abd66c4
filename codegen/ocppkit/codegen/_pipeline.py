"""The steps of a generation: load, normalise, parse, passes, emit, format; all in memory.

`ocppkit generate` publishes what comes out; `ocppkit generate --check` compares it instead.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from ._errors import CodegenError
from ._resources import schemas_dir
from .model._facts import (
    VersionFacts,
    base_version,
    known_versions,
    load_facts,
)
from .model._facts_wanted import check_complete, skeleton
from .model._ir import Api
from .model._merge import action_of, normalise, wanted_facts
from .model._parse import parse
from .model._passes import build_api, keep_actions
from .model._prose import describe
from .model._standard_names import add_standard_names
from .render._emit import FLAVOURS, emit
from .schemas._derive import draft_warning
from .schemas._errata import Applied, EditOutcome, Errata, amend_set, read_errata
from .schemas._schema_set import ReadFile, SchemaSet, folder_of, read_set

__all__ = [
    "VERSIONS",
    "Job",
    "OpenJob",
    "generate",
    "load_api",
    "read_api",
]

VERSIONS = known_versions()
"""The shipped versions, oldest first, and the name of their folders and packages."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many steps of it are done, and how many there are."""


@dataclass(frozen=True)
class Job:
    """What to generate: one version into one package."""

    version: str
    package: str
    flavours: tuple[str, ...] = FLAVOURS
    only: tuple[str, ...] = ()
    """Actions to keep; all when empty."""

    base: Path | None = None
    """A folder of schemas that replaces the shipped ones of the version: an imported edition."""

    schema_dirs: tuple[Path, ...] = ()
    """Folders of schema files that are laid over those, file by file."""

    facts_files: tuple[Path, ...] = ()
    errata_files: tuple[Path, ...] = ()
    prose_files: tuple[Path, ...] = ()
    template_dirs: tuple[Path, ...] = ()


def _silent(what: str, done: int, total: int) -> None:
    """Tells nobody."""


class OpenJob:
    """A job whose files are read, each once, when something is first asked about them.

    Every property raises `CodegenError` if something that the job names is wrong; the error says what, where
    and the cure.
    """

    def __init__(self, job: Job) -> None:
        self.job = job

    @cached_property
    def facts(self) -> VersionFacts:
        """The facts of the job's version."""
        return load_facts(self.job.version, *self.job.facts_files)

    @property
    def removed_actions(self) -> tuple[str, ...]:
        """The actions that the facts take out of the version, sorted."""
        return tuple(self.facts.removed)

    @property
    def roles_left_out(self) -> tuple[str, ...]:
        """The roles that a selection without BootNotification cannot have."""
        has_boot = "BootNotification" in (self.job.only or self.facts.actions)
        roles = self.facts.protocol.roles
        return () if has_boot else (roles.station_class, roles.handle_class)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is assumed about the user's schemas because they do not say it."""
        if not (self.job.base or self.job.schema_dirs):
            return ()
        return tuple(
            draft_warning(file.path)
            for file in self._files.values()
            if "$schema" not in file.document
        )

    @property
    def applied_errata(self) -> tuple[Applied, ...]:
        """What becomes of each erratum, those of other versions last."""
        others = (
            Applied(change, EditOutcome.OTHER_VERSION, (), one.version)
            for one in self._errata
            if one.version != self.job.version
            for change in one.changes
        )
        return (*self._amended[1], *others)

    @property
    def schemas(self) -> SchemaSet:
        """The schemas of the version with all errata applied, without those of removed actions."""
        return self._amended[0]

    @property
    def facts_skeleton(self) -> str:
        """The facts that the schemas want and the facts lack, as a file to be filled in; empty if none."""
        actions, names = wanted_facts(self.schemas, self.facts)
        return skeleton(self.facts, actions, names) if actions or names else ""

    @cached_property
    def api(self) -> Api:
        """The version that the job describes, without rendering it."""
        api = describe(read_api(self.schemas, self.facts), *self.job.prose_files)
        named = add_standard_names(api)
        return keep_actions(named, self.job.only) if self.job.only else named

    def render(self, progress: Progress = _silent) -> dict[str, str]:
        """Returns the text of every file of the job, by path below the output folder."""
        job = self.job
        progress(f"OCPP {job.version}: schemas", 0, 1)
        files: dict[str, str] = {}
        for flavour in job.flavours:
            tell = partial(progress, f"OCPP {job.version}: {flavour}")
            files |= emit(self.api, job.package, flavour, job.template_dirs, tell)
        return files

    @cached_property
    def _errata(self) -> tuple[Errata, ...]:
        return read_errata(*self.job.errata_files)

    @cached_property
    def _amended(self) -> tuple[SchemaSet, tuple[Applied, ...]]:
        version = self.job.version
        own = [one for one in self._errata if one.version == version]
        return amend_set(version, self._files, own)

    @cached_property
    def _files(self) -> dict[str, ReadFile]:
        """The schemas of the version, without those of removed actions.

        Raises:
            CodegenError: a folder of the user's has schemas of an action that the facts remove.
        """
        facts, job = self.facts, self.job
        base = job.base or schemas_dir() / folder_of(base_version(facts))
        sends = "send" in facts.protocol.message_types
        files = read_set(job.version, base, *job.schema_dirs, sends=sends)
        for name, file in files.items():
            action = action_of(name)[0]
            if action in facts.removed and Path(file.path).parent != base:
                raise CodegenError(
                    f"the facts remove the action {action}, but here are its schemas",
                    file=file.path,
                    cure=f"leave the file out, or mend {facts.removed[action]}",
                )
        return {
            name: file for name, file in files.items() if action_of(name)[0] not in facts.removed
        }


def generate(job: Job, progress: Progress = _silent) -> dict[str, str]:
    """Returns the text of every file of the job, by path below the output folder.

    Raises:
        CodegenError: something that the job names is wrong; the error says what, where and the cure.
    """
    return OpenJob(job).render(progress)


def load_api(job: Job) -> Api:
    """Returns the version that the job describes, without rendering it."""
    return OpenJob(job).api


def read_api(schemas: SchemaSet, facts: VersionFacts) -> Api:
    """Returns what schemas and facts say together: the part that reads no files."""
    check_complete(facts, {action_of(name)[0] for name in schemas.files})
    return build_api(parse(normalise(schemas, facts)), schemas, facts)
