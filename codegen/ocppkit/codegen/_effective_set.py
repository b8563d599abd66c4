"""A side of a comparison as `generate` reads it: with errata and the user's schemas, without removed actions."""

from dataclasses import replace
from pathlib import Path

from ._errors import CodegenError
from ._pipeline import Job, OpenJob
from .diff._open_set import folder_of_version
from .schemas._schema_set import SchemaSet

__all__ = ["effective_set"]


def effective_set(name: str, job: Job) -> SchemaSet:
    """Loads a set of schemas for a comparison, with all that a job lays over it.

    Args:
        name: the job's version, or the path of a folder of schemas, which then is the base.
        job: the version, and the errata, schemas and facts of the user's.

    Returns:
        The set. Its version is what a report calls it.

    Raises:
        CodegenError: something that the job names is wrong, or the path is no folder.
    """
    if name != job.version:
        path = folder_of_version(Path(name), job.version)
        if not path.is_dir():
            raise CodegenError(
                "errata and schemas of yours are laid over a folder of schemas only",
                file=name,
                cure="import it (ocppkit schemas import), then name the folder",
            )
        job = replace(job, base=path)
    return replace(OpenJob(job).schemas, version=f"{name}, effective")
