"""The steps of a generation: load, normalise, parse, passes, emit, format; all in memory.

`ocppkit generate` publishes what comes out; `ocppkit generate --check` compares it instead.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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
from .schemas._errata import Applied, Outcome, amend_set, load_errata, read_errata
from .schemas._schema_set import ReadFile, SchemaSet, folder_of, read_set

__all__ = [
    "VERSIONS",
    "Job",
    "facts_skeleton",
    "generate",
    "load_api",
    "read_api",
    "removed_actions",
    "report_errata",
    "roles_left_out",
    "warnings_of",
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


def generate(job: Job, progress: Progress = _silent) -> dict[str, str]:
    """Returns the text of every file of the job, by path below the output folder.

    Raises:
        CodegenError: something that the job names is wrong; the error says what, where and the cure.
    """
    progress(f"OCPP {job.version}: schemas", 0, 1)
    api = load_api(job)
    files: dict[str, str] = {}
    for flavour in job.flavours:
        tell = partial(progress, f"OCPP {job.version}: {flavour}")
        files |= emit(api, job.package, flavour, job.template_dirs, tell)
    return files


def load_api(job: Job) -> Api:
    """Returns the version that the job describes, without rendering it."""
    facts = load_facts(job.version, *job.facts_files)
    schemas = _amended(job, facts)
    api = add_standard_names(describe(read_api(schemas, facts), *job.prose_files))
    return keep_actions(api, job.only) if job.only else api


def facts_skeleton(job: Job) -> str:
    """Returns the facts that the job's schemas want and its facts lack, as a file to be filled in.

    It is empty if nothing is missing.
    """
    facts = load_facts(job.version, *job.facts_files)
    schemas = _amended(job, facts)
    actions, names = wanted_facts(schemas, facts)
    return skeleton(facts, actions, names) if actions or names else ""


def removed_actions(job: Job) -> tuple[str, ...]:
    """Returns the actions that the job's facts take out of its version, sorted."""
    return tuple(load_facts(job.version, *job.facts_files).removed)


def roles_left_out(job: Job) -> tuple[str, ...]:
    """Returns the roles that a selection without BootNotification cannot have."""
    facts = load_facts(job.version, *job.facts_files)
    has_boot = "BootNotification" in (job.only or facts.actions)
    roles = facts.protocol.roles
    return () if has_boot else (roles.station_class, roles.handle_class)


def warnings_of(job: Job) -> tuple[str, ...]:
    """Returns what is assumed about the user's schemas because they do not say it."""
    if not (job.base or job.schema_dirs):
        return ()
    files = _read_schemas(job, load_facts(job.version, *job.facts_files)).values()
    return tuple(draft_warning(file.path) for file in files if "$schema" not in file.document)


def report_errata(job: Job) -> tuple[Applied, ...]:
    """Returns what becomes of each erratum of the job, those of other versions last.

    Raises:
        CodegenError: an erratum fits nothing; the error names its entry, file and line.
    """
    errata = read_errata(*job.errata_files)
    own = [one for one in errata if one.version == job.version]
    files = _read_schemas(job, load_facts(job.version, *job.facts_files))
    others = (
        Applied(change, Outcome.OTHER_VERSION, (), one.version)
        for one in errata
        if one.version != job.version
        for change in one.changes
    )
    return (*amend_set(job.version, files, own)[1], *others)


def _amended(job: Job, facts: VersionFacts) -> SchemaSet:
    """Returns the schemas of the job's version with all errata applied, the shipped and the user's."""
    errata = load_errata(job.version, *job.errata_files)
    return amend_set(job.version, _read_schemas(job, facts), errata)[0]


def _read_schemas(job: Job, facts: VersionFacts) -> dict[str, ReadFile]:
    """Returns the schemas of the job's version, without those of removed actions.

    Raises:
        CodegenError: a folder of the user's has schemas of an action that the facts remove.
    """
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
    return {name: file for name, file in files.items() if action_of(name)[0] not in facts.removed}


def read_api(schemas: SchemaSet, facts: VersionFacts) -> Api:
    """Returns what schemas and facts say together: the part that reads no files."""
    check_complete(facts, {action_of(name)[0] for name in schemas.files})
    return build_api(parse(normalise(schemas, facts)), schemas, facts)
