"""The regeneration's walk: load, normalise, parse, passes, emit, format; pure, all in memory.

`ocppkit generate` publishes what comes out; `ocppkit generate --check` compares it instead.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ._resources import schemas_dir
from .model._facts import VersionFacts, check_complete, known_versions, load_facts
from .model._ir import Api
from .model._merge import action_of, normalise
from .model._parse import parse
from .model._passes import build_api, keep_actions
from .model._prose import describe
from .render._emit import FLAVOURS, emit
from .schemas._errata import apply_errata, load_errata
from .schemas._schema_set import SchemaSet, folder_of, load_set

__all__ = ["VERSIONS", "Job", "generate", "load_api", "read_api"]

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

    schema_dirs: tuple[Path, ...] = ()
    """Folders of schema files that are laid over the shipped ones."""

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
    schemas = load_set(job.version, schemas_dir() / folder_of(job.version), *job.schema_dirs)
    schemas, _ = apply_errata(schemas, load_errata(job.version, *job.errata_files))
    api = describe(read_api(schemas, facts), *job.prose_files)
    return keep_actions(api, job.only) if job.only else api


def read_api(schemas: SchemaSet, facts: VersionFacts) -> Api:
    """Returns what schemas and facts say together: the part of the walk that touches no disk."""
    check_complete(facts, {action_of(name)[0] for name in schemas.files})
    return build_api(parse(normalise(schemas, facts)), schemas, facts)
