"""The user's own inputs: what the options name, and what the project file says where they name nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

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
    "split_words",
]

BaseOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        help="Folder of an imported edition that replaces the shipped schemas of its version.",
        show_default="the shipped schemas",
    ),
]
SchemasOption: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(help="Folder of schemas that are added, or replace single ones of the base."),
]
ErrataOption: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(help="TOML file of errata, a folder of them, or the name of a shipped one."),
]
FactsOption: TypeAlias = Annotated[
    list[Path] | None, typer.Option(help="TOML file of facts about actions of your own.")
]
ProseOption: TypeAlias = Annotated[
    list[Path] | None, typer.Option(help="TOML file of texts of your own, or a folder of them.")
]
TemplatesOption: TypeAlias = Annotated[
    list[Path] | None, typer.Option(help="Folder of templates that replace or extend ours.")
]


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


def split_words(values: Iterable[str] | None) -> tuple[str, ...]:
    """Returns the words of an option's values, each of which may hold several with commas between them."""
    return tuple(
        word.strip() for value in values or () for word in value.split(",") if word.strip()
    )


def known_versions_of(
    project: "Project", facts: Sequence[Path] | None, *named: str | None
) -> Mapping[str, str]:
    """Returns the OCPP versions that facts describe, each with the name of its package.

    Args:
        project: what the project file says.
        facts: the facts files that an option names; those of the project if there are none.
        named: versions that must be among them; `None` is no version.

    Raises:
        CodegenError: a named version is not among them.
    """
    from ocppkit.codegen import known_versions

    known = known_versions(*(facts or project.facts))
    for version in named:
        if version is not None and version not in known:
            raise _unknown_version(version, list(known))
    return known


def _unknown_version(version: str, known: Sequence[str]) -> Exception:
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
