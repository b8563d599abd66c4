"""The user's own inputs: what the options name, and what the project file says where they name nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocppkit.codegen import Job, Project

__all__ = ["Inputs", "describe_version"]


@dataclass(frozen=True)
class Inputs:
    """The inputs that options of a command name; each takes the place of the project's."""

    base: Path | None = None
    schemas: Sequence[Path] | None = None
    errata: Sequence[Path] | None = None
    facts: Sequence[Path] | None = None
    prose: Sequence[Path] | None = None
    only: Sequence[str] | None = None
    """Actions, with commas between them."""

    templates: Sequence[Path] | None = None

    def belong_to_one_version(self) -> bool:
        """Tells whether an option was given that means one OCPP version."""
        return bool(self.base or self.schemas or self.facts)

    def facts_of(self, project: "Project") -> tuple[Path, ...]:
        """Returns the facts files of all versions."""
        return tuple(self.facts or project.facts)

    def job(
        self, project: "Project", version: str, package: str, flavours: Sequence[str] = ()
    ) -> "Job":
        """Returns what to generate for a version.

        Args:
            project: what the project file says.
            version: the OCPP version.
            package: the name of its package.
            flavours: the flavours; all when empty.
        """
        from ocppkit.codegen import FLAVOURS, Job

        own = project.version(version)
        names = [name.strip() for names in self.only or () for name in names.split(",")]
        return Job(
            version=version,
            package=package,
            flavours=tuple(flavours) or FLAVOURS,
            only=tuple(names) or own.only,
            base=self.base or own.base,
            schema_dirs=tuple(self.schemas or own.schemas),
            facts_files=tuple(self.facts or own.facts),
            errata_files=tuple(self.errata or own.errata),
            prose_files=tuple(self.prose or own.prose),
            template_dirs=tuple(self.templates or project.templates),
        )


def describe_version(version: str, known: Sequence[str]) -> Exception:
    """Makes the error about a version that no facts describe; its cure is the facts to start with.

    Args:
        version: what the user wrote.
        known: the versions that there are facts for.
    """
    from ocppkit.codegen import CodegenError, folder_of

    folder = folder_of(version)  # refuses what is no version
    return CodegenError(
        f"OCPP {version} is not one of {', '.join(known)}",
        cure=f"""name one of these, or describe it in a facts file (--facts):

    [protocol]
    version = "{version}"
    subprotocol = "ocpp{version}"
    package = "{folder}"
    extends = "{known[-1]}"  # the version that it builds on""",
    )
