"""Combines the options that several commands share with the settings of the project file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from ._option_values import split_words

if TYPE_CHECKING:
    from ocppkit.codegen import Job, Project

__all__ = [
    "BaseOption",
    "ErrataOption",
    "FactsOption",
    "Inputs",
    "ProseOption",
    "SchemasOption",
    "TemplatesOption",
    "known_versions_of",
]

BaseOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        help="Folder of an imported edition, used instead of the shipped schemas of its version.",
        show_default="the shipped schemas",
    ),
]
SchemasOption: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(help="Folder of schemas to add; a schema of the same message is replaced."),
]
ErrataOption: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(help="TOML file of errata, a folder of them, or the name of a shipped one."),
]
FactsOption: TypeAlias = Annotated[
    list[Path] | None, typer.Option(help="TOML file of facts about your own actions.")
]
ProseOption: TypeAlias = Annotated[
    list[Path] | None, typer.Option(help="TOML file of your own texts, or a folder of them.")
]
TemplatesOption: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(help="Folder of templates that replace shipped ones or add files."),
]


@dataclass(frozen=True)
class Inputs:
    """The input files that options of a command name; each replaces the setting of the project file."""

    base: Path | None = None
    schemas: Sequence[Path] | None = None
    errata: Sequence[Path] | None = None
    facts: Sequence[Path] | None = None
    prose: Sequence[Path] | None = None
    only: Sequence[str] | None = None
    """Names of actions, separated by commas."""

    templates: Sequence[Path] | None = None

    def need_one_version(self) -> bool:
        """Tells whether there is an option that can only be used with a single OCPP version."""
        return bool(self.base or self.schemas or self.facts)

    def job(
        self, project: "Project", version: str, package: str, flavours: Sequence[str] = ()
    ) -> "Job":
        """Returns the job that generates one version.

        Args:
            project: the project file.
            version: the OCPP version.
            package: the dotted name of its package.
            flavours: the flavours; all if empty.
        """
        from ocppkit.codegen import FLAVOURS, Job

        own = project.version(version)
        return Job(
            version=version,
            package=package,
            flavours=tuple(flavours) or FLAVOURS,
            only=split_words(self.only) or own.only,
            base=self.base or own.base,
            schema_dirs=tuple(self.schemas or own.schemas),
            facts_files=tuple(self.facts or own.facts),
            errata_files=tuple(self.errata or own.errata),
            prose_files=tuple(self.prose or own.prose),
            template_dirs=tuple(self.templates or project.templates),
        )


def known_versions_of(
    project: "Project", facts: Sequence[Path] | None, *named: str | None
) -> Mapping[str, str]:
    """Returns all OCPP versions that facts describe, each with the name of its package.

    Args:
        project: the project file.
        facts: the facts files that an option names; by default those of the project.
        named: versions that the user has named; `None` is ignored.

    Raises:
        CodegenError: no facts describe a named version.
    """
    from ocppkit.codegen import known_versions

    known = known_versions(*(facts or project.facts))
    for version in named:
        if version is not None and version not in known:
            raise _unknown_version_error(version, list(known))
    return known


def _unknown_version_error(version: str, known: Sequence[str]) -> Exception:
    """Returns the error about a version without facts, with the text of a new facts file as its cure.

    Args:
        version: the version that the user named.
        known: the versions that have facts.
    """
    from ocppkit.codegen import CodegenError, folder_of

    folder = folder_of(version)  # raises an error for a text such as "2"
    return CodegenError(
        f"there are no facts of OCPP {version}, only of {', '.join(known)}",
        cure=f"""name one of these versions, or describe yours in a facts file (--facts):

    [protocol]
    version = "{version}"
    subprotocol = "ocpp{version}"
    package = "{folder}"
    extends = "{known[-1]}"  # the version from which it was derived""",
    )
