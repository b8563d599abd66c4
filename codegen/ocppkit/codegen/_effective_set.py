"""Loads the schemas of a comparison the way `generate` reads them: errata and the user's files included."""

from dataclasses import replace
from pathlib import Path

from ._errors import CodegenError
from ._pipeline import Job, LoadedJob
from .diff._open_set import folder_of_version
from .schemas._schema_set import SchemaSet

__all__ = ["load_effective_set"]


def load_effective_set(name: str, job: Job) -> SchemaSet:
    """Loads the schemas of one version as `generate` would use them.

    The errata of the job are applied, its own schemas are added, and the actions that its facts remove are left out.

    Args:
        name: the version of the job, or the path of a folder of schemas to use instead of the shipped ones.
        job: the version, and the user's errata, schemas and facts.

    Returns:
        The schemas. Their `version` is the name that a report shows, such as `2.0.1, effective`.

    Raises:
        CodegenError: an input of the job is wrong, or the path is not a folder.
    """
    if name != job.version:
        path = folder_of_version(Path(name), job.version)
        if not path.is_dir():
            raise CodegenError(
                "--errata and --schemas can change a folder of schemas, but not a ZIP",
                file=name,
                cure="import the ZIP (ocppkit schemas import), then give the folder instead",
            )
        job = replace(job, base=path)
    return replace(LoadedJob(job).schemas, version=f"{name}, effective")
